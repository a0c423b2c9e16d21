package policies.rules.evaluation.thresholds_dated_test

import data.policies.lib.worlds_test
import data.policies.rules.evaluation.thresholds_dated as rule

test_passes if {
	rule.deny == set() with input.thresholds as {"proof": "signature", "setAt": "2026-01-01T00:00:00Z"}
}

test_denies_unsigned if {
	rule.deny == {"nobody signed the thresholds of this stage"} with input.thresholds as {"proof": "none"}
}

test_denies_undated if {
	rule.deny == {"the signed thresholds carry no date"} with input.thresholds as {"proof": "signature"}
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}
