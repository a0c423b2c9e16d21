package policies.rules.oversight.stop_described_test

import data.policies.rules.oversight.stop_described as rule

test_passes if {
	rule.deny == set() with input.system as {"oversight": {"stop": "the switch on the desk"}}
}

test_denies_none if {
	count(rule.deny) == 1 with input.system as {"oversight": {"stop": " "}}
}
