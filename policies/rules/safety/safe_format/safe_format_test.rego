package policies.rules.safety.safe_format_test

import data.policies.lib.worlds_test
import data.policies.rules.safety.safe_format as rule

files(path) := {"files": [{"path": path, "kind": "weight"}]}

test_passes if {
	rule.deny == set() with input.subject as files("m.safetensors") with input.scans.modelfile as {"findings": []}
}

test_denies_by_name if {
	rule.deny == {"m.pkl: its format is not on the list of those that hold data only"} with input.subject as files("m.pkl") with input.scans.modelfile as {"findings": []}
}

test_denies_by_content if {
	rule.deny == {"m.json: it is a pickle, whatever its name says"} with input.subject as files("m.json") with input.scans.modelfile as {"findings": [{"id": "pickle/harmless", "path": "m.json!data.pkl"}]}
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 2}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0}
}
