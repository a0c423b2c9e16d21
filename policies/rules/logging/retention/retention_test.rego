package policies.rules.logging.retention_test

import data.policies.lib.worlds_test
import data.policies.rules.logging.retention as rule

config := {"logging": {"retention_days_min": 183}}

test_passes if {
	rule.deny == set() with input.system as {"monitoring": {"logRetentionDays": 183}} with data.config.thresholds as config
}

test_denies_a_day_less if {
	rule.deny == {"logs are kept for 182 days; at least 183 are demanded"} with input.system as {"monitoring": {"logRetentionDays": 182}} with data.config.thresholds as config
}

test_denies_when_not_said if {
	rule.deny == {"it is not declared how long logs are kept"} with input.system as {} with data.config.thresholds as config
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}
