package policies.rules.performance.explained_variance_test

import data.policies.lib.worlds_test
import data.policies.rules.performance.explained_variance as rule

scan(l) := {"measurements": [{"metric": "performance/r2", "value": 0.9, "low": l, "n": 9}]}

system := {"model": {"task": "regression"}}

config := {"performance": {"r2_min": 0.5}}

test_passes if {
	(count(rule.deny) + count(rule.unknown)) + count(rule.not_applicable) == 0 with input.scans.performance as scan(0.8) with input.system as system with data.config.thresholds as config
}

test_denies_at_the_lower_end if {
	rule.deny == {"R2 may be as low as 0.400; at least 0.500 is demanded"} with input.scans.performance as scan(0.4) with input.system as system with data.config.thresholds as config
}

test_unknown_when_not_measured if {
	rule.unknown == {"performance/r2 was not measured on all predictions"} with input.scans.performance as {"measurements": [{"metric": "performance/r2", "value": 0.9, "low": 0.9, "n": 9, "slice": {"group": "x"}}]} with input.system as system with data.config.thresholds as config
	count(rule.unknown) == 1 with input.scans.performance as {"measurements": [{"metric": "performance/rmse", "value": 0.9, "n": 9}]} with input.system as {"model": {}} with data.config.thresholds as config
}

test_unknown_without_an_interval if {
	rule.unknown == {"performance/r2 has no interval"} with input.scans.performance as {"measurements": [{"metric": "performance/r2", "value": 0.9, "n": 9}]} with input.system as system with data.config.thresholds as config
}

test_not_applicable_to_classes if {
	count(rule.unknown) == 0 with input.scans.performance as {"measurements": [{"metric": "performance/accuracy", "value": 0.9, "n": 9}]} with input.system as {"model": {}} with data.config.thresholds as config
	count(rule.not_applicable) == 1 with input.scans.performance as {"measurements": [{"metric": "performance/accuracy", "value": 0.9, "n": 9}]} with input.system as {"model": {}}
	count(rule.not_applicable) == 1 with input.scans.performance as {"measurements": []} with input.system as {"model": {"task": "multiclass"}}
	count(rule.unknown) == 0 with input.scans.performance as {"measurements": []} with input.system as {"model": {"task": "multiclass"}}
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 1, "not_applicable": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 1, "not_applicable": 0}
}
