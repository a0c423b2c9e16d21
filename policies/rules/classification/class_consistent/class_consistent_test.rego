package policies.rules.classification.class_consistent_test

import data.policies.lib.worlds_test
import data.policies.rules.classification.class_consistent as rule

test_passes if {
	rule.deny == set() with input.system as {"riskClass": "high", "annexIII": "annex-iii-5.b"}
}

test_denies_a_contradiction if {
	rule.deny == {"the use is in annex-iii-5.b of Annex III, and the system is declared minimal"} with input.system as {"riskClass": "minimal", "annexIII": "annex-iii-5.b"}
}

test_not_applicable_without_area if {
	count(rule.not_applicable) == 1 with input.system as {"riskClass": "minimal"}
}

test_noise if {
	said := {"deny": count(rule.deny), "not_applicable": count(rule.not_applicable)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "not_applicable": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "not_applicable": count(rule.not_applicable)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "not_applicable": 1}
}
