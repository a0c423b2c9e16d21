package policies.rules.provenance.training_data_digest_test

import data.policies.lib.worlds_test
import data.policies.rules.provenance.training_data_digest as rule

test_passes if {
	rule.deny == set() with input.lineage as [{"source": "git", "inputs": [{"kind": "dataset", "name": "d", "digest": "sha256:aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}], "facts": {}}]
}

test_denies_no_data if {
	rule.deny == {"the lineage names no training data"} with input.lineage as [{"source": "git", "inputs": [{"kind": "code", "name": "r"}], "facts": {}}]
}

test_denies_no_digest if {
	rule.deny == {"data set d has no SHA-256"} with input.lineage as [{"source": "git", "inputs": [{"kind": "dataset", "name": "d"}], "facts": {}}]
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0}
}
