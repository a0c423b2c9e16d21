package policies.rules.transparency.people_are_told_test

import data.policies.rules.transparency.people_are_told as rule

test_passes if {
	count(rule.deny) + count(rule.not_applicable) == 0 with input.system as {"riskClass": "limited", "transparency": {"notice": "You are talking to a machine."}}
}

test_denies_without_a_notice if {
	count(rule.deny) == 1 with input.system as {"riskClass": "gpai", "model": {"task": "generation"}}
}

test_not_applicable_otherwise if {
	count(rule.not_applicable) == 1 with input.system as {"riskClass": "minimal", "model": {"task": "regression"}}
}
