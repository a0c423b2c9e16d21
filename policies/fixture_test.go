// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/modelvet/modelvet"
)

var now = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

func sha(c string) string { return "sha256:" + strings.Repeat(c, 64) }

func ptr(v float64) *float64 { return &v }

var subject = modelvet.Subject{Name: "credit", Digest: sha("1"), Files: []modelvet.File{
	{Path: "model/model.json", Digest: sha("a"), Size: 1000, Kind: "weight"},
	{Path: "data/train.csv", Digest: sha("b"), Size: 1000, Kind: "dataset"},
	{Path: "data/predictions.csv", Digest: sha("c"), Size: 1000, Kind: "dataset"},
	{Path: "docs/model-card.md", Digest: sha("d"), Size: 10, Kind: "doc"},
	{Path: "docs/data-card.md", Digest: sha("e"), Size: 10, Kind: "doc"},
	{Path: "docs/instructions.md", Digest: sha("f"), Size: 10, Kind: "doc"},
	{Path: "docs/risks.md", Digest: sha("0"), Size: 10, Kind: "doc"},
	{Path: "docs/monitoring.md", Digest: sha("2"), Size: 10, Kind: "doc"},
	{Path: "data/held.csv", Digest: sha("3"), Size: 10, Kind: "dataset"},
	{Path: "data/production-1.csv", Digest: sha("4"), Size: 10, Kind: "dataset"},
}}

func goodSystem() modelvet.System {
	return modelvet.System{
		Name: "credit", Version: "1.0.0", Purpose: "Scores applications for consumer credit, for a clerk who decides.",
		Provider: modelvet.Party{Name: "Example Bank", Contact: "ml@bank.example", Country: "DE"},
		Role:     "provider", RiskClass: "high", AnnexIII: "annex-iii-5.b", Licence: "Apache-2.0",
		Model: modelvet.ModelFiles{Files: []string{"model/*.json"}, Format: "xgboost-json", Task: "binary-classification", Parameters: 1000, Precision: "float32"},
		Tables: []modelvet.Table{
			{Name: "training", Kind: "training", Path: "data/train.csv", Label: "y", Features: []string{"income"}},
			{Name: "predictions", Kind: "predictions", Path: "data/predictions.csv", Label: "y", Prediction: "p", Score: "s", Protected: []string{"age"}, Perturbed: []string{"noise"}},
			{Name: "held", Kind: "test", Path: "data/held.csv", Label: "y"}, {Name: "production", Kind: "production", Path: "data/production-*.csv"}, {Name: "members", Kind: "members", Path: "data/held.csv"},
		},
		Documents: []modelvet.Document{
			{Kind: "model-card", Path: "docs/model-card.md"}, {Kind: "data-card", Path: "docs/data-card.md"},
			{Kind: "instructions-for-use", Path: "docs/instructions.md"}, {Kind: "risk-register", Path: "docs/risks.md"},
			{Kind: "monitoring-plan", Path: "docs/monitoring.md"}, {Kind: "oversight-plan", Path: "docs/monitoring.md"},
			{Kind: "technical-documentation", Path: "docs/risks.md"}, {Kind: "declaration-of-conformity", Path: "docs/risks.md"}, {Kind: "dpia", Path: "docs/risks.md"},
		},
		Oversight: &modelvet.Oversight{Owner: "credit desk", Measures: []string{"a clerk decides"}, Stop: "the switch on the desk"},
		Monitoring: &modelvet.Monitoring{Owner: "model risk", Metrics: []string{"performance/roc_auc", "fairness/selection_rate"}, LogRetentionDays: 400,
			Events: []string{"prediction", "model-version", "override"}, Incidents: "incidents@bank.example"},
		Performance:   map[string]float64{"performance/roc_auc": 0.78},
		Limits:        &modelvet.Limits{Limitations: []string{"thin files"}, Misuse: []string{"as the only ground of a refusal"}},
		PersonalData:  &modelvet.PersonalData{Processed: true, LegalBasis: "art-6-1-b"},
		Deployment:    &modelvet.Deployment{Stages: []string{"production"}},
		RecordKeeping: &modelvet.RecordKeeping{DocumentationDays: 3653}, Change: &modelvet.Change{Item: "RETRAIN-1"},
	}
}

