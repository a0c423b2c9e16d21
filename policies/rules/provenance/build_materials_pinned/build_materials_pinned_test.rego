package policies.rules.provenance.build_materials_pinned_test

import data.policies.lib.worlds_test
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

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}
