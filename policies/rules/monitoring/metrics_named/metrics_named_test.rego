package policies.rules.monitoring.metrics_named_test

import data.policies.lib.worlds_test
import data.policies.rules.monitoring.metrics_named as rule

test_passes if {
	rule.deny == set() with input.system as {"monitoring": {"owner": "desk", "metrics": ["auc"]}}
}

test_denies_none if {
	rule.deny == {"nobody is named under monitoring.owner", "no metric is named under monitoring.metrics"} with input.system as {}
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 2}
}