func measure(metric string, value, low, high float64, n int, slice ...string) modelvet.Measurement {
	m := modelvet.Measurement{Metric: metric, Value: value, Low: ptr(low), High: ptr(high), N: n}
	for i := 0; i+1 < len(slice); i += 2 {
		if m.Slice == nil {
			m.Slice = map[string]string{}
		}
		m.Slice[slice[i]] = slice[i+1]
	}
	return m
}

func scanOf(name string, read []string, findings []modelvet.Finding, measurements ...modelvet.Measurement) modelvet.Scan {
	return modelvet.Scan{Scanner: name, Version: "1", Coverage: modelvet.Coverage{Read: read, Skipped: []modelvet.Gap{}},
		Findings: append([]modelvet.Finding{}, findings...), Measurements: append([]modelvet.Measurement{}, measurements...)}
}

func goodFairness() modelvet.Scan {
	pair := []string{"attribute", "age", "group", "young", "reference", "old"}
	return scanOf("fairness", []string{"data/predictions.csv"}, nil,
		measure("fairness/selection_rate", 0.7, 0.6, 0.8, 200, "attribute", "age", "group", "young"),
		measure("fairness/selection_rate", 0.72, 0.7, 0.75, 800, "attribute", "age", "group", "old"),
		measure("fairness/demographic_parity_difference", 0.02, 0, 0.1, 1000, "attribute", "age"),
		measure("fairness/demographic_parity_difference", -0.02, -0.1, 0.06, 1000, pair...),
		measure("fairness/demographic_parity_ratio", 0.97, 0.85, 1, 1000, "attribute", "age"),
		measure("fairness/demographic_parity_ratio", 0.97, 0.85, 1.1, 1000, pair...),
		measure("fairness/equal_opportunity_difference", 0.01, 0, 0.1, 700, "attribute", "age"),
		measure("fairness/equal_opportunity_difference", -0.01, -0.1, 0.08, 700, pair...),
		measure("fairness/equalized_odds_difference", 0.05, 0, 0.12, 1000, "attribute", "age"))
}

