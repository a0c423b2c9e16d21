package policies.rules.provenance.commit_known_test

import data.policies.lib.worlds_test
import data.policies.rules.provenance.commit_known as rule

test_passes_by_fact if {
	rule.deny == set() with input.lineage as [{"source": "git", "inputs": [], "facts": {"commit": "4444444444444444444444444444444444444444"}}]
}

test_passes_by_input if {
	rule.deny == set() with input.lineage as [{"source": "git", "inputs": [{"kind": "code", "name": "r", "digest": "gitCommit:4444444444444444444444444444444444444444"}], "facts": {}}]
}

test_denies if {
	count(rule.deny) == 1 with input.lineage as [{"source": "git", "inputs": [], "facts": {"commit": "main"}}]
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}
