package policies.rules.performance.enough_rows_test

import data.policies.lib.worlds_test
import data.policies.rules.performance.enough_rows as rule

scan(n) := {"measurements": [{"metric": "performance/accuracy", "value": 0.9, "n": n}]}

config := {"performance": {"rows_min": 100}}

test_passes if {
	count(rule.deny) + count(rule.unknown) == 0 with input.scans.performance as scan(100) with data.config.thresholds as config
}

test_denies_a_handful if {
	rule.deny == {"performance/accuracy rests on 20 rows; at least 100 are demanded"} with input.scans.performance as scan(20) with data.config.thresholds as config
}

test_unknown_when_not_measured if {
	count(rule.unknown) == 1 with input.scans.performance as {"measurements": [{"metric": "performance/accuracy", "value": 0.9, "n": 200, "slice": {"group": "young"}}]} with data.config.thresholds as config
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 1}
}
