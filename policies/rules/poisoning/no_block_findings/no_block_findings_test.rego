package policies.rules.poisoning.no_block_findings_test

import data.policies.lib.worlds_test
import data.policies.rules.poisoning.no_block_findings as rule

found(id, severity) := {"findings": [{"id": id, "path": "a", "what": "b", "severity": severity}]}

test_passes if {
	rule.deny == set() with input.scans.poisoning as {"findings": []}
}

test_denies if {
	rule.deny == {"a: b (poisoning/trigger)"} with input.scans.poisoning as found("poisoning/trigger", "block")
}

test_lets_the_harmless_by if {
	rule.deny == set() with input.scans.poisoning as found("x/other", "info")
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0}
}
