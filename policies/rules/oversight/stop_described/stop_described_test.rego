package policies.rules.oversight.stop_described_test

import data.policies.lib.worlds_test
import data.policies.rules.oversight.stop_described as rule

test_passes if {
	rule.deny == set() with input.system as {"oversight": {"stop": "the switch on the desk"}}
}

test_denies_none if {
	count(rule.deny) == 1 with input.system as {"oversight": {"stop": " "}}
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}
