package policies.rules.data_governance.training_table_declared_test

import data.policies.lib.worlds_test
import data.policies.rules.data_governance.training_table_declared as rule

test_passes if {
	rule.deny == set() with input.system as {"tables": [{"name": "t", "kind": "training", "label": "y"}]}
}

test_denies_none if {
	rule.deny == {"no table of kind training is declared"} with input.system as {}
}

test_denies_no_label if {
	rule.deny == {"table t: no label column is declared"} with input.system as {"tables": [{"name": "t", "kind": "training"}]}
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}
