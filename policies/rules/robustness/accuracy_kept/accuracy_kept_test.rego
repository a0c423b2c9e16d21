package policies.rules.robustness.accuracy_kept_test

import data.policies.lib.worlds_test
import data.policies.rules.robustness.accuracy_kept as rule

scan(low, n) := {"measurements": [{"metric": "performance/perturbed_accuracy", "value": 0.95, "low": low, "n": n, "slice": {"perturbation": "noise"}}, {"metric": "performance/other", "value": 9, "n": 1}]}

system := {"tables": [{"name": "p", "kind": "predictions", "perturbed": ["noise"]}, {"name": "t", "kind": "training", "perturbed": ["x"]}]}

config := {"robustness": {"perturbed_accuracy_min": 0.6}}

test_passes if {
	(count(rule.deny) + count(rule.unknown)) + count(rule.not_applicable) == 0 with input.scans.performance as scan(0.9, 500) with input.system as system with data.config.thresholds as config
}

test_denies_at_the_worse_end if {
	rule.deny == {"under noise as few as 0.050 of the predictions are right; at least 0.600 must be"} with input.scans.performance as scan(0.05, 500) with input.system as system with data.config.thresholds as config
}

test_unknown_when_not_measured if {
	rule.unknown == {"performance/perturbed_accuracy under noise was not measured, or has no interval"} with input.scans.performance as {"measurements": []} with input.system as system with data.config.thresholds as config
	count(rule.unknown) == 1 with input.scans.performance as scan(0.9, 0) with input.system as system with data.config.thresholds as config
	count(rule.unknown) == 1 with input.scans.performance as scan(null, 500) with input.system as system with data.config.thresholds as config
}

test_not_applicable_without_such_predictions if {
	count(rule.not_applicable) == 1 with input.scans.performance as {"measurements": []} with input.system as {"tables": [{"name": "p", "kind": "predictions"}]} with data.config.thresholds as config
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0, "not_applicable": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0, "not_applicable": 1}
}
