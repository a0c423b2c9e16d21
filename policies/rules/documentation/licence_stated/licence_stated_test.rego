package policies.rules.documentation.licence_stated_test

import data.policies.lib.worlds_test
import data.policies.rules.documentation.licence_stated as rule

test_passes if {
	rule.deny == set() with input.system as {"licence": "MIT"}
}

test_denies_none if {
	rule.deny == {"no licence is stated"} with input.system as {}
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}
