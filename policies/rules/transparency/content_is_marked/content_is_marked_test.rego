package policies.rules.transparency.content_is_marked_test

import data.policies.lib.worlds_test
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

test_noise if {
	said := {"deny": count(rule.deny), "not_applicable": count(rule.not_applicable)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1, "not_applicable": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "not_applicable": count(rule.not_applicable)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "not_applicable": 1}
}
