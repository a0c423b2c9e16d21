package policies.rules.safety.scan_complete_test

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
