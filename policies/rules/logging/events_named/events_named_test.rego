package policies.rules.logging.events_named_test

import data.policies.lib.worlds_test
import data.policies.rules.logging.events_named as rule

test_passes if {
	rule.deny == set() with input.system as {"monitoring": {"events": ["prediction", "model-version", "override"]}, "oversight": {"measures": ["a clerk decides"]}}
}

test_denies_what_is_missing if {
	count(rule.deny) == 3 with input.system as {"oversight": {"measures": ["a clerk decides"]}}
	count(rule.deny) == 2 with input.system as {}
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 3}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 2}
}
