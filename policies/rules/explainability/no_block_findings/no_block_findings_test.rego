package policies.rules.explainability.no_block_findings_test

import data.policies.lib.worlds_test
import data.policies.rules.explainability.no_block_findings as rule

found(id, severity) := {"findings": [{"id": id, "path": "a", "what": "b", "severity": severity}]}

test_passes if {
	rule.deny == set() with input.scans.explainability as {"findings": []}
}

test_denies if {
	rule.deny == {"a: b (explainability/constant)"} with input.scans.explainability as found("explainability/constant", "block")
}

test_lets_the_harmless_by if {
	rule.deny == set() with input.scans.explainability as found("x/other", "info")
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0}
}
