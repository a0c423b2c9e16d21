package policies.rules.documentation.model_described_test

import data.policies.lib.worlds_test
import data.policies.rules.documentation.model_described as rule

test_passes if {
	rule.deny == set() with input.system as {"model": {"format": "onnx", "task": "ranking"}}
}

test_denies_no_format if {
	rule.deny == {"the format of the model is not stated"} with input.system as {"model": {"task": "ranking"}}
}

test_denies_no_task if {
	rule.deny == {"the task of the model is not stated"} with input.system as {"model": {"format": "onnx"}}
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 2}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}
