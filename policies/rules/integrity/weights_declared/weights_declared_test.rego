package policies.rules.integrity.weights_declared_test

import data.policies.lib.worlds_test
import data.policies.rules.integrity.weights_declared as rule

system := {"model": {"files": ["model/*.json"]}}

test_passes if {
	rule.deny == set() with input.system as system with input.subject as {"files": [{"path": "model/m.json", "kind": "weight"}]}
}

test_denies_a_stranger if {
	rule.deny == {"weight file m.bin is not declared"} with input.system as system with input.subject as {"files": [{"path": "m.bin", "kind": "weight"}]}
}

test_denies_no_weights if {
	rule.deny == {"the artifact holds no weight file"} with input.system as system with input.subject as {"files": []}
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}
