package policies.rules.integrity.signature_covers_files_test

import data.policies.lib.worlds_test
import data.policies.rules.integrity.signature_covers_files as rule

test_passes if {
	rule.deny == set() with input.subject as {"files": [{"path": "a"}]} with input.signature as {"resources": [{"name": "a", "algorithm": "sha256", "digest": "11"}]}
}

test_denies_an_unsigned_file if {
	rule.deny == {"b is not signed"} with input.subject as {"files": [{"path": "a"}, {"path": "b"}]} with input.signature as {"resources": [{"name": "a", "algorithm": "sha256", "digest": "11"}]}
}

test_denies_a_lost_file if {
	rule.deny == {"a is signed and not in the artifact"} with input.subject as {"files": []} with input.signature as {"resources": [{"name": "a", "algorithm": "sha256", "digest": "11"}]}
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 5}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}
