package policies.rules.explainability.scan_complete_test

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
