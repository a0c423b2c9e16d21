package policies.rules.fairness.equalized_odds_difference_test

import data.policies.lib.worlds_test
import data.policies.rules.fairness.equalized_odds_difference as rule

scan(attribute, v, h) := {"measurements": [{"metric": "fairness/equalized_odds_difference", "value": v, "low": 0, "high": h, "n": 100, "slice": {"attribute": attribute}}]}

system := {"tables": [{"kind": "predictions", "protected": ["age"]}]}

config := {"fairness": {"equalized_odds_difference_max": 0.2}}

test_passes if {
	count(rule.deny) + count(rule.unknown) == 0 with input.scans.fairness as scan("age", 0.05, 0.15) with input.system as system with data.config.thresholds as config
}

test_denies_at_the_worse_end if {
	rule.deny == {"age: error rates may differ by 0.300; at most 0.200 is allowed"} with input.scans.fairness as scan("age", 0.1, 0.3) with input.system as system with data.config.thresholds as config
}

test_a_combination_is_judged_at_its_value if {
	rule.deny == set() with input.scans.fairness as scan("age×sex", 0.1, 0.3) with input.system as system with data.config.thresholds as config
	rule.deny == {"age×sex: error rates differ by 0.250; at most 0.200 is allowed"} with input.scans.fairness as scan("age×sex", 0.25, 0.3) with input.system as system with data.config.thresholds as config
}

test_unknown_when_not_measured if {
	rule.unknown == {"fairness/equalized_odds_difference was not measured for age as a whole"} with input.scans.fairness as {"measurements": [{"metric": "fairness/equalized_odds_difference", "value": 0, "low": 0, "high": 0, "n": 9, "slice": {"attribute": "age", "group": "young"}}]} with input.system as system with data.config.thresholds as config
}

test_unknown_without_attributes if {
	count(rule.unknown) == 1 with input.scans.fairness as {"measurements": []} with input.system as {"tables": []}
}

test_unknown_on_no_rows if {
	count(rule.unknown) == 1 with input.scans.fairness as {"measurements": [{"metric": "fairness/equalized_odds_difference", "value": 0, "low": 0, "high": 0, "n": 0, "slice": {"attribute": "age"}}]} with input.system as system with data.config.thresholds as config
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 1}
}
