package policies.rules.oversight.owner_named_test

import data.policies.lib.worlds_test
import data.policies.rules.oversight.owner_named as rule

test_passes if {
	rule.deny == set() with input.system as {"oversight": {"owner": "desk"}}
}

test_denies_nobody if {
	rule.deny == {"nobody is named under oversight.owner"} with input.system as {}
}

test_denies_a_blank if {
	rule.deny == {"nobody is named under oversight.owner"} with input.system as {"oversight": {"owner": " "}}
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}
