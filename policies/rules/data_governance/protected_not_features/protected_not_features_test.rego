package policies.rules.data_governance.protected_not_features_test

import data.policies.lib.worlds_test
import data.policies.rules.data_governance.protected_not_features as rule

tables(training) := {"tables": [training, {"name": "p", "kind": "predictions", "protected": ["age"]}]}

test_passes if {
	count(rule.deny) + count(rule.unknown) == 0 with input.system as tables({"name": "t", "kind": "training", "features": ["income"]})
}

test_passes_when_the_column_has_its_role if {
	count(rule.deny) + count(rule.unknown) == 0 with input.system as tables({"name": "t", "kind": "training", "protected": ["age"]})
}

test_denies if {
	rule.deny == {"table t: age is a feature and a protected attribute"} with input.system as tables({"name": "t", "kind": "training", "features": ["age"]})
}

test_unknown_without_a_list if {
	rule.unknown == {"table t lists no features, and does not say that age is none"} with input.system as tables({"name": "t", "kind": "training"})
}

test_unknown_without_attributes if {
	rule.unknown == {"no protected attribute is declared"} with input.system as {"tables": [{"name": "t", "kind": "training", "features": ["a"]}]}
}

test_unknown_without_training_data if {
	rule.unknown == {"no table of kind training is declared"} with input.system as {"tables": [{"name": "p", "kind": "predictions", "protected": ["age"]}]}
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 1}
}
