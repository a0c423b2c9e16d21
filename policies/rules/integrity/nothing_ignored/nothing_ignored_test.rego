package policies.rules.integrity.nothing_ignored_test

import data.policies.lib.worlds_test
import data.policies.rules.integrity.nothing_ignored as rule

sig(paths, links) := {"serialization": {"ignore_paths": paths, "allow_symlinks": links}}

test_passes if {
	rule.deny == set() with input.signature as sig([".git", "model.sig"], false)
}

test_denies_a_path if {
	rule.deny == {"the signature ignores weights/extra.bin"} with input.signature as sig(["weights/extra.bin"], false)
}

test_denies_links if {
	rule.deny == {"the signature allows symbolic links"} with input.signature as sig([], true)
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0}
}
