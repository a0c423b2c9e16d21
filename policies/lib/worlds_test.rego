# METADATA
# description: |
#   Two cases beside the point, for the tests of rules: in `noise`, evidence is
#   about other things, or says nothing; in `elsewhere`, the rule does not bind.
package policies.lib.worlds_test

noise := {
	"stage": "production", "at": "2026-11-01T00:00:00Z",
	"subject": {"files": [
		{"path": "m.bin", "kind": "weight", "digest": "sha256:aa", "size": 1}, {"path": "w.pkl", "kind": "weight", "digest": "sha256:ab", "size": 1},
		{"path": "d.md", "kind": "doc", "digest": "sha256:bb", "size": 1}, {"path": "t.csv", "kind": "dataset", "digest": "sha256:cc", "size": 1},
	]},
	"system": {
		"riskClass": "high", "annexIII": "annex-iii-5.b", "licence": " ", "role": "provider", "provider": {"name": "p", "contact": " "},
		"model": {"files": ["m.bin"], "format": " ", "task": " "},
		"documents": [{"kind": "other", "path": "elsewhere.md"}],
		"tables": [
			{"name": "o", "kind": "other", "path": "o.csv", "protected": []},
			{"name": "t", "kind": "training", "path": "*.csv", "label": " ", "features": ["a"]},
			{"name": "p", "kind": "predictions", "path": "p.csv", "label": " ", "prediction": " ", "score": " ", "protected": ["age"]},
			{"name": "h", "kind": "test", "path": "h.csv"}, {"name": "n", "kind": "production", "path": "n.csv"},
		],
		"monitoring": {"owner": " ", "metrics": ["other/x", " "], "logRetentionDays": 1},
		"oversight": {"owner": " ", "measures": [" "], "stop": " "},
		"limits": {"limitations": [" "], "misuse": [" "]}, "transparency": {"notice": " ", "marking": " "}, "personalData": {"processed": false},
	},
	"scans": {
		"quality": scan("quality"), "privacy": scan("privacy"), "drift": scan("drift"), "fairness": scan("fairness"), "performance": scan("performance"),
		"explainability": scan("explainability"), "poisoning": scan("poisoning"), "modelfile": scan("modelfile"),
		"documents": scan("documents"),
	},
	"lineage": [{"source": "x", "facts": {"dirty": "perhaps"}, "inputs": [{"kind": "document", "name": "i"}, {"kind": "code", "name": "c", "digest": "svn:1"}, {"kind": "dataset", "name": "t", "digest": "md5:1"}]}],
	"provenance": {"builder": "https://b.example", "resolvedDependencies": [{"sha256": "", "gitCommit": ""}]},
	"signature": {"resources": [{"name": "other", "algorithm": "sha256", "digest": "dd"}], "serialization": {"ignore_paths": []}},
	"thresholds": {"proof": "signature", "setAt": "2026-10-01T00:00:00Z"},
	"baseline": {"named": true, "performance": figures("performance"), "fairness": figures("fairness")},
	"bom": {"components": [{"name": "x", "sha256": [], "licences": []}]},
	"evidence": [{"kind": "provenance", "signer": {"name": "b", "keyId": "b", "identity": "i"}}, {"kind": "scan/fairness", "signedAt": "2026-10-02T00:00:00Z", "signer": {"name": "s", "keyId": "s", "identity": "j"}}],
}

