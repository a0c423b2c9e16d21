package policies.rules.documentation.accuracy_declared_test

import data.policies.lib.worlds_test
import data.policies.rules.documentation.accuracy_declared as rule

test_passes if {
	rule.deny == set() with input.system as {"performance": {"performance/roc_auc": 0.8}}
}

test_denies_none if {
	rule.deny == {"no performance figure is declared"} with input.system as {}
}

test_denies_an_empty_list if {
	rule.deny == {"no performance figure is declared"} with input.system as {"performance": {}}
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}
