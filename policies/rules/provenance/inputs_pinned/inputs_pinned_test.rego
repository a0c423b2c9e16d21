package policies.rules.provenance.inputs_pinned_test

import data.policies.lib.worlds_test
import data.policies.rules.provenance.inputs_pinned as rule

test_passes if {
	rule.deny == set() with input.lineage as [{"source": "git", "inputs": [{"kind": "code", "name": "r", "digest": "gitCommit:4444444444444444444444444444444444444444"}, {"kind": "dataset", "name": "d", "digest": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}], "facts": {}}]
}

test_denies_a_bare_name if {
	rule.deny == {"dataset d is not pinned by a digest"} with input.lineage as [{"source": "git", "inputs": [{"kind": "dataset", "name": "d"}], "facts": {}}]
}

test_denies_a_short_digest if {
	rule.deny == {"dataset d is not pinned by a digest"} with input.lineage as [{"source": "git", "inputs": [{"kind": "dataset", "name": "d", "digest": "sha256:aa"}], "facts": {}}]
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 3}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}
