package policies.rules.privacy.k_anonymity_test

import data.policies.lib.worlds_test
import data.policies.rules.privacy.k_anonymity as rule

scan(k) := {"measurements": [{"metric": "privacy/k_anonymity", "value": k, "n": 100, "slice": {"table": "training"}}]}

system := {"tables": [{"name": "training", "kind": "training", "protected": ["age"]}, {"name": "a", "kind": "attributions", "protected": ["age"]}]}

config := {"privacy": {"k_anonymity_min": 5}}

test_passes if {
	(count(rule.deny) + count(rule.unknown)) + count(rule.not_applicable) == 0 with input.scans.privacy as scan(5) with input.system as system with data.config.thresholds as config
}

test_denies if {
	rule.deny == {"table training: the smallest group has 1 rows; at least 5 are demanded"} with input.scans.privacy as scan(1) with input.system as system with data.config.thresholds as config
}

test_unknown_when_not_measured if {
	rule.unknown == {"privacy/k_anonymity of table training was not measured"} with input.scans.privacy as {"measurements": [{"metric": "privacy/other", "value": 9, "n": 1}]} with input.system as system with data.config.thresholds as config
}

test_not_applicable_without_attributes if {
	count(rule.not_applicable) == 1 with input.scans.privacy as {"measurements": []} with input.system as {"tables": [{"name": "t", "kind": "training"}]}
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 1, "not_applicable": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0, "not_applicable": 1}
}
