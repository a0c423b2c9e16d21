package policies.rules.supply_chain.bom_names_the_weights_test

import data.policies.lib.worlds_test
import data.policies.rules.supply_chain.bom_names_the_weights as rule

subject := {"files": [{"path": "m.bin", "kind": "weight", "digest": "sha256:ab"}, {"path": "d.md", "kind": "doc", "digest": "sha256:cd"}]}

test_passes if {
	count(rule.deny) + count(rule.unknown) == 0 with input.subject as subject with input.bom as {"components": [{"sha256": ["AB"]}]}
}

test_denies_another_model if {
	rule.deny == {"weight file m.bin is no component of the bill of materials"} with input.subject as subject with input.bom as {"components": [{"sha256": ["ee"]}]}
}

test_unknown_without_weights if {
	count(rule.unknown) == 1 with input.subject as {"files": [{"path": "d.md", "kind": "doc", "digest": "sha256:cd"}]} with input.bom as {"components": [{"sha256": []}]}
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 2, "unknown": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0}
}
