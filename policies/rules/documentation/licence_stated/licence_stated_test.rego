package policies.rules.documentation.licence_stated_test

import data.policies.rules.documentation.licence_stated as rule

test_passes if {
	rule.deny == set() with input.system as {"licence": "MIT"}
}

test_denies_none if {
	rule.deny == {"no licence is stated"} with input.system as {}
}
