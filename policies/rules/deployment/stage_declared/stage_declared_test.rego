package policies.rules.deployment.stage_declared_test

import data.policies.rules.deployment.stage_declared as rule

test_passes if {
	rule.deny == set() with input.stage as "production" with input.system as {"deployment": {"stages": ["production"]}}
}

test_denies_another_stage if {
	rule.deny == {"it is not declared to be meant for stage production"} with input.stage as "production" with input.system as {"deployment": {"stages": ["staging"]}}
	count(rule.deny) == 1 with input.stage as "production" with input.system as {}
}
