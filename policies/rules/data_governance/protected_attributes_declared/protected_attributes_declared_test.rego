package policies.rules.data_governance.protected_attributes_declared_test

import data.policies.lib.worlds_test
import data.policies.rules.data_governance.protected_attributes_declared as rule

test_passes if {
	rule.deny == set() with input.system as {"tables": [{"kind": "predictions", "protected": ["age"]}]}
}

test_denies_none if {
	rule.deny == {"no table of predictions declares protected attributes"} with input.system as {"tables": [{"kind": "training", "protected": ["age"]}]}
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}
