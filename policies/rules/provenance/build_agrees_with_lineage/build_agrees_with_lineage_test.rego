package policies.rules.provenance.build_agrees_with_lineage_test

import data.policies.lib.worlds_test
import data.policies.rules.provenance.build_agrees_with_lineage as rule

test_passes if {
	rule.deny == set() with input.lineage as [{"source": "git", "inputs": [{"kind": "dataset", "name": "d", "digest": "sha256:aa"}], "facts": {}}] with input.provenance as {"resolvedDependencies": [{"sha256": "aa"}]}
}

test_denies_another_story if {
	rule.deny == {"data set d of the lineage is no input of the build"} with input.lineage as [{"source": "git", "inputs": [{"kind": "dataset", "name": "d", "digest": "sha256:aa"}], "facts": {}}] with input.provenance as {"resolvedDependencies": [{"sha256": "bb"}]}
}

test_unknown_without_a_digest if {
	rule.unknown == {"data set d of the lineage has no SHA-256 to compare"} with input.lineage as [{"source": "git", "inputs": [{"kind": "dataset", "name": "d"}]}]
		with input.provenance as {}
}

test_unknown_without_data if {
	count(rule.unknown) == 1 with input.lineage as [{"source": "git", "inputs": [{"kind": "code", "name": "d"}]}] with input.provenance as {}
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1, "unknown": 0}
}
