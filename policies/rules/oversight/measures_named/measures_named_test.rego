package policies.rules.oversight.measures_named_test

import data.policies.lib.worlds_test
import data.policies.rules.oversight.measures_named as rule

test_passes if {
	rule.deny == set() with input.system as {"oversight": {"measures": ["a clerk decides"]}}
}

test_denies_none if {
	rule.deny == {"no measure is named under oversight.measures"} with input.system as {}
}

test_denies_blanks if {
	rule.deny == {"no measure is named under oversight.measures"} with input.system as {"oversight": {"measures": [" "]}}
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}
