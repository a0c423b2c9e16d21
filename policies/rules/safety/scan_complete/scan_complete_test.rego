package policies.rules.safety.scan_complete_test

import data.policies.lib.worlds_test
import data.policies.rules.safety.scan_complete as rule

test_passes if {
	rule.deny == set() with input.scans.modelfile as {"coverage": {"read": ["m.json"], "skipped": []}} with input.subject as {"files": [{"path": "m.json", "kind": "weight"}]}
}

test_denies_a_gap if {
	rule.deny == {"m.json was not read: encrypted"} with input.scans.modelfile as {"coverage": {"read": ["m.json"], "skipped": [{"path": "m.json", "reason": "encrypted"}]}} with input.subject as {"files": [{"path": "m.json", "kind": "weight"}]}
}

test_denies_a_file_not_looked_at if {
	rule.deny == {"weight file m.json was not read"} with input.scans.modelfile as {"coverage": {"read": ["a"], "skipped": []}} with input.subject as {"files": [{"path": "m.json", "kind": "weight"}]}
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 2}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0}
}
