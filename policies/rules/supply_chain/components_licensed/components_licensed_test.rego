package policies.rules.supply_chain.components_licensed_test

import data.policies.lib.worlds_test
import data.policies.rules.supply_chain.components_licensed as rule

test_passes if {
	rule.deny == set() with input.bom as {"components": [{"name": "a", "licences": ["MIT"]}]}
}

test_denies_none if {
	rule.deny == {"component a states no licence"} with input.bom as {"components": [{"name": "a", "licences": []}]}
	rule.deny == {"component a states no licence"} with input.bom as {"components": [{"name": "a", "licences": ["noassertion"]}]}
}

test_passes_own_file if {
	rule.deny == set() with input.bom as {"components": [{"name": "model.json", "type": "file", "licences": []}]}
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0}
}
