package policies.rules.integrity.evaluator_is_not_builder_test

import data.policies.lib.worlds_test
import data.policies.rules.integrity.evaluator_is_not_builder as rule

pair(a, b) := [{"kind": "provenance", "signer": {"name": "p", "keyId": a}}, {"kind": "scan/fairness", "signer": {"name": "q", "keyId": b}}]

test_passes if {
	count(rule.deny) + count(rule.unknown) == 0 with input.evidence as pair("a", "b") with input.provenance as {"builder": "x"}
}

test_denies_one_key if {
	rule.deny == {"one signer vouches for the build and for scan/fairness"} with input.evidence as pair("a", "a") with input.provenance as {"builder": "x"}
}

test_denies_one_identity if {
	count(rule.deny) == 1 with input.evidence as [{"kind": "provenance", "signer": {"name": "p", "keyId": "k", "identity": "i"}}, {"kind": "scan/fairness", "signer": {"name": "p", "keyId": "l", "identity": "i"}}] with input.provenance as {"builder": "x"}
}

test_unknown_without_scans if {
	count(rule.unknown) == 1 with input.evidence as [{"kind": "provenance", "signer": {"keyId": "a"}}] with input.provenance as {"builder": "x"}
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 1}
}

test_passes_other_identity if {
	rule.deny == set() with input.evidence as [{"kind": "provenance", "signer": {"keyId": "k", "identity": "i"}}, {"kind": "scan/fairness", "signer": {"keyId": "k", "identity": "j"}}] with input.provenance as {"builder": "x"}
}
