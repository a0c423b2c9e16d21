package policies.rules.quality.class_balance_test

import data.policies.lib.worlds_test
import data.policies.rules.quality.class_balance as rule

scan(v, l) := {"measurements": [{"metric": "quality/minority_class_share", "value": v, "low": l, "high": 0.5, "n": 100, "slice": {"table": "training"}}]}

config := {"quality": {"minority_class_min": 0.05}}

test_passes if {
	count(rule.deny) + count(rule.unknown) == 0 with input.scans.quality as scan(0.3, 0.2) with data.config.thresholds as config
}

test_denies_at_the_lower_end if {
	rule.deny == {"table training: the rarest label may make up only 0.010 of the rows; at least 0.050 is demanded"} with input.scans.quality as scan(0.06, 0.01) with data.config.thresholds as config
}

test_unknown_when_not_measured if {
	rule.unknown == {"quality/minority_class_share was not measured"} with input.scans.quality as {"measurements": [{"metric": "quality/other", "value": 1, "n": 1}]} with data.config.thresholds as config
}

test_unknown_for_another_table if {
	rule.unknown == {"quality/minority_class_share of table t was not measured"} with input.scans.quality as scan(0.3, 0.2) with input.system as {"model": {"task": "multiclass"}, "tables": [{"name": "t", "kind": "training"}, {"name": "u", "kind": "test"}]} with data.config.thresholds as config
	rule.unknown == set() with input.scans.quality as scan(0.3, 0.2) with input.system as {"model": {"task": "multiclass"}, "tables": [{"name": "training", "kind": "training"}]} with data.config.thresholds as config
}

test_not_applicable_to_regression if {
	rule.not_applicable == {"a regression has no classes"} with input.scans.quality as {"measurements": []} with input.system as {"model": {"task": "regression"}, "tables": [{"name": "t", "kind": "training"}]}
}

test_unknown_without_an_interval if {
	count(rule.unknown) == 1 with input.scans.quality as {"measurements": [{"metric": "quality/minority_class_share", "value": 0.4, "n": 1}]} with data.config.thresholds as config
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 2, "not_applicable": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0, "not_applicable": 1}
}
