package policies.rules.documentation.limits_stated_test

import data.policies.lib.worlds_test
import data.policies.rules.documentation.limits_stated as rule

test_passes if {
	rule.deny == set() with input.system as {"limits": {"limitations": ["thin files"], "misuse": ["as the only ground of a refusal"]}}
}

test_denies_none if {
	count(rule.deny) == 2 with input.system as {"limits": {"limitations": [" "]}}
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 2}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 2}
}
