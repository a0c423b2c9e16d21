package policies.rules.provenance.base_models_pinned_test

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
