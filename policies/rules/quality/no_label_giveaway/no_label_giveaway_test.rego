package policies.rules.quality.no_label_giveaway_test

import data.policies.lib.worlds_test
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

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0}
}
