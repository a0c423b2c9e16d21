package policies.rules.performance.no_block_findings_test

import data.policies.lib.worlds_test
import data.policies.rules.performance.no_block_findings as rule

found(id, severity) := {"findings": [{"id": id, "path": "a", "what": "b", "severity": severity}]}

test_passes if {
	rule.deny == set() with input.scans.performance as {"findings": []}
}

test_denies if {
	rule.deny == {"a: b (performance/reversed-score)"} with input.scans.performance as found("performance/reversed-score", "block")
}

test_lets_the_harmless_by if {
	rule.deny == set() with input.scans.performance as found("x/other", "info")
}

test_denies_what_the_scanner_calls_a_warning if {
	rule.deny == {"t: x (performance/reversed-score)"} with input.scans.performance as {"findings": [{"id": "performance/reversed-score", "path": "t", "what": "x", "severity": "warn"}], "coverage": {"read": ["t"]}}
}

test_unknown_when_nothing_was_read if {
	count(rule.unknown) == 1 with input.scans.performance as {"findings": [], "coverage": {"read": []}}
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0}
}
