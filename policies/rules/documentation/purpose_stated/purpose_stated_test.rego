package policies.rules.documentation.purpose_stated_test

import data.policies.lib.worlds_test
import data.policies.rules.documentation.purpose_stated as rule

test_passes if {
	rule.deny == set() with input.system as {"purpose": "Scores applications for credit."}
}

test_denies_a_word if {
	rule.deny == {"the stated purpose is shorter than a sentence"} with input.system as {"purpose": "credit            "}
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0}
}
