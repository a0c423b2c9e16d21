package policies.rules.explainability.recomputed_test

import data.policies.lib.worlds_test
import data.policies.rules.explainability.recomputed as rule

scan(value) := {"measurements": [{"metric": "explainability/recomputed_max_error", "value": value, "n": 100}]}

config := {"explainability": {"recomputed_error_max": 0.01}}

test_passes_at_the_bound if {
	count(rule.deny) + count(rule.unknown) == 0 with input.scans.explainability as scan(0.01) with data.config.thresholds as config
}

test_denies_beyond if {
	rule.deny == {"supplied and recomputed attributions differ by up to 0.5; at most 0.01 is allowed"} with input.scans.explainability as scan(0.5) with data.config.thresholds as config
}

test_denies_at_the_worse_end if {
	count(rule.deny) == 1 with input.scans.explainability as {"measurements": [{"metric": "explainability/recomputed_max_error", "value": 0.01, "high": 0.5, "n": 100}]} with data.config.thresholds as config
}

test_unknown_when_not_measured if {
	rule.unknown == {"explainability/recomputed_max_error was not measured"} with input.scans.explainability as {"measurements": []} with data.config.thresholds as config
}

test_unknown_on_no_rows if {
	rule.unknown == {"explainability/recomputed_max_error rests on no rows"} with input.scans.explainability as {"measurements": [{"metric": "explainability/recomputed_max_error", "value": 0.01, "n": 0}]} with data.config.thresholds as config
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 1}
}