// good is evidence on which every rule passes.
func good() map[string]any {
	resources := []any{}
	for _, f := range subject.Files {
		resources = append(resources, map[string]any{"name": f.Path, "algorithm": "sha256", "digest": strings.TrimPrefix(f.Digest, "sha256:")})
	}
	return map[string]any{
		"system":        goodSystem(),
		"scan/fairness": goodFairness(),
		"scan/performance": scanOf("performance", []string{"data/predictions.csv"}, nil,
			measure("performance/flip_rate", 0.02, 0.01, 0.03, 1000, "perturbation", "noise"), measure("performance/perturbed_accuracy", 0.8, 0.75, 0.85, 1000, "perturbation", "noise"),
			measure("performance/roc_auc", 0.78, 0.75, 0.81, 1000), measure("performance/expected_calibration_error", 0.03, 0.01, 0.05, 1000),
			measure("performance/accuracy", 0.75, 0.7, 0.8, 200, "attribute", "age", "group", "young"),
			measure("performance/accuracy", 0.76, 0.72, 0.8, 800, "attribute", "age", "group", "old")),
		"scan/quality": scanOf("quality", []string{"data/train.csv", "data/held.csv"}, nil,
			measure("quality/missing_share", 0, 0, 0.01, 1000, "table", "training", "column", "income"),
			measure("quality/minority_class_share", 0.3, 0.27, 0.33, 1000, "table", "training"),
			measure("quality/leaked_share", 0, 0, 0.004, 1000, "table", "held", "from", "training")),
		"scan/privacy": scanOf("privacy", []string{"data/train.csv", "data/predictions.csv"}, nil,
			measure("privacy/k_anonymity", 85, 85, 85, 1000, "table", "predictions"),
			measure("privacy/membership_auc", 0.52, 0.5, 0.54, 2000, "table", "members"), measure("privacy/membership_tpr_at_fpr_001", 0.01, 0.01, 0.02, 2000, "table", "members")),
		"scan/drift": scanOf("drift", []string{"data/production-1.csv"}, nil,
			measure("drift/psi", 0.03, 0.03, 0.03, 2000, "column", "income")),
		"thresholds": map[string]any{"digest": sha("7"), "proof": "signature", "setAt": now.Add(-2 * time.Hour).Format(time.RFC3339), "signer": map[string]any{"name": "governance"}},
		"baseline":   goodBaseline(),
		"bom": map[string]any{"bomFormat": "CycloneDX", "metadata": map[string]any{"component": component("credit", sha("a"))},
			"components": []any{component("train", sha("b")), component("base", sha("6"))}},
		"scan/explainability": scanOf("explainability", []string{"data/shap.csv"}, nil,
			measure("explainability/additivity_max_error", 1e-6, 0, 1e-6, 1000), measure("explainability/recomputed_max_error", 1e-6, 0, 1e-6, 1000),
			measure("explainability/coverage", 1, 1, 1, 1000), measure("explainability/protected_share", 0.03, 0.02, 0.04, 1000)),
		"scan/poisoning": scanOf("poisoning", []string{"data/train.csv"}, nil,
			measure("poisoning/label_disagreement", 0.2, 0.18, 0.22, 1000), measure("poisoning/conflicting_duplicates", 0, 0, 0.004, 1000)),
		"scan/documents": scanOf("documents", []string{"docs/model_card.md"}, nil,
			measure("documents/items", 23, 23, 23, 23, "kind", "annex-iv", "document", "docs/risks.md"), measure("documents/items_missing", 0, 0, 0, 0, "kind", "annex-iv", "document", "docs/risks.md"),
			measure("documents/change_planned", 1, 1, 1, 1, "kind", "change-plan", "document", "docs/risks.md", "change", "RETRAIN-1")),
		"scan/modelfile": scanOf("modelfile", []string{"model/model.json"}, nil, measure("modelfile/parameters", 1000, 1000, 1000, 3, "path", "model/model.json", "precision", "float32")),
		"lineage": modelvet.Lineage{Source: "git", Facts: map[string]string{"commit": strings.Repeat("4", 40), "dirty": "false"}, Inputs: []modelvet.LineageInput{
			{Kind: "code", Name: "repository", Digest: "gitCommit:" + strings.Repeat("4", 40)}, {Kind: "dataset", Name: "train", Digest: sha("b")}, {Kind: "base-model", Name: "base", Digest: sha("6")}}},
		"signature": map[string]any{"resources": resources, "serialization": map[string]any{
			"method": "files", "hash_type": "sha256", "allow_symlinks": false, "ignore_paths": []any{}}},
		"provenance": provenanceOf(),
	}
}

// goodBaseline is what was measured of the model in use.
func goodBaseline() map[string]any {
	f := goodFairness()
	return map[string]any{"named": true, "subject": sha("8"), "at": now.Add(-1000 * time.Hour).Format(time.RFC3339), "fairness": plain(f.Measurements),
		"performance": plain([]modelvet.Measurement{measure("performance/roc_auc", 0.77, 0.74, 0.8, 1000), measure("performance/expected_calibration_error", 0.03, 0.01, 0.05, 1000)})}
}

func component(name, digest string) map[string]any {
	return map[string]any{"type": "data", "name": name, "licenses": []any{map[string]any{"license": map[string]any{"id": "Apache-2.0"}}},
		"hashes": []any{map[string]any{"alg": "SHA-256", "content": strings.TrimPrefix(digest, "sha256:")}}}
}

func provenanceOf(more ...any) any {
	inputs := append([]any{
		map[string]any{"uri": "git+https://example.com/r", "digest": map[string]any{"gitCommit": strings.Repeat("4", 40)}},
		map[string]any{"name": "train", "digest": map[string]any{"sha256": strings.Repeat("b", 64)}},
	}, more...)
	return map[string]any{
		"buildDefinition": map[string]any{"buildType": "https://ci.example/v1", "externalParameters": map[string]any{"x": 1.0}, "resolvedDependencies": inputs},
		"runDetails":      map[string]any{"builder": map[string]any{"id": "https://ci.example/runner"}, "metadata": map[string]any{"invocationId": "1"}},
	}
}

