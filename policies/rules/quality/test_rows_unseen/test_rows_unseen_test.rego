package policies.rules.quality.test_rows_unseen_test

import data.policies.lib.worlds_test
import data.policies.rules.quality.test_rows_unseen as rule

scan(v, h, n) := {"measurements": [{"metric": "quality/leaked_share", "value": v, "low": 0, "high": h, "n": n, "slice": {"table": "held", "from": "training"}}]}

system := {"tables": [{"name": "held", "kind": "test"}, {"name": "training", "kind": "training"}]}

config := {"quality": {"leaked_share_max": 0.01}}

test_passes if {
	(count(rule.deny) + count(rule.unknown)) + count(rule.not_applicable) == 0 with input.scans.quality as scan(0, 0.005, 500) with input.system as system with data.config.thresholds as config
}

test_denies_at_the_upper_end if {
	rule.deny == {"table held: up to 0.050 of the rows may stand in the training table; at most 0.010 is allowed"} with input.scans.quality as scan(0.009, 0.05, 500) with input.system as system with data.config.thresholds as config
}

test_unknown_when_not_measured if {
	rule.unknown == {"quality/leaked_share of table held was not measured"} with input.scans.quality as {"measurements": [{"metric": "quality/other", "value": 0, "n": 1}]} with input.system as system with data.config.thresholds as config
}

test_unknown_without_an_interval if {
	"a measurement of quality/leaked_share has no interval" in rule.unknown with input.scans.quality as {"measurements": [{"metric": "quality/leaked_share", "value": 0, "n": 9, "slice": {"table": "held"}}]} with input.system as system with data.config.thresholds as config
}

test_unknown_on_no_rows if {
	rule.unknown == {"quality/leaked_share of held rests on no rows"} with input.scans.quality as scan(0, 0.005, 0) with input.system as system with data.config.thresholds as config
}

test_not_applicable_without_a_test if {
	count(rule.not_applicable) == 1 with input.scans.quality as {"measurements": []} with input.system as {"tables": [{"name": "training", "kind": "training"}]}
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 1, "not_applicable": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0, "not_applicable": 1}
}
