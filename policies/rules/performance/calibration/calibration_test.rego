package policies.rules.performance.calibration_test

import data.policies.lib.worlds_test
import data.policies.rules.performance.calibration as rule

scan(v, h) := {"measurements": [{"metric": "performance/expected_calibration_error", "value": v, "low": 0, "high": h, "n": 100}]}

config := {"performance": {"calibration_error_max": 0.1}}

test_passes if {
	count(rule.deny) + count(rule.unknown) == 0 with input.scans.performance as scan(0.02, 0.05) with data.config.thresholds as config
}

test_denies_at_the_upper_end if {
	rule.deny == {"the expected calibration error may be 0.200; at most 0.100 is allowed"} with input.scans.performance as scan(0.05, 0.2) with data.config.thresholds as config
}

test_unknown_when_not_measured if {
	count(rule.unknown) == 1 with input.scans.performance as {"measurements": [{"metric": "performance/roc_auc", "value": 1, "n": 1}]} with data.config.thresholds as config
}

test_unknown_without_an_interval if {
	count(rule.unknown) == 1 with input.scans.performance as {"measurements": [{"metric": "performance/expected_calibration_error", "value": 0, "n": 1, "slice": {}}]} with data.config.thresholds as config
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 1}
}
