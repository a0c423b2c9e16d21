package policies.rules.explainability.scan_complete_test

import data.policies.lib.worlds_test
import data.policies.rules.explainability.scan_complete as rule

test_passes if {
	count(rule.deny) + count(rule.unknown) == 0 with input.scans.explainability as {"coverage": {"read": ["a.csv"], "skipped": []}}
}

test_denies_a_gap if {
	rule.deny == {"a.csv was not read: no column y"} with input.scans.explainability as {"coverage": {"read": [], "skipped": [{"path": "a.csv", "reason": "no column y"}]}}
}

test_unknown_when_nothing_is_named if {
	count(rule.unknown) == 1 with input.scans.explainability as {"coverage": {"read": [], "skipped": []}}
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0}
}
