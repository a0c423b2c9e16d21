package policies.rules.documentation.annex_xi_complete_test

import data.policies.lib.worlds_test
import data.policies.rules.documentation.annex_xi_complete as rule

found(missing) := {"measurements": [
	{"metric": "documents/items", "value": 9, "n": 9, "slice": {"kind": "annex-xi", "document": "d.yaml"}},
	{"metric": "documents/items_missing", "value": missing, "n": missing, "slice": {"kind": "annex-xi", "document": "d.yaml"}},
	{"metric": "documents/items", "value": 8, "n": 8, "slice": {"kind": "other", "document": "o.yaml"}},
	{"metric": "documents/items_missing", "value": 8, "n": 8, "slice": {"kind": "other", "document": "o.yaml"}},
]}

test_passes if {
	(count(rule.deny) + count(rule.unknown)) + count(rule.not_applicable) == 0 with input.scans.documents as found(0) with input.system as {"riskClass": "gpai"}
}

test_denies_what_is_missing if {
	rule.deny == {"d.yaml: 2 of 9 items are missing"} with input.scans.documents as found(2) with input.system as {"riskClass": "gpai"}
}

test_denies_without_a_form if {
	rule.deny == {"there is no annex-xi whose items can be told"} with input.scans.documents as {"measurements": []} with input.system as {"riskClass": "gpai"}
	count(rule.deny) == 1 with input.scans.documents as {"measurements": [{"metric": "documents/items", "value": 0, "n": 0, "slice": {"kind": "annex-xi", "document": "d.md"}}]} with input.system as {"riskClass": "gpai"}
}

test_unknown_when_it_was_not_counted if {
	half := {"measurements": [{"metric": "documents/items", "value": 9, "n": 9, "slice": {"kind": "annex-xi", "document": "d.yaml"}}]}
	rule.unknown == {"d.yaml: documents/items_missing was not counted"} with input.scans.documents as half with input.system as {"riskClass": "gpai"}
}

test_not_applicable_otherwise if {
	count(rule.not_applicable) == 1 with input.scans.documents as found(2) with input.system as {"riskClass": "minimal"}
	count(rule.deny) + count(rule.unknown) == 0 with input.scans.documents as found(2) with input.system as {"riskClass": "minimal"}
	count(rule.deny) + count(rule.unknown) == 0 with input.scans.documents as {"measurements": [{"metric": "documents/items", "value": 9, "n": 9, "slice": {"kind": "annex-xi", "document": "d.yaml"}}]} with input.system as {"riskClass": "minimal"}
	count(rule.deny) + count(rule.unknown) == 0 with input.scans.documents as {"measurements": []} with input.system as {"riskClass": "minimal"}
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0, "not_applicable": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0, "not_applicable": 1}
}
