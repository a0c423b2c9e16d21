package policies.rules.oversight.owner_named_test

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
