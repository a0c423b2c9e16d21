package policies.rules.documentation.provider_identified_test

import data.policies.lib.worlds_test
import data.policies.rules.documentation.provider_identified as rule

test_passes if {
	rule.deny == set() with input.system as {"provider": {"name": "Bank", "contact": "a@b.example"}}
}

test_denies_no_name if {
	rule.deny == {"the provider has no name"} with input.system as {"provider": {"name": " ", "contact": "a@b.example"}}
}

test_denies_no_contact if {
	rule.deny == {"the provider gives no contact"} with input.system as {"provider": {"name": "Bank"}}
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}
