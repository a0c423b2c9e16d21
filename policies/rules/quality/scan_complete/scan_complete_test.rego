package policies.rules.quality.scan_complete_test

import data.policies.lib.worlds_test
import data.policies.rules.quality.scan_complete as rule

test_passes if {
	count(rule.deny) + count(rule.unknown) == 0 with input.scans.quality as {"coverage": {"read": ["t"], "skipped": []}}
}

test_denies_a_gap if {
	rule.deny == {"t was not read: locked"} with input.scans.quality as {"coverage": {"read": ["u"], "skipped": [{"path": "t", "reason": "locked"}]}}
}

test_unknown_when_nothing_was_read if {
	count(rule.unknown) == 1 with input.scans.quality as {"coverage": {"read": [], "skipped": []}}
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0}
}
