package policies.rules.integrity.no_development_key_test

import data.policies.lib.worlds_test
import data.policies.rules.integrity.no_development_key as rule

test_passes if {
	count(rule.deny) + count(rule.unknown) == 0 with input.evidence as [{"predicateType": "p", "signer": {}}]
}

test_denies if {
	rule.deny == {"p is signed with a development key"} with input.evidence as [{"predicateType": "p", "signer": {"development": true}}]
}

test_unknown_without_evidence if {
	count(rule.unknown) == 1 with input.evidence as []
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 1}
}
