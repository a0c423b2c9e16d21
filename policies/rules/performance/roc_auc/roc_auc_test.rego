package policies.rules.performance.roc_auc_test

import data.policies.lib.worlds_test
import data.policies.rules.performance.roc_auc as rule

scan(m) := {"measurements": [m]}

config := {"performance": {"roc_auc_min": 0.7}}

test_passes if {
	count(rule.deny) + count(rule.unknown) == 0 with input.scans.performance as scan({"metric": "performance/roc_auc", "value": 0.8, "low": 0.75, "n": 100}) with data.config.thresholds as config
}

test_denies_at_the_lower_end if {
	rule.deny == {"the ROC AUC may be as low as 0.650; at least 0.700 is demanded"} with input.scans.performance as scan({"metric": "performance/roc_auc", "value": 0.8, "low": 0.65, "n": 100, "slice": {}}) with data.config.thresholds as config
}

test_unknown_without_an_interval if {
	rule.unknown == {"performance/roc_auc has no interval"} with input.scans.performance as scan({"metric": "performance/roc_auc", "value": 0.8, "n": 100}) with data.config.thresholds as config
}

test_a_slice_is_not_the_whole if {
	rule.unknown == {"performance/roc_auc was not measured on all predictions"} with input.scans.performance as scan({"metric": "performance/roc_auc", "value": 0.8, "low": 0.75, "n": 100, "slice": {"group": "young"}}) with data.config.thresholds as config
}

test_not_applicable_to_other_tasks if {
	count(rule.not_applicable) == 1 with input.scans.performance as {"measurements": []} with input.system as {"model": {"task": "regression"}}
	count(rule.not_applicable) == 0 with input.scans.performance as scan({"metric": "performance/roc_auc", "value": 0.8, "low": 0.75, "n": 100}) with input.system as {"model": {"task": "multiclass"}}
	count(rule.not_applicable) == 0 with input.scans.performance as {"measurements": []} with input.system as {"model": {"task": "other"}}
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 1, "not_applicable": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0, "not_applicable": 1}
}
