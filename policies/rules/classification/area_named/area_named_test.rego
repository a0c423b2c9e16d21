package policies.rules.classification.area_named_test

import data.policies.rules.classification.area_named as rule

test_passes if {
	rule.deny == set() with input.system as {"riskClass": "high", "annexIII": "annex-iii-5.b"}
}

test_denies_none if {
	rule.deny == {"the system is declared high-risk, and no area of Annex III is named"} with input.system as {"riskClass": "high"}
}

test_denies_no_such_area if {
	rule.deny == {"\"annex-iii-9\" is no area of Annex III"} with input.system as {"riskClass": "high", "annexIII": "annex-iii-9"}
}

test_not_applicable_to_others if {
	rule.not_applicable == {"the system is declared minimal"} with input.system as {"riskClass": "minimal"}
}
