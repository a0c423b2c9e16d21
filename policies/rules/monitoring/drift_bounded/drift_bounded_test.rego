package policies.rules.monitoring.drift_bounded_test

import data.policies.lib.worlds_test
import data.policies.rules.monitoring.drift_bounded as rule

scan(v, n) := {"measurements": [{"metric": "drift/psi", "value": v, "n": n, "slice": {"column": "income"}}], "coverage": {"read": ["p"], "skipped": []}}

system := {"tables": [{"name": "p", "kind": "production"}]}

config := {"drift": {"psi_max": 0.25}}

test_passes if {
	(count(rule.deny) + count(rule.unknown)) + count(rule.not_applicable) == 0 with input.scans.drift as scan(0.1, 9) with input.system as system with data.config.thresholds as config
}

test_denies if {
	rule.deny == {"column income: the stability index is 0.400; at most 0.250 is allowed"} with input.scans.drift as scan(0.4, 9) with input.system as system with data.config.thresholds as config
}

test_unknown_when_not_measured if {
	count(rule.unknown) == 2 with input.scans.drift as {"measurements": [{"metric": "drift/ks_statistic", "value": 0, "n": 1}], "coverage": {"read": [], "skipped": [{"path": "p", "reason": "locked"}]}} with input.system as system with data.config.thresholds as config
}

test_unknown_for_a_feature_not_measured if {
	rule.unknown == {"drift/psi was not measured for column age"} with input.scans.drift as scan(0.1, 9) with input.system as {"tables": [{"name": "p", "kind": "production"}, {"name": "t", "kind": "training", "features": ["income", "age"]}]} with data.config.thresholds as config
}

test_unknown_without_rows if {
	count(rule.unknown) == 1 with input.scans.drift as scan(0.1, 0) with input.system as system with data.config.thresholds as config
}

test_unknown_without_a_column if {
	count(rule.unknown) == 1 with input.scans.drift as {"measurements": [{"metric": "drift/psi", "value": 0, "n": 1}], "coverage": {"read": [], "skipped": []}} with input.system as system with data.config.thresholds as config
}

test_not_applicable_without_production_data if {
	count(rule.not_applicable) == 1 with input.scans.drift as {"measurements": [], "coverage": {"read": [], "skipped": []}} with input.system as {"tables": [{"name": "t", "kind": "training"}]}
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 2, "not_applicable": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0, "not_applicable": 1}
}
