package policies.rules.monitoring.incident_contact_test

import data.policies.lib.worlds_test
import data.policies.rules.monitoring.incident_contact as rule

test_passes if {
	rule.deny == set() with input.system as {"monitoring": {"incidents": "incidents@bank.example"}}
}

test_denies_none if {
	count(rule.deny) == 1 with input.system as {"monitoring": {"incidents": "  "}}
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}
