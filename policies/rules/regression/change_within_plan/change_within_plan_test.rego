package policies.rules.regression.change_within_plan_test

import data.policies.lib.worlds_test
import data.policies.rules.regression.change_within_plan as rule

used := {"named": true}

plan(item, value) := {"measurements": [{"metric": "documents/items", "value": 6, "n": 6}, {"metric": "documents/change_planned", "value": value, "n": 1, "slice": {"change": item}}]}

test_passes if {
	count(rule.deny) + count(rule.not_applicable) == 0 with input.baseline as used with input.system as {"change": {"item": "RETRAIN-1", "substantial": false}} with input.scans.documents as plan("RETRAIN-1", 1)
}

test_denies_what_is_not_declared if {
	rule.deny == {"modelvet.yaml does not say which change led from the model in use to this one"} with input.baseline as used with input.system as {} with input.scans.documents as plan("RETRAIN-1", 1)
	rule.deny == {"the change is not declared substantial, and names no item of the plan"} with input.baseline as used with input.system as {"change": {"substantial": false}} with input.scans.documents as plan("RETRAIN-1", 1)
}

test_denies_what_is_not_planned if {
	rule.deny == {"RETRAIN-2: no packed plan of changes names it"} with input.baseline as used with input.system as {"change": {"item": "RETRAIN-2"}} with input.scans.documents as plan("RETRAIN-1", 1)
	count(rule.deny) == 1 with input.baseline as used with input.system as {"change": {"item": "RETRAIN-1"}} with input.scans.documents as plan("RETRAIN-1", 0)
}

test_denies_a_substantial_change if {
	rule.deny == {"the change is declared substantial: a new assessment is due"} with input.baseline as used with input.system as {"change": {"item": "RETRAIN-1", "substantial": true}} with input.scans.documents as plan("RETRAIN-1", 1)
}

test_not_applicable_without_a_model_in_use if {
	count(rule.not_applicable) == 1 with input.baseline as {"named": false} with input.system as {"change": {"item": "RETRAIN-2", "substantial": true}} with input.scans.documents as plan("RETRAIN-1", 1)
	count(rule.deny) == 0 with input.baseline as {"named": false} with input.system as {"change": {"item": "RETRAIN-2", "substantial": true}} with input.scans.documents as plan("RETRAIN-1", 1)
	count(rule.deny) == 0 with input.baseline as {"named": false} with input.system as {"change": {"substantial": false}} with input.scans.documents as plan("RETRAIN-1", 1)
	count(rule.deny) == 0 with input.baseline as {"named": false} with input.system as {} with input.scans.documents as plan("RETRAIN-1", 1)
}

test_noise if {
	said := {"deny": count(rule.deny), "not_applicable": count(rule.not_applicable)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1, "not_applicable": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "not_applicable": count(rule.not_applicable)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "not_applicable": 1}
}
