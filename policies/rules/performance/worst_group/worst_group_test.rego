package policies.rules.performance.worst_group_test

import data.policies.lib.worlds_test
import data.policies.rules.performance.worst_group as rule

scan(v, l) := {"measurements": [{"metric": "performance/accuracy", "value": v, "low": l, "n": 100, "slice": {"attribute": "age", "group": "young"}}]}

system := {"tables": [{"kind": "predictions", "protected": ["age"]}]}

config := {"performance": {"group_accuracy_min": 0.6}}

test_passes if {
	(count(rule.deny) + count(rule.unknown)) + count(rule.not_applicable) == 0 with input.scans.performance as scan(0.8, 0.7) with input.system as system with data.config.thresholds as config
}

test_denies_at_the_lower_end if {
	rule.deny == {"age young: accuracy may be as low as 0.500; at least 0.600 is demanded"} with input.scans.performance as scan(0.7, 0.5) with input.system as system with data.config.thresholds as config
}

test_unknown_for_a_group_that_fairness_knows if {
	rule.unknown == {"performance/accuracy was not measured for group old of age"} with input.scans.performance as scan(0.8, 0.7) with input.scans.fairness as {"measurements": [
		{"metric": "fairness/selection_rate", "value": 0.5, "n": 9, "slice": {"attribute": "age", "group": "old"}},
		{"metric": "fairness/selection_rate", "value": 0.5, "n": 9, "slice": {"attribute": "age", "group": "young"}},
		{"metric": "fairness/selection_rate", "value": 0.5, "n": 9, "slice": {"attribute": "sex", "group": "female"}},
		{"metric": "fairness/base_rate", "value": 0.5, "n": 9},
	]}
		with input.system as system
		with data.config.thresholds as config
}

test_unknown_when_not_measured if {
	rule.unknown == {"performance/accuracy was not measured for the groups of age"} with input.scans.performance as {"measurements": [{"metric": "performance/accuracy", "value": 1, "low": 1, "n": 1}]} with input.system as system with data.config.thresholds as config
}

test_unknown_without_an_interval if {
	count(rule.unknown) == 1 with input.scans.performance as {"measurements": [{"metric": "performance/accuracy", "value": 1, "n": 1, "slice": {"attribute": "age", "group": "young"}}]} with input.system as system with data.config.thresholds as config
}

test_not_applicable_without_attributes if {
	count(rule.not_applicable) == 1 with input.scans.performance as {"measurements": []} with input.system as {"tables": []}
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 1, "not_applicable": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0, "not_applicable": 1}
}
