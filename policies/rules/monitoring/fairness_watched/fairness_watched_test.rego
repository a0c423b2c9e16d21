package policies.rules.monitoring.fairness_watched_test

import data.policies.lib.worlds_test
import data.policies.rules.monitoring.fairness_watched as rule

test_passes if {
	rule.deny == set() with input.system as {"tables": [{"kind": "predictions", "protected": ["age"]}], "monitoring": {"metrics": ["fairness/selection_rate"]}}
}

test_denies_none if {
	rule.deny == {"protected attributes are declared, and no metric of fairness is watched"} with input.system as {"tables": [{"kind": "predictions", "protected": ["age"]}]}
}

test_unknown_without_attributes if {
	count(rule.unknown) == 1 with input.system as {"tables": []}
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1, "unknown": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 1}
}
