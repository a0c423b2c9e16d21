package policies.rules.provenance.tree_clean_test

import data.policies.lib.worlds_test
import data.policies.rules.provenance.tree_clean as rule

test_passes if {
	count(rule.deny) + count(rule.unknown) == 0 with input.lineage as [{"source": "git", "inputs": [], "facts": {"commit": "abc", "dirty": "false"}}]
}

test_denies_a_changed_tree if {
	rule.deny == {"the working tree was changed when git was read"} with input.lineage as [{"source": "git", "inputs": [], "facts": {"commit": "abc", "dirty": "true"}}]
}

test_unknown_when_not_said if {
	count(rule.unknown) == 1 with input.lineage as [{"source": "git", "inputs": [], "facts": {"commit": "abc"}}]
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 1}
}
