package policies.rules.provenance.builder_vouched_test

import data.policies.lib.worlds_test
import data.policies.rules.provenance.builder_vouched as rule

test_passes if {
	rule.deny == set() with input.provenance as {"builder": "https://github.com/actions/runner/github-hosted"}
}

test_denies_a_shell if {
	count(rule.deny) == 1 with input.provenance as {"builder": "https://github.com/modelvet/modelvet/builders/unverified"}
}

test_denies_no_address if {
	rule.deny == {`the builder "my laptop" is no address of a build platform`} with input.provenance as {"builder": "my laptop"}
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0}
}
