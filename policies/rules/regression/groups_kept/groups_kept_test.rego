package policies.rules.regression.groups_kept_test

import data.policies.lib.worlds_test
import data.policies.rules.regression.groups_kept as rule

rate(group) := [{"metric": "fairness/selection_rate", "value": 0.5, "n": 9, "slice": {"attribute": "age", "group": group}}, {"metric": "fairness/other", "value": 0, "n": 1}]

test_passes if {
	(count(rule.deny) + count(rule.unknown)) + count(rule.not_applicable) == 0 with input.baseline as {"named": true, "fairness": rate("young")} with input.scans.fairness as {"measurements": rate("young")}
}

test_denies_a_group_less if {
	rule.deny == {"group young of age was measured of the model in use, and is not now"} with input.baseline as {"named": true, "fairness": rate("young")} with input.scans.fairness as {"measurements": rate("old")}
}

test_unknown_when_the_baseline_says_nothing if {
	count(rule.unknown) == 1 with input.baseline as {"named": true, "fairness": []} with input.scans.fairness as {"measurements": []}
}

test_not_applicable_without_a_baseline if {
	count(rule.not_applicable) == 1 with input.baseline as {"named": false} with input.scans.fairness as {"measurements": []}
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1, "unknown": 0, "not_applicable": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0, "not_applicable": 1}
}
