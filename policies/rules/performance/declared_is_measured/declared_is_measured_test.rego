package policies.rules.performance.declared_is_measured_test

import data.policies.lib.worlds_test
import data.policies.rules.performance.declared_is_measured as rule

measured := [{"metric": "performance/roc_auc", "value": 0.8, "n": 100}]

declared := {"performance": {"performance/roc_auc": 0.8}}

test_passes if {
	(count(rule.deny) + count(rule.unknown)) + count(rule.not_applicable) == 0 with input.scans.performance as {"measurements": measured, "findings": []} with input.system as declared
}

test_denies_a_difference if {
	rule.deny == {"predictions: roc_auc is 0.7"} with input.scans.performance as {"measurements": measured, "findings": [{"id": "performance/declared-differs", "path": "predictions", "what": "roc_auc is 0.7", "severity": "block"}]} with input.system as declared
}

test_unknown_when_not_measured if {
	rule.unknown == {"performance/roc_auc is declared and was not measured"} with input.scans.performance as {"measurements": [], "findings": []} with input.system as declared
}

test_not_applicable_without_declaration if {
	count(rule.not_applicable) == 1 with input.scans.performance as {"measurements": [], "findings": []} with input.system as {}
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0, "not_applicable": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0, "not_applicable": 1}
}
