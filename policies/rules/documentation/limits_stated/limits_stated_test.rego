package policies.rules.documentation.limits_stated_test

import data.policies.rules.documentation.limits_stated as rule

test_passes if {
	rule.deny == set() with input.system as {"limits": {"limitations": ["thin files"], "misuse": ["as the only ground of a refusal"]}}
}

test_denies_none if {
	count(rule.deny) == 2 with input.system as {"limits": {"limitations": [" "]}}
}
