package policies.rules.integrity.producers_only_produce_test

import data.policies.lib.worlds_test
import data.policies.rules.integrity.producers_only_produce as rule

by(kind, roles) := [{"kind": kind, "signer": {"name": "pipeline", "roles": roles}}]

test_passes if {
	count(rule.deny) + count(rule.unknown) == 0 with input.evidence as by("system", ["producer"])
}

test_denies_a_second_office if {
	rule.deny == {"pipeline signed evidence and is also model-risk-officer"} with input.evidence as by("system", ["producer", "model-risk-officer"])
}

test_acts_of_persons_are_no_evidence if {
	count(rule.unknown) == 1 with input.evidence as by("", ["model-risk-officer"])
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 1}
}
