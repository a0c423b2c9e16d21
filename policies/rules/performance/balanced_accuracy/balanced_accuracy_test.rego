package policies.rules.performance.balanced_accuracy_test

import data.policies.lib.worlds_test
import data.policies.rules.performance.balanced_accuracy as rule

scan(l, n) := {"measurements": [{"metric": "performance/balanced_accuracy", "value": 0.9, "low": l, "n": n}]}

system := {"model": {"task": "multiclass"}}

config := {"performance": {"balanced_accuracy_min": 0.6}}

test_passes if {
	(count(rule.deny) + count(rule.unknown)) + count(rule.not_applicable) == 0 with input.scans.performance as scan(0.8, 100) with input.system as system with data.config.thresholds as config
}

test_denies_at_the_lower_end if {
	rule.deny == {"balanced accuracy may be as low as 0.500; at least 0.600 is demanded"} with input.scans.performance as scan(0.5, 100) with input.system as system with data.config.thresholds as config
}

test_unknown_when_not_measured if {
	rule.unknown == {"performance/balanced_accuracy was not measured on all predictions"} with input.scans.performance as {"measurements": [{"metric": "performance/balanced_accuracy", "value": 0.9, "low": 0.9, "n": 9, "slice": {"group": "x"}}]} with input.system as system with data.config.thresholds as config
}

test_unknown_without_interval_or_rows if {
	count(rule.unknown) == 1 with input.scans.performance as scan(0.8, 0) with input.system as system with data.config.thresholds as config
	count(rule.unknown) == 1 with input.scans.performance as {"measurements": [{"metric": "performance/balanced_accuracy", "value": 0.9, "n": 9}]} with input.system as system with data.config.thresholds as config
	count(rule.unknown) == 1 with input.scans.performance as scan("0.8", 9) with input.system as system with data.config.thresholds as config
}

test_not_applicable_to_other_tasks if {
	count(rule.deny) + count(rule.unknown) == 0 with input.scans.performance as {"measurements": []} with input.system as {"model": {"task": "regression"}} with data.config.thresholds as config
	count(rule.not_applicable) == 1 with input.system as {"model": {"task": "regression"}}
	count(rule.deny) == 0 with input.scans.performance as scan(0.5, 100) with input.system as {"model": {"task": "binary-classification"}} with data.config.thresholds as config
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 1, "not_applicable": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0, "not_applicable": 1}
}
