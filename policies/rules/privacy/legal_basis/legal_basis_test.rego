package policies.rules.privacy.legal_basis_test

import data.policies.lib.worlds_test
import data.policies.rules.privacy.legal_basis as rule

test_passes if {
	count(rule.deny) + count(rule.not_applicable) == 0 with input.system as {"personalData": {"processed": true, "legalBasis": "art-6-1-b"}}
}

test_denies_without_a_ground if {
	rule.deny == {"personal data are processed, and no ground of Art. 6(1) GDPR is named"} with input.system as {"personalData": {"processed": true, "legalBasis": "we want to"}}
}

test_denies_when_not_said if {
	rule.deny == {"it is not declared whether personal data are processed"} with input.system as {}
}

test_not_applicable_without_personal_data if {
	count(rule.not_applicable) == 1 with input.system as {"personalData": {"processed": false}}
}

test_noise if {
	said := {"deny": count(rule.deny), "not_applicable": count(rule.not_applicable)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "not_applicable": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "not_applicable": count(rule.not_applicable)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1, "not_applicable": 0}
}
