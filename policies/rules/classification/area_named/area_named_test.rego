package policies.rules.classification.area_named_test

import data.policies.lib.worlds_test
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

test_an_area_is_judged_in_every_class if {
	rule.not_applicable == set() with input.system as {"riskClass": "minimal", "annexIII": "annex-iii-5.b"}
}

test_noise if {
	said := {"deny": count(rule.deny), "not_applicable": count(rule.not_applicable)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "not_applicable": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "not_applicable": count(rule.not_applicable)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "not_applicable": 1}
}
