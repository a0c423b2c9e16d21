package policies.rules.deployment.stage_declared_test

import data.policies.lib.worlds_test
import data.policies.rules.deployment.stage_declared as rule

test_passes if {
	rule.deny == set() with input.stage as "production" with input.system as {"deployment": {"stages": ["production"]}}
}

test_denies_another_stage if {
	rule.deny == {"it is not declared to be meant for stage production"} with input.stage as "production" with input.system as {"deployment": {"stages": ["staging"]}}
	count(rule.deny) == 1 with input.stage as "production" with input.system as {}
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}
