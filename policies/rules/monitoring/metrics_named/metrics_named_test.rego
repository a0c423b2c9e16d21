package policies.rules.monitoring.metrics_named_test

import data.policies.rules.monitoring.metrics_named as rule

test_passes if {
	rule.deny == set() with input.system as {"monitoring": {"owner": "desk", "metrics": ["auc"]}}
}

test_denies_none if {
	rule.deny == {"nobody is named under monitoring.owner", "no metric is named under monitoring.metrics"} with input.system as {}
}
