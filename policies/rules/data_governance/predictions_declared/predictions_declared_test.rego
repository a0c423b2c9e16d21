package policies.rules.data_governance.predictions_declared_test

import data.policies.lib.worlds_test
import data.policies.rules.data_governance.predictions_declared as rule

test_passes if {
	rule.deny == set() with input.system as {"tables": [{"name": "p", "kind": "predictions", "label": "y", "score": "s"}]}
}

test_denies_none if {
	rule.deny == {"no table of kind predictions is declared"} with input.system as {}
}

test_denies_no_label if {
	rule.deny == {"table p: no label column is declared"} with input.system as {"tables": [{"name": "p", "kind": "predictions", "prediction": "s"}]}
}

test_denies_no_answer if {
	rule.deny == {"table p: neither a prediction nor a score column is declared"} with input.system as {"tables": [{"name": "p", "kind": "predictions", "label": "y"}]}
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 2}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}
