package policies.rules.poisoning.label_disagreement_test

import data.policies.lib.worlds_test
import data.policies.rules.poisoning.label_disagreement as rule

scan(value) := {"measurements": [{"metric": "poisoning/label_disagreement", "value": value, "n": 100}]}

config := {"poisoning": {"label_disagreement_max": 0.3}}

test_passes_at_the_bound if {
	count(rule.deny) + count(rule.unknown) == 0 with input.scans.poisoning as scan(0.3) with data.config.thresholds as config
}

test_denies_beyond if {
	rule.deny == {"the labels of 0.500 of the rows may contradict similar rows; at most 0.300 is allowed"} with input.scans.poisoning as scan(0.5) with data.config.thresholds as config
}

test_denies_at_the_worse_end if {
	count(rule.deny) == 1 with input.scans.poisoning as {"measurements": [{"metric": "poisoning/label_disagreement", "value": 0.3, "high": 0.5, "n": 100}]} with data.config.thresholds as config
}

test_unknown_when_not_measured if {
	rule.unknown == {"poisoning/label_disagreement was not measured"} with input.scans.poisoning as {"measurements": []} with data.config.thresholds as config
}

test_unknown_on_no_rows if {
	rule.unknown == {"poisoning/label_disagreement rests on no rows"} with input.scans.poisoning as {"measurements": [{"metric": "poisoning/label_disagreement", "value": 0.3, "n": 0}]} with data.config.thresholds as config
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 1}
}
