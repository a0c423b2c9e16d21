package policies.rules.evaluation.thresholds_predate_test

import data.policies.lib.worlds_test
import data.policies.rules.evaluation.thresholds_predate as rule

set_at(at) := {"proof": "signature", "setAt": at}

test_passes if {
	(count(rule.deny) + count(rule.unknown)) + count(rule.not_applicable) == 0 with input.thresholds as set_at("2026-01-01T00:00:00Z") with input.evidence as [{"kind": "scan/fairness", "signedAt": "2026-01-01T00:00:00Z"}, {"kind": "system"}]
}

test_denies_thresholds_after_the_fact if {
	rule.deny == {"scan/fairness was signed at 2026-01-01T00:00:00Z, before the thresholds were set at 2026-01-01T00:00:01Z"} with input.thresholds as set_at("2026-01-01T00:00:01Z") with input.evidence as [{"kind": "scan/fairness", "signedAt": "2026-01-01T00:00:00Z"}]
}

test_unknown_without_a_date if {
	rule.unknown == {"scan/fairness is not dated"} with input.thresholds as set_at("2026-01-01T00:00:00Z") with input.evidence as [{"kind": "scan/fairness"}]
	rule.unknown == {"the signed thresholds carry no date"} with input.thresholds as {"proof": "signature"} with input.evidence as [{"kind": "scan/fairness", "signedAt": "2026-01-01T00:00:00Z"}]
}

test_unknown_without_scans if {
	rule.unknown == {"there is no verified scan"} with input.thresholds as set_at("2026-01-01T00:00:00Z") with input.evidence as []
}

test_not_applicable_when_unsigned if {
	count(rule.not_applicable) == 1 with input.thresholds as {"proof": "none"} with input.evidence as []
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0, "not_applicable": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown), "not_applicable": count(rule.not_applicable)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0, "not_applicable": 1}
}
