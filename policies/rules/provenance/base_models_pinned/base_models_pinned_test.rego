package policies.rules.provenance.base_models_pinned_test

import data.policies.lib.worlds_test
import data.policies.rules.provenance.base_models_pinned as rule

test_passes if {
	count(rule.deny) + count(rule.not_applicable) == 0 with input.lineage as [{"source": "git", "inputs": [{"kind": "base-model", "name": "b", "digest": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}], "facts": {}}]
}

test_denies_a_name if {
	rule.deny == {"base model b is not pinned by a SHA-256"} with input.lineage as [{"source": "git", "inputs": [{"kind": "base-model", "name": "b"}], "facts": {}}]
}

test_not_applicable_without if {
	count(rule.not_applicable) == 1 with input.lineage as [{"source": "git", "inputs": [{"kind": "code", "name": "b"}], "facts": {}}]
}

test_noise if {
	said := {"deny": count(rule.deny), "not_applicable": count(rule.not_applicable)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "not_applicable": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "not_applicable": count(rule.not_applicable)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "not_applicable": 1}
}
