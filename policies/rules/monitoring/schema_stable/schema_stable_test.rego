package policies.rules.monitoring.schema_stable_test

import data.policies.lib.worlds_test
import data.policies.rules.monitoring.schema_stable as rule

system := {"tables": [{"name": "p", "kind": "production"}]}

test_passes if {
	(count(rule.deny) + count(rule.unknown)) + count(rule.not_applicable) == 0 with input.scans.drift as {"findings": [{"id": "drift/new-category", "path": "p", "what": "x"}], "coverage": {"read": ["p"]}} with input.system as system
}

test_denies if {
	rule.deny == {"p: x"} with input.scans.drift as {"findings": [{"id": "drift/type-changed", "path": "p", "what": "x"}], "coverage": {"read": ["p"]}} with input.system as system
}

test_unknown_when_nothing_was_read if {
	count(rule.unknown) == 1 with input.scans.drift as {"findings": [], "coverage": {"read": []}} with input.system as system
}

test_not_applicable_without_production_data if {
	count(rule.not_applicable) == 1 with input.scans.drift as {"findings": [], "coverage": {"read": []}} with input.system as {"tables": [{"name": "t", "kind": "training"}]}
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0, "not_applicable": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0, "not_applicable": 1}
}
