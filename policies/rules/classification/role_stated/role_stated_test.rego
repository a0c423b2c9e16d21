package policies.rules.classification.role_stated_test

import data.policies.rules.classification.role_stated as rule

test_passes if {
	rule.deny == set() with input.system as {"role": "deployer"}
}

test_denies_another_word if {
	rule.deny == {"role \"user\" is none of provider, deployer, importer, distributor"} with input.system as {"role": "user"}
}
