package policies.rules.safety.no_foreign_code_test

import data.policies.lib.worlds_test
import data.policies.rules.safety.no_foreign_code as rule

test_passes if {
	count(rule.deny) + count(rule.unknown) == 0 with input.scans.modelfile as {"findings": [{"id": "zip/prefix", "path": "f", "what": "x"}], "coverage": {"read": ["f"]}}
}

test_denies if {
	rule.deny == {"f: x (json/remote-code)"} with input.scans.modelfile as {"findings": [{"id": "json/remote-code", "path": "f", "what": "x"}], "coverage": {"read": ["f"]}}
}

test_unknown_when_nothing_was_read if {
	count(rule.unknown) == 1 with input.scans.modelfile as {"findings": [], "coverage": {"read": []}}
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0}
}
