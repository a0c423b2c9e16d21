package policies.rules.documentation.data_card_test

import data.policies.lib.worlds_test
import data.policies.rules.documentation.data_card as rule

test_passes if {
	rule.deny == set() with input.system as {"documents": [{"kind": "data-card", "path": "d.md"}]} with input.subject as {"files": [{"path": "d.md", "kind": "doc", "size": 1}]}
}

test_denies_when_not_declared if {
	rule.deny == {"no data-card is declared and packed"} with input.system as {"documents": []} with input.subject as {"files": [{"path": "d.md", "kind": "doc", "size": 1}]}
}

test_denies_when_not_packed if {
	rule.deny == {"no data-card is declared and packed"} with input.system as {"documents": [{"kind": "data-card", "path": "d.md"}]} with input.subject as {"files": []}
}

test_denies_an_empty_file if {
	rule.deny == {"no data-card is declared and packed"} with input.system as {"documents": [{"kind": "data-card", "path": "d.md"}]} with input.subject as {"files": [{"path": "d.md", "kind": "doc", "size": 0}]}
}

test_denies_weights_in_its_place if {
	rule.deny == {"no data-card is declared and packed"} with input.system as {"documents": [{"kind": "data-card", "path": "d.md"}]} with input.subject as {"files": [{"path": "d.md", "kind": "weight", "size": 1}]}
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}
