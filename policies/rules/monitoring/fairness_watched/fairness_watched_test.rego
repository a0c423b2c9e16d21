package policies.rules.monitoring.fairness_watched_test

import data.policies.rules.monitoring.fairness_watched as rule

test_passes if {
	rule.deny == set() with input.system as {"tables": [{"kind": "predictions", "protected": ["age"]}], "monitoring": {"metrics": ["fairness/selection_rate"]}}
}

test_denies_none if {
	rule.deny == {"protected attributes are declared, and no metric of fairness is watched"} with input.system as {"tables": [{"kind": "predictions", "protected": ["age"]}]}
}

test_unknown_without_attributes if {
	count(rule.unknown) == 1 with input.system as {"tables": []}
}
