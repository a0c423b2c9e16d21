package policies.rules.supply_chain.components_licensed_test

import data.policies.rules.supply_chain.components_licensed as rule

test_passes if {
	rule.deny == set() with input.bom as {"components": [{"name": "a", "licences": ["MIT"]}]}
}

test_denies_none if {
	rule.deny == {"component a states no licence"} with input.bom as {"components": [{"name": "a", "licences": []}]}
	rule.deny == {"component a states no licence"} with input.bom as {"components": [{"name": "a", "licences": ["noassertion"]}]}
}
