package policies.rules.documentation.purpose_stated_test

import data.policies.rules.documentation.purpose_stated as rule

test_passes if {
	rule.deny == set() with input.system as {"purpose": "Scores applications for credit."}
}

test_denies_a_word if {
	rule.deny == {"the stated purpose is shorter than a sentence"} with input.system as {"purpose": "credit            "}
}
