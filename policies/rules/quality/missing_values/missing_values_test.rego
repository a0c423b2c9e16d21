package policies.rules.quality.missing_values_test

import data.policies.lib.worlds_test
import data.policies.rules.quality.missing_values as rule

scan(v, h, n) := {"measurements": [{"metric": "quality/missing_share", "value": v, "low": 0, "high": h, "n": n, "slice": {"table": "training", "column": "income"}}]}

config := {"quality": {"missing_share_max": 0.1}}

test_passes if {
	count(rule.deny) + count(rule.unknown) == 0 with input.scans.quality as scan(0, 0.05, 100) with data.config.thresholds as config
}

test_unknown_for_a_feature_not_measured if {
	rule.unknown == {"table training: quality/missing_share of column age was not measured"} with input.scans.quality as scan(0, 0.05, 100) with input.system as {"tables": [{"name": "training", "kind": "training", "features": ["income", "age"]}]} with data.config.thresholds as config
}

test_denies_at_the_upper_end if {
	rule.deny == {"table training, column income: up to 0.200 of the values may be missing; at most 0.100 is allowed"} with input.scans.quality as scan(0.05, 0.2, 100) with data.config.thresholds as config
}

test_unknown_when_not_measured if {
	rule.unknown == {"quality/missing_share was not measured"} with input.scans.quality as {"measurements": [{"metric": "quality/other", "value": 1, "n": 1}]} with data.config.thresholds as config
}

test_unknown_without_an_interval if {
	count(rule.unknown) == 1 with input.scans.quality as {"measurements": [{"metric": "quality/missing_share", "value": 0, "n": 1}]} with data.config.thresholds as config
}

test_unknown_on_no_rows if {
	rule.unknown == {"quality/missing_share of income rests on no rows"} with input.scans.quality as scan(0, 0.05, 0) with data.config.thresholds as config
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 2}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 1}
}
