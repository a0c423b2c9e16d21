package policies.rules.documentation.technical_documentation_test

import data.policies.lib.worlds_test
import data.policies.rules.documentation.technical_documentation as rule

files := {"files": [{"path": "d.md", "kind": "doc", "size": 5}]}

test_passes if {
	count(rule.deny) + count(rule.not_applicable) == 0 with input.system as {"riskClass": "high", "documents": [{"kind": "technical-documentation", "path": "d.md"}]} with input.subject as files
}

test_denies_without_the_document if {
	count(rule.deny) == 1 with input.system as {"riskClass": "high", "documents": []} with input.subject as files
}

test_not_applicable_otherwise if {
	count(rule.not_applicable) == 1 with input.system as {"riskClass": "minimal"} with input.subject as files
}

test_noise if {
	said := {"deny": count(rule.deny), "not_applicable": count(rule.not_applicable)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1, "not_applicable": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "not_applicable": count(rule.not_applicable)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "not_applicable": 1}
}
