package policies.rules.explainability.coverage_test

import data.policies.lib.worlds_test
import data.policies.rules.explainability.coverage as rule

scan(value) := {"measurements": [{"metric": "explainability/coverage", "value": value, "n": 100}]}

config := {"explainability": {"coverage_min": 0.9}}

test_passes_at_the_bound if {
	count(rule.deny) + count(rule.unknown) == 0 with input.scans.explainability as scan(0.9) with data.config.thresholds as config
}

test_denies_beyond if {
	rule.deny == {"only 0.500 of the predictions are explained; at least 0.900 is demanded"} with input.scans.explainability as scan(0.5) with data.config.thresholds as config
}

test_denies_at_the_worse_end if {
	count(rule.deny) == 1 with input.scans.explainability as {"measurements": [{"metric": "explainability/coverage", "value": 0.9, "low": 0.5, "n": 100}]} with data.config.thresholds as config
}

test_unknown_when_not_measured if {
	rule.unknown == {"explainability/coverage was not measured"} with input.scans.explainability as {"measurements": []} with data.config.thresholds as config
}

test_unknown_on_no_rows if {
	rule.unknown == {"explainability/coverage rests on no rows"} with input.scans.explainability as {"measurements": [{"metric": "explainability/coverage", "value": 0.9, "n": 0}]} with data.config.thresholds as config
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 1}
}
