package policies.rules.monitoring.performance_watched_test

import data.policies.lib.worlds_test
import data.policies.rules.monitoring.performance_watched as rule

test_passes if {
	rule.deny == set() with input.system as {"monitoring": {"metrics": ["performance/roc_auc"]}}
}

test_denies_none if {
	rule.deny == {"no metric of performance is watched"} with input.system as {"monitoring": {"metrics": ["drift/psi"]}}
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}
