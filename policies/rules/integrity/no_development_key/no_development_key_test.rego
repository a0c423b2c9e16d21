package policies.rules.integrity.no_development_key_test

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
