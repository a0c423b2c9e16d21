package policies.rules.privacy.no_direct_identifiers_test

import data.policies.lib.worlds_test
import data.policies.rules.privacy.no_direct_identifiers as rule

test_passes if {
	count(rule.deny) + count(rule.unknown) == 0 with input.scans.privacy as {"findings": [{"id": "privacy/other", "path": "t", "what": "x"}], "coverage": {"read": ["t"], "skipped": []}}
}

test_denies if {
	rule.deny == {"t: x"} with input.scans.privacy as {"findings": [{"id": "privacy/personal-data", "path": "t", "what": "x"}], "coverage": {"read": ["t"], "skipped": []}}
}

test_denies_what_was_not_read if {
	rule.deny == {"t was not read: locked"} with input.scans.privacy as {"findings": [], "coverage": {"read": ["u"], "skipped": [{"path": "t", "reason": "locked"}]}}
}

test_unknown_when_nothing_was_read if {
	count(rule.unknown) == 1 with input.scans.privacy as {"findings": [], "coverage": {"read": [], "skipped": []}}
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0}
}