var thresholds = map[string]any{
	"explainability.additivity_error_max": 0.001, "explainability.coverage_min": 1, "explainability.protected_share_max": 0.1,
	"explainability.recomputed_error_max": 0.001, "fairness.demographic_parity_difference_max": 0.2, "fairness.demographic_parity_ratio_min": 0.8,
	"fairness.equal_opportunity_difference_max": 0.2, "fairness.group_size_min": 30, "logging.retention_days_min": 183,
	"quality.missing_share_max": 0.2, "quality.minority_class_min": 0.05, "quality.leaked_share_max": 0.01, "privacy.k_anonymity_min": 5, "drift.psi_max": 0.25,
	"performance.balanced_accuracy_min": 0.6, "performance.r2_min": 0.5, "performance.calibration_error_max": 0.1, "performance.group_accuracy_min": 0.6, "performance.rows_min": 100, "fairness.equalized_odds_difference_max": 0.2,
	"fairness.evaluation_age_days_max": 365, "regression.performance_margin": 0.02, "regression.fairness_margin": 0.02, "documentation.retention_days_min": 3653, "documentation.parameters_tolerance": 0.01,
	"privacy.membership_auc_max": 0.6, "privacy.membership_tpr_max": 0.05, "robustness.flip_rate_max": 0.1, "robustness.perturbed_accuracy_min": 0.6,
	"performance.roc_auc_min": 0.7, "poisoning.conflicting_duplicates_max": 0.01, "poisoning.label_disagreement_max": 0.3,
}

func predicateType(kind string) string {
	switch kind {
	case "system":
		return modelvet.PredicateSystem
	case "lineage":
		return modelvet.PredicateLineage
	case "signature":
		return modelvet.PredicateModelSignature
	case "provenance":
		return modelvet.PredicateProvenance
	case "bom":
		return modelvet.PredicateMLBOM
	}
	return modelvet.PredicateScan
}

// evidence signs nothing: it makes verified evidence of predicates.
func evidence(t testing.TB, predicates map[string]any) []modelvet.Evidence {
	t.Helper()
	var out []modelvet.Evidence
	for kind, p := range predicates {
		if isGiven(kind) {
			continue
		}
		raw, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, modelvet.Evidence{
			Digest: sha("9")[:71-len(kind)] + hexOf(kind), Subject: modelvet.Subject{Name: subject.Name, Digest: subject.Digest},
			PredicateType: predicateType(kind), Predicate: raw, Signer: modelvet.Signer{KeyID: "k", Name: "pipeline"},
			SignedAt: now.Add(-time.Hour), Status: modelvet.Verified,
		})
		if kind == "provenance" {
			out[len(out)-1].Signer = modelvet.Signer{KeyID: "b", Name: "builder"}
		}
	}
	return out
}

// hexOf is a name for a kind in hex digits, so that each has a digest of its own.
func hexOf(kind string) string {
	return strings.Map(func(r rune) rune { return rune("0123456789abcdef"[r%16]) }, kind)
}

// isGiven tells what the judge establishes itself.
func isGiven(kind string) bool { return kind == "thresholds" || kind == "baseline" }

func caseOf(t testing.TB, predicates map[string]any) Input {
	own := map[string]Given{}
	for kind, v := range predicates {
		if isGiven(kind) {
			own[kind] = Given{Value: v, Digests: []string{sha("9")[:71-len(kind)] + hexOf(kind)}}
		}
	}
	return Input{Given: own, Subject: subject, Stage: "production", At: now, Evidence: evidence(t, predicates), Thresholds: thresholds}
}

func outcomes(t testing.TB, e *Engine, in Input) map[string]modelvet.Result {
	t.Helper()
	results, err := e.Evaluate(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]modelvet.Result{}
	for _, r := range results {
		out[r.ID] = r
	}
	return out
}

func engine(t testing.TB) *Engine {
	t.Helper()
	e, err := New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return e
}
