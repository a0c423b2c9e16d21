package policies.rules.provenance.tree_clean_test

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
