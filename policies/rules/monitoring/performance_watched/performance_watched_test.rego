package policies.rules.monitoring.performance_watched_test

import data.policies.rules.monitoring.performance_watched as rule

test_passes if {
	rule.deny == set() with input.system as {"monitoring": {"metrics": ["performance/roc_auc"]}}
}

test_denies_none if {
	rule.deny == {"no metric of performance is watched"} with input.system as {"monitoring": {"metrics": ["drift/psi"]}}
}