# What a scanner may say that no rule asks for: another metric, a group
# without its attribute, an attribute of another table, no interval, no rows.
figures(scanner) := [
	{"metric": "other/metric", "value": 0.5, "low": 0.4, "high": 0.6, "n": 100},
	{"metric": sprintf("%s/other", [scanner]), "value": 0.5, "n": 100, "slice": {"attribute": "age", "group": "young"}},
	{"metric": sprintf("%s/selection_rate", [scanner]), "value": 0.5, "n": 0, "slice": {"attribute": "height", "group": "tall"}},
	{"metric": sprintf("%s/selection_rate", [scanner]), "value": 0.5, "n": 100, "slice": {"attribute": "age"}},
	{"metric": sprintf("%s/accuracy", [scanner]), "value": 0.5, "n": 100, "slice": {"group": "young"}},
	{"metric": sprintf("%s/equalized_odds_difference", [scanner]), "value": 0.5, "n": 0, "low": 0.1, "slice": {"attribute": "age"}},
	{"metric": sprintf("%s/equalized_odds_difference", [scanner]), "value": 0.5, "n": 0, "high": 0.1, "slice": {"attribute": "age"}},
	{"metric": sprintf("%s/demographic_parity_difference", [scanner]), "value": 0.5, "n": 100, "low": 0.1, "slice": {"attribute": "age"}},
	{"metric": sprintf("%s/demographic_parity_difference", [scanner]), "value": 0.5, "n": 100, "high": 0.1, "low": 0.1, "slice": {"attribute": "sex"}},
	{"metric": sprintf("%s/equal_opportunity_difference", [scanner]), "value": 0.5, "n": 100, "high": 0.1, "slice": {"attribute": "age"}},
	{"metric": sprintf("%s/equalized_odds_difference", [scanner]), "value": 0.5, "n": 100},
	{"metric": sprintf("%s/demographic_parity_ratio", [scanner]), "value": 0.5, "n": 100, "low": 0.1, "high": 0.2, "slice": {"attribute": "age", "reference": "old"}},
	{"metric": sprintf("%s/expected_calibration_error", [scanner]), "value": 0.5, "n": 100, "low": 0.1, "high": 0.2, "slice": {"table": "x"}},
	{"metric": sprintf("%s/roc_auc", [scanner]), "value": 0.5, "n": 100, "low": 0.1, "high": 0.2, "slice": {"table": "x"}},
	{"metric": sprintf("%s/label_disagreement", [scanner]), "value": 0.5, "n": 100, "slice": {"label": "x"}},
	{"metric": sprintf("%s/k_anonymity", [scanner]), "value": 9, "n": 0, "slice": {"table": "p"}},
	{"metric": sprintf("%s/psi", [scanner]), "value": 0, "high": 0, "n": 9, "slice": {"column": ""}},
]

scan(scanner) := {
	"coverage": {"read": ["x"], "skipped": []}, "measurements": figures(scanner),
	"findings": [{"id": "other/finding", "path": "m.bin", "what": "x", "severity": "info"}, {"id": "pickle/x", "path": "other.pkl", "what": "x", "severity": "info"}],
}

elsewhere := {
	"stage": "production", "at": "2026-11-01T00:00:00Z",
	"subject": {"files": [{"path": "d.md", "kind": "doc", "digest": "sha256:bb", "size": 1}]},
	"system": {"riskClass": "minimal", "role": "deployer", "model": {"task": "regression"}, "tables": [{"name": "t", "kind": "training", "path": "t.csv"}], "personalData": {"processed": true}},
	"scans": {}, "lineage": [{"source": "x", "inputs": [{"kind": "dataset", "name": "t", "digest": "sha256:cc"}]}],
	"provenance": {}, "signature": {}, "thresholds": {"proof": "none"}, "baseline": {"named": false}, "bom": {}, "evidence": [],
}

bounds := {
	"explainability": {"additivity_error_max": 0.001, "coverage_min": 1, "protected_share_max": 0.1, "recomputed_error_max": 0.001},
	"fairness": {"demographic_parity_difference_max": 0.2, "demographic_parity_ratio_min": 0.8, "equal_opportunity_difference_max": 0.2, "equalized_odds_difference_max": 0.2, "evaluation_age_days_max": 365, "group_size_min": 30},
	"performance": {"roc_auc_min": 0.7, "balanced_accuracy_min": 0.6, "r2_min": 0.5, "calibration_error_max": 0.1, "group_accuracy_min": 0.6, "rows_min": 100}, "logging": {"retention_days_min": 183},
	"poisoning": {"conflicting_duplicates_max": 0.01, "label_disagreement_max": 0.3}, "quality": {"missing_share_max": 0.2, "minority_class_min": 0.05, "leaked_share_max": 0.01},
	"privacy": {"k_anonymity_min": 5, "membership_auc_max": 0.6, "membership_tpr_max": 0.05}, "drift": {"psi_max": 0.25}, "regression": {"performance_margin": 0.02, "fairness_margin": 0.02}, "documentation": {"retention_days_min": 3653, "parameters_tolerance": 0.01},
	"robustness": {"flip_rate_max": 0.1, "perturbed_accuracy_min": 0.6},
}
