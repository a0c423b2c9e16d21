package policies.rules.regression.performance_test

import data.policies.lib.worlds_test
import data.policies.rules.regression.performance as rule

one(metric, v, l, h, n) := [{"metric": metric, "value": v, "low": l, "high": h, "n": n}]

config := {"regression": {"performance_margin": 0.02}}

before(list) := {"named": true, "performance": list}

scan(list) := {"measurements": list}

test_passes_within_the_margin if {
	(count(rule.deny) + count(rule.unknown)) + count(rule.not_applicable) == 0 with input.baseline as before(one("performance/roc_auc", 0.8, 0.78, 0.82, 100)) with input.scans.performance as scan(one("performance/roc_auc", 0.79, 0.77, 0.81, 100)) with data.config.thresholds as config
}

test_denies_less if {
	rule.deny == {"performance/roc_auc may be as low as 0.700; the model in use reaches at least 0.780, and 0.020 less is allowed"} with input.baseline as before(one("performance/roc_auc", 0.8, 0.78, 0.82, 100)) with input.scans.performance as scan(one("performance/roc_auc", 0.75, 0.7, 0.8, 100)) with data.config.thresholds as config
}

test_denies_more_error if {
	rule.deny == {"performance/brier may be as high as 0.300; the model in use has at most 0.180, and 0.020 more is allowed"} with input.baseline as before(one("performance/brier", 0.16, 0.15, 0.18, 100)) with input.scans.performance as scan(one("performance/brier", 0.25, 0.2, 0.3, 100)) with data.config.thresholds as config
	rule.deny == set() with input.baseline as before(one("performance/brier", 0.16, 0.15, 0.18, 100)) with input.scans.performance as scan(one("performance/brier", 0.16, 0.15, 0.18, 100)) with data.config.thresholds as config
}

test_denies_what_is_left_out if {
	rule.deny == {"performance/r2 was measured of the model in use, and is not now"} with input.baseline as before(one("performance/r2", 0.8, 0.7, 0.9, 100)) with input.scans.performance as scan([{"metric": "performance/other", "value": 1, "n": 1}]) with data.config.thresholds as config
}

test_unknown_on_other_rows if {
	count(rule.unknown) == 1 with input.baseline as before(one("performance/r2", 0.8, 0.7, 0.9, 100)) with input.scans.performance as scan(one("performance/r2", 0.8, 0.7, 0.9, 90)) with data.config.thresholds as config
}

test_unknown_without_an_interval if {
	rule.unknown == {"performance/r2 has no interval"} with input.baseline as before([{"metric": "performance/r2", "value": 1, "n": 1}, {"metric": "performance/r2", "value": 1, "n": 1, "slice": {"group": "x"}}]) with input.scans.performance as scan([{"metric": "performance/r2", "value": 1, "n": 1}, {"metric": "performance/r2", "value": 1, "n": 1, "slice": {"group": "x"}}]) with data.config.thresholds as config
}

test_unknown_when_the_baseline_says_nothing if {
	count(rule.unknown) == 1 with input.baseline as before([{"metric": "performance/other", "value": 1, "n": 1}]) with input.scans.performance as scan([]) with data.config.thresholds as config
}

test_not_applicable_without_a_baseline if {
	count(rule.not_applicable) == 1 with input.baseline as {"named": false} with input.scans.performance as scan([]) with data.config.thresholds as config
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0, "not_applicable": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0, "not_applicable": 1}
}
