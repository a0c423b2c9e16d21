package policies.rules.fairness.group_size_test

import data.policies.lib.worlds_test
import data.policies.rules.fairness.group_size as rule

input_with(n, groups) := {
	"system": {"tables": [{"name": "predictions", "kind": "predictions", "path": "p.csv", "protected": ["age"]}]},
	"scans": {"fairness": {"measurements": [m |
		some g in groups
		m := {"metric": "fairness/selection_rate", "value": 0.5, "n": n, "slice": {"attribute": "age", "group": g}}
	]}},
}

config := {"fairness": {"group_size_min": 30}}

test_passes if {
	count(rule.deny) + count(rule.unknown) == 0 with input as input_with(30, ["young", "old"]) with data.config.thresholds as config
}

test_denies_a_handful if {
	rule.deny == {"group young of age has 29 rows; at least 30 are needed"} with input as input_with(29, ["young"]) with data.config.thresholds as config
}

test_unknown_when_not_counted if {
	rule.unknown == {"the groups of age were not counted"} with input as input_with(30, ["young"]) with data.config.thresholds as config
}

test_unknown_without_attributes if {
	rule.unknown == {"no protected attribute is declared for the table of predictions"} with input as {"system": {"tables": []}, "scans": {"fairness": {"measurements": []}}} with data.config.thresholds as config
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 1}
}
