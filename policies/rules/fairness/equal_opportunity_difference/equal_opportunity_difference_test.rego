package policies.rules.fairness.equal_opportunity_difference_test

import data.policies.lib.worlds_test
import data.policies.rules.fairness.equal_opportunity_difference as rule

input_with(value, low, high, n) := {
	"system": {"tables": [{"name": "predictions", "kind": "predictions", "path": "p.csv", "protected": ["age"]}]},
	"scans": {"fairness": {"measurements": [
		{"metric": "fairness/selection_rate", "value": 0.5, "n": 100, "slice": {"attribute": "age", "group": "young"}},
		{"metric": "fairness/equal_opportunity_difference", "value": 0.02, "low": 0.02, "high": 0.02, "n": 100, "slice": {"attribute": "age"}},
		{"metric": "fairness/equal_opportunity_difference", "value": value, "low": low, "high": high, "n": n, "slice": {"attribute": "age", "group": "young", "reference": "old"}},
	]}},
}

config := {"fairness": {"equal_opportunity_difference_max": 0.2, "group_size_min": 30}}

test_passes_within_the_bound if {
	count(rule.deny) + count(rule.unknown) == 0 with input as input_with(0.02, 0.02, 0.02, 100) with data.config.thresholds as config
}

test_denies_at_the_worse_end_of_the_interval if {
	rule.deny == {"age (young against old): true positive rates may differ by 0.250; at most 0.200 is allowed"} with input as input_with(-0.1, -0.25, 0.05, 100) with data.config.thresholds as config
}

test_unknown_on_too_few_rows if {
	rule.unknown == {"fairness/equal_opportunity_difference of age, group young against old, rests on 5 rows; at least 30 are needed"} with input as input_with(-0.1, -0.25, 0.05, 5) with data.config.thresholds as config
}

test_leaves_a_small_group_to_its_own_rule if {
	count(rule.deny) + count(rule.unknown) == 0 with input as {
		"system": {"tables": [{"name": "predictions", "kind": "predictions", "path": "p.csv", "protected": ["age"]}]},
		"scans": {"fairness": {"measurements": [
			{"metric": "fairness/selection_rate", "value": 0.5, "n": 5, "slice": {"attribute": "age", "group": "young"}},
			{"metric": "fairness/equal_opportunity_difference", "value": 0.02, "low": 0.02, "high": 0.02, "n": 100, "slice": {"attribute": "age"}},
			{"metric": "fairness/equal_opportunity_difference", "value": 0, "low": 0, "high": 0, "n": 5, "slice": {"attribute": "age", "group": "young", "reference": "old"}},
		]}},
	}
		with data.config.thresholds as config
}

test_unknown_without_measurement if {
	rule.unknown == {"fairness/equal_opportunity_difference was not measured for age as a whole on enough rows"} with input as {"system": {"tables": [{"name": "predictions", "kind": "predictions", "path": "p.csv", "protected": ["age"]}]}, "scans": {"fairness": {"measurements": []}}} with data.config.thresholds as config
}

test_unknown_without_attributes if {
	rule.unknown == {"no protected attribute is declared for the table of predictions"} with input as {"system": {"tables": []}, "scans": {"fairness": {"measurements": []}}} with data.config.thresholds as config
}

test_unknown_for_a_group_not_compared if {
	rule.unknown == {"fairness/equal_opportunity_difference was not measured for group new of age"} with input as object.union(input_with(0.02, 0.02, 0.02, 100), {"scans": {"fairness": {"measurements": array.concat(
		input_with(0.02, 0.02, 0.02, 100).scans.fairness.measurements,
		[{"metric": "fairness/selection_rate", "value": 0.5, "n": 50, "slice": {"attribute": "age", "group": "new"}}],
	)}}})
		with data.config.thresholds as config
}

test_unknown_without_an_interval if {
	some sentence in rule.unknown with input as {
		"system": {"tables": [{"name": "predictions", "kind": "predictions", "path": "p.csv", "protected": ["age"]}]},
		"scans": {"fairness": {"measurements": [{"metric": "fairness/equal_opportunity_difference", "value": 0.02, "n": 100, "slice": {"attribute": "age"}}]}},
	}
		with data.config.thresholds as config
	contains(sentence, "has no interval")
}

test_unknown_without_a_slice if {
	some sentence in rule.unknown with input as {
		"system": {"tables": [{"name": "predictions", "kind": "predictions", "path": "p.csv", "protected": ["age"]}]},
		"scans": {"fairness": {"measurements": [{"metric": "fairness/equal_opportunity_difference", "value": 0.02, "low": 0.02, "high": 0.02, "n": 100}]}},
	}
		with data.config.thresholds as config
	contains(sentence, "does not say for which attribute")
}

test_unknown_with_one_group_only if {
	some sentence in rule.unknown with input as {
		"system": {"tables": [{"name": "predictions", "kind": "predictions", "path": "p.csv", "protected": ["age"]}]},
		"scans": {"fairness": {"measurements": [{"metric": "fairness/equal_opportunity_difference", "value": 0.02, "low": 0.02, "high": 0.02, "n": 100, "slice": {"attribute": "age", "group": "young"}}]}},
	}
		with data.config.thresholds as config
	contains(sentence, "names only one of the groups")
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 1}
}
