package policies.rules.fairness.group_size_test

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
