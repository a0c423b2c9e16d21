package policies.rules.monitoring.incident_contact_test

import data.policies.rules.monitoring.incident_contact as rule

test_passes if {
	rule.deny == set() with input.system as {"monitoring": {"incidents": "incidents@bank.example"}}
}

test_denies_none if {
	count(rule.deny) == 1 with input.system as {"monitoring": {"incidents": "  "}}
}
