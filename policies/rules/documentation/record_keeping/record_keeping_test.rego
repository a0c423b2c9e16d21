package policies.rules.documentation.record_keeping_test

import data.policies.lib.worlds_test
import data.policies.rules.documentation.record_keeping as rule

config := {"documentation": {"retention_days_min": 3653}}

test_passes if {
	rule.deny == set() with input.system as {"recordKeeping": {"documentationDays": 3653}} with data.config.thresholds as config
}

test_denies_a_day_less if {
	rule.deny == {"the documentation is kept for 3652 days; at least 3653 are demanded"} with input.system as {"recordKeeping": {"documentationDays": 3652}} with data.config.thresholds as config
}

test_denies_when_not_said if {
	rule.deny == {"it is not declared how long the documentation is kept"} with input.system as {} with data.config.thresholds as config
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}
