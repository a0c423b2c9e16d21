package policies.rules.robustness.predictions_kept_test

import data.policies.lib.worlds_test
import data.policies.rules.robustness.predictions_kept as rule

scan(high, n) := {"measurements": [{"metric": "performance/flip_rate", "value": 0.01, "high": high, "n": n, "slice": {"perturbation": "noise"}}, {"metric": "performance/other", "value": 9, "n": 1}]}

system := {"tables": [{"name": "p", "kind": "predictions", "perturbed": ["noise"]}, {"name": "t", "kind": "training", "perturbed": ["x"]}]}

config := {"robustness": {"flip_rate_max": 0.2}}

test_passes if {
	(count(rule.deny) + count(rule.unknown)) + count(rule.not_applicable) == 0 with input.scans.performance as scan(0.05, 500) with input.system as system with data.config.thresholds as config
}

test_denies_at_the_worse_end if {
	rule.deny == {"under noise up to 0.900 of the predictions turn; at most 0.200 may"} with input.scans.performance as scan(0.9, 500) with input.system as system with data.config.thresholds as config
}

test_unknown_when_not_measured if {
	rule.unknown == {"performance/flip_rate under noise was not measured, or has no interval"} with input.scans.performance as {"measurements": []} with input.system as system with data.config.thresholds as config
	count(rule.unknown) == 1 with input.scans.performance as scan(0.05, 0) with input.system as system with data.config.thresholds as config
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
