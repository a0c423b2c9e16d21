package policies.rules.privacy.impact_assessment_test

import data.policies.lib.worlds_test
import data.policies.rules.privacy.impact_assessment as rule

files := {"files": [{"path": "d.md", "kind": "doc", "size": 5}]}

test_passes if {
	(count(rule.deny) + count(rule.unknown)) + count(rule.not_applicable) == 0 with input.system as {"riskClass": "high", "personalData": {"processed": true}, "documents": [{"kind": "dpia", "path": "d.md"}]} with input.subject as files
}

test_denies_without_the_document if {
	rule.deny == {"no dpia is declared and packed"} with input.system as {"riskClass": "high", "personalData": {"processed": true}, "documents": []} with input.subject as files
}

test_unknown_when_not_said if {
	count(rule.unknown) == 1 with input.system as {"riskClass": "high"} with input.subject as files
}

test_not_applicable_otherwise if {
	count(rule.not_applicable) == 1 with input.system as {"riskClass": "minimal", "personalData": {"processed": true}} with input.subject as files
	count(rule.not_applicable) == 1 with input.system as {"riskClass": "high", "personalData": {"processed": false}} with input.subject as files
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0, "not_applicable": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0, "not_applicable": 1}
}
