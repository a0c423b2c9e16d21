package policies.rules.integrity.digests_match_test

import data.policies.lib.worlds_test
import data.policies.rules.integrity.digests_match as rule

test_passes if {
	count(rule.deny) + count(rule.unknown) == 0 with input.subject as {"files": [{"path": "a", "digest": "sha256:11"}]} with input.signature as {"resources": [{"name": "a", "algorithm": "sha256", "digest": "11"}]}
}

test_denies_a_change if {
	rule.deny == {"a: signed as 11, packed as sha256:22"} with input.subject as {"files": [{"path": "a", "digest": "sha256:22"}]} with input.signature as {"resources": [{"name": "a", "algorithm": "sha256", "digest": "11"}]}
}

test_denies_another_algorithm if {
	rule.deny == {"a: its digest is md5, and sha256 is wanted"} with input.subject as {"files": [{"path": "a", "digest": "sha256:11"}]} with input.signature as {"resources": [{"name": "a", "algorithm": "md5", "digest": "11"}]}
}

test_unknown_without_a_digest if {
	rule.unknown == {"no signed digest of b"} with input.subject as {"files": [{"path": "b", "digest": "sha256:11"}]} with input.signature as {"resources": [{"name": "a", "algorithm": "sha256", "digest": "11"}]}
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 4}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 1}
}
