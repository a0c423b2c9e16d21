package policies.rules.classification.class_known_test

import data.policies.lib.worlds_test
import data.policies.rules.classification.class_known as rule

test_passes if {
	rule.deny == set() with input.system as {"riskClass": "limited"}
}

test_denies_prohibited if {
	rule.deny == {"the system is declared to be a prohibited practice"} with input.system as {"riskClass": "prohibited"}
}

test_denies_another_word if {
	rule.deny == {"risk class \"low\" is none of high, limited, minimal, gpai"} with input.system as {"riskClass": "low"}
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0}
}
