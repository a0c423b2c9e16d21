package policies.rules.classification.role_stated_test

import data.policies.lib.worlds_test
import data.policies.rules.classification.role_stated as rule

test_passes if {
	rule.deny == set() with input.system as {"role": "deployer"}
}

test_denies_another_word if {
	rule.deny == {"role \"user\" is none of provider, deployer, importer, distributor"} with input.system as {"role": "user"}
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0}
}
