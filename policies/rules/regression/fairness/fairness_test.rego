package policies.rules.regression.fairness_test

import data.policies.lib.worlds_test
import data.policies.rules.regression.fairness as rule

one(v, h) := [{"metric": "fairness/demographic_parity_difference", "value": v, "low": 0, "high": h, "n": 9, "slice": {"attribute": "age"}}]

config := {"regression": {"fairness_margin": 0.02}}

test_passes if {
	(count(rule.deny) + count(rule.unknown)) + count(rule.not_applicable) == 0 with input.baseline as {"named": true, "fairness": one(0.05, 0.1)} with input.scans.fairness as {"measurements": one(0.06, 0.11)} with data.config.thresholds as config
}

test_denies_more_difference if {
	rule.deny == {"fairness/demographic_parity_difference, age: may be 0.200; of the model in use at most 0.100, and 0.020 more is allowed"} with input.baseline as {"named": true, "fairness": one(0.05, 0.1)} with input.scans.fairness as {"measurements": one(0.1, 0.2)} with data.config.thresholds as config
}

test_denies_what_is_left_out if {
	rule.deny == {"fairness/demographic_parity_difference of age was measured of the model in use, and is not now"} with input.baseline as {"named": true, "fairness": one(0.05, 0.1)} with input.scans.fairness as {"measurements": [{"metric": "fairness/demographic_parity_difference", "value": 0, "n": 1, "slice": {"attribute": "age", "group": "x"}}]} with data.config.thresholds as config
}

test_unknown_when_the_baseline_lacks_an_interval if {
	count(rule.unknown) == 2 with input.baseline as {"named": true, "fairness": [{"metric": "fairness/demographic_parity_difference", "value": 0, "n": 1}]} with input.scans.fairness as {"measurements": []} with data.config.thresholds as config
}

test_unknown_when_the_baseline_says_nothing if {
	count(rule.unknown) == 1 with input.baseline as {"named": true, "fairness": [{"metric": "fairness/demographic_parity_difference", "value": 0, "low": 0, "high": 0, "n": 1, "slice": {"attribute": "age", "group": "x"}}]} with input.scans.fairness as {"measurements": []} with data.config.thresholds as config
}

test_not_applicable_without_a_baseline if {
	count(rule.not_applicable) == 1 with input.baseline as {"named": false} with input.scans.fairness as {"measurements": []} with data.config.thresholds as config
}

test_a_difference_of_nobody_does_not_count if {
	count(rule.deny) == 1 with input.baseline as {"named": true, "fairness": one(0.05, 0.1)} with input.scans.fairness as {"measurements": [{"metric": "fairness/demographic_parity_difference", "value": 0, "low": 0, "high": 0, "n": 1}]} with data.config.thresholds as config
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 2, "unknown": 2, "not_applicable": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0, "not_applicable": 1}
}
