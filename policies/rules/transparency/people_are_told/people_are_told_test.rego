package policies.rules.transparency.people_are_told_test

import data.policies.lib.worlds_test
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

test_noise if {
	said := {"deny": count(rule.deny), "not_applicable": count(rule.not_applicable)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1, "not_applicable": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "not_applicable": count(rule.not_applicable)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "not_applicable": 1}
}
