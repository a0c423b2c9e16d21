package policies.rules.transparency.content_is_marked_test

import data.policies.rules.transparency.content_is_marked as rule

test_passes if {
	count(rule.deny) + count(rule.not_applicable) == 0 with input.system as {"model": {"task": "generation"}, "transparency": {"marking": "C2PA"}}
}

test_denies_unmarked if {
	count(rule.deny) == 1 with input.system as {"model": {"task": "generation"}}
}

test_not_applicable_otherwise if {
	count(rule.not_applicable) == 1 with input.system as {"model": {"task": "regression"}}
}
