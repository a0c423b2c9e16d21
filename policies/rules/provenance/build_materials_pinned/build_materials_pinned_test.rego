package policies.rules.provenance.build_materials_pinned_test

import data.policies.rules.provenance.build_materials_pinned as rule

test_passes if {
	rule.deny == set() with input.provenance as {"resolvedDependencies": [{"sha256": "aa"}, {"gitCommit": "bb"}]}
}

test_denies_no_inputs if {
	rule.deny == {"the build names no inputs"} with input.provenance as {}
}

test_denies_no_digest if {
	rule.deny == {"input 1 of the build has no digest"} with input.provenance as {"resolvedDependencies": [{"sha256": "aa"}, {"uri": "x"}]}
}
