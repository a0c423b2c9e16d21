package policies.rules.documentation.parameters_match_weights_test

import data.policies.lib.worlds_test
import data.policies.rules.documentation.parameters_match_weights as rule

weights := {"files": [{"path": "a.safetensors", "kind": "weight"}, {"path": "b.safetensors", "kind": "weight"}, {"path": "c.md", "kind": "doc"}]}

of(path, precision, value) := {"metric": "modelfile/parameters", "value": value, "n": 3, "slice": {"path": path, "precision": precision}}

two := {"measurements": [of("a.safetensors", "bfloat16", 7000000000), of("b.safetensors", "bfloat16", 240000000), of("b.safetensors", "float32", 1000000)]}

declares(parameters, precision) := {"riskClass": "gpai", "model": {"parameters": parameters, "precision": precision}}

config := {"documentation": {"parameters_tolerance": 0.01}}

test_passes if {
	(count(rule.deny) + count(rule.unknown)) + count(rule.not_applicable) == 0 with input.scans.modelfile as two with input.system as declares(7240000000, "bfloat16") with input.subject as weights with data.config.thresholds as config
}

test_denies_another_number if {
	rule.deny == {"13000000000 parameters are declared, and the weights hold 7241000000"} with input.scans.modelfile as two with input.system as declares(13000000000, "bfloat16") with input.subject as weights with data.config.thresholds as config
}

test_denies_another_precision if {
	rule.deny == {"float32 is the declared precision, and most of the weights are stored as bfloat16"} with input.scans.modelfile as two with input.system as declares(7241000000, "float32") with input.subject as weights with data.config.thresholds as config
}

test_denies_a_general_purpose_model_that_is_silent if {
	rule.deny == {"a general-purpose model declares no model.parameters"} with input.scans.modelfile as two with input.system as {"riskClass": "gpai", "model": {}} with input.subject as weights with data.config.thresholds as config
}

test_unknown_where_a_header_does_not_tell if {
	rule.unknown == {"the headers of 1 weight files, such as b.safetensors, do not say how many parameters they hold"} with input.scans.modelfile as {"measurements": [of("a.safetensors", "bfloat16", 7)]} with input.system as declares(7, "bfloat16") with input.subject as weights with data.config.thresholds as config
	rule.deny == set() with input.scans.modelfile as {"measurements": [of("a.safetensors", "bfloat16", 8)]} with input.system as declares(7, "bfloat16") with input.subject as weights with data.config.thresholds as config
}

test_denies_a_precision_alone if {
	rule.deny == {"model.precision is declared, and model.parameters is not"} with input.scans.modelfile as {"measurements": []} with input.system as {"riskClass": "high", "model": {"precision": "float32"}} with input.subject as weights with data.config.thresholds as config
	count(rule.unknown) == 1 with input.scans.modelfile as {"measurements": []} with input.system as {"riskClass": "high", "model": {"precision": "float32"}} with input.subject as weights with data.config.thresholds as config
}

test_not_applicable_when_nothing_is_declared if {
	count(rule.not_applicable) == 0 with input.scans.modelfile as two with input.system as {"riskClass": "gpai", "model": {}} with input.subject as weights with data.config.thresholds as config
	count(rule.not_applicable) == 1 with input.scans.modelfile as {"measurements": []} with input.system as {"riskClass": "high", "model": {}} with input.subject as weights with data.config.thresholds as config
}

test_what_is_no_weight_does_not_count if {
	stray := {"measurements": [of("a.safetensors", "float32", 5), of("b.safetensors", "float32", 5), of("elsewhere.safetensors", "float32", 90), {"metric": "modelfile/files", "value": 3, "n": 3}]}
	rule.deny == set() with input.scans.modelfile as stray with input.system as declares(10, "float32") with input.subject as weights with data.config.thresholds as config
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0, "not_applicable": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0, "not_applicable": 1}
}
