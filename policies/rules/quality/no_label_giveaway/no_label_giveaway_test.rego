package policies.rules.quality.no_label_giveaway_test

import data.policies.rules.quality.no_label_giveaway as rule

test_passes if {
	count(rule.deny) + count(rule.unknown) == 0 with input.scans.quality as {"findings": [{"id": "quality/other", "path": "t", "what": "x"}], "coverage": {"read": ["t"]}}
}

test_denies if {
	rule.deny == {"t: x"} with input.scans.quality as {"findings": [{"id": "quality/label-giveaway", "path": "t", "what": "x"}], "coverage": {"read": ["t"]}}
}

test_unknown_when_nothing_was_read if {
	count(rule.unknown) == 1 with input.scans.quality as {"findings": [], "coverage": {"read": []}}
}
