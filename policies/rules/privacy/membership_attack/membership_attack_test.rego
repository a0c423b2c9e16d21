package policies.rules.privacy.membership_attack_test

import data.policies.lib.worlds_test
import data.policies.rules.privacy.membership_attack as rule

of(metric, high, n) := {"metric": metric, "value": 0.01, "low": 0, "high": high, "n": n, "slice": {"table": "m"}}

scan(auc, tpr) := {"measurements": [of("privacy/membership_auc", auc, 2000), of("privacy/membership_tpr_at_fpr_001", tpr, 2000)]}

system := {"tables": [{"name": "m", "kind": "members"}, {"name": "t", "kind": "training"}]}

config := {"privacy": {"membership_auc_max": 0.6, "membership_tpr_max": 0.05}}

test_passes if {
	(count(rule.deny) + count(rule.unknown)) + count(rule.not_applicable) == 0 with input.scans.privacy as scan(0.55, 0.02) with input.system as system with data.config.thresholds as config
}

test_denies_the_average if {
	rule.deny == {"table m: the attack may reach an area of 0.700; at most 0.600 is allowed"} with input.scans.privacy as scan(0.7, 0.02) with input.system as system with data.config.thresholds as config
}

test_denies_the_few if {
	rule.deny == {"table m: the attack may be sure of 0.300 of the members; at most 0.050 is allowed"} with input.scans.privacy as scan(0.55, 0.3) with input.system as system with data.config.thresholds as config
}

test_unknown_when_not_measured if {
	rule.unknown == {"privacy/membership_tpr_at_fpr_001 of table m was not measured, or has no interval"} with input.scans.privacy as {"measurements": [of("privacy/membership_auc", 0.5, 2000)]} with input.system as system with data.config.thresholds as config
	count(rule.unknown) == 2 with input.scans.privacy as {"measurements": []} with input.system as system with data.config.thresholds as config
	count(rule.unknown) == 1 with input.scans.privacy as {"measurements": [of("privacy/membership_auc", 0.5, 0), of("privacy/membership_tpr_at_fpr_001", 0.01, 9)]} with input.system as system with data.config.thresholds as config
	count(rule.unknown) == 1 with input.scans.privacy as {"measurements": [of("privacy/membership_auc", null, 9), of("privacy/membership_tpr_at_fpr_001", 0.01, 9)]} with input.system as system with data.config.thresholds as config
}

test_not_applicable_without_members if {
	count(rule.not_applicable) == 1 with input.scans.privacy as {"measurements": []} with input.system as {"tables": [{"name": "t", "kind": "training"}]} with data.config.thresholds as config
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0, "not_applicable": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0, "not_applicable": 1}
}
