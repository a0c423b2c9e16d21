package policies.rules.fairness.evaluation_age_test

import data.policies.lib.worlds_test
import data.policies.rules.fairness.evaluation_age as rule

seen(at) := [{"kind": "scan/fairness", "signedAt": at}, {"kind": "system", "signedAt": "2020-01-01T00:00:00Z"}]

config := {"fairness": {"evaluation_age_days_max": 365}}

test_passes if {
	count(rule.deny) + count(rule.unknown) == 0 with input.evidence as seen("2026-10-01T00:00:00Z") with input.at as "2026-11-01T00:00:00Z" with input.scans.fairness as {"version": "1"} with data.config.thresholds as config
}

test_denies_after_a_year if {
	rule.deny == {"the evaluation of bias of 2025-10-01T00:00:00Z is older than 365 days"} with input.evidence as seen("2025-10-01T00:00:00Z") with input.at as "2026-11-01T00:00:00Z" with input.scans.fairness as {"version": "1"} with data.config.thresholds as config
}

test_unknown_without_a_date if {
	count(rule.unknown) == 1 with input.evidence as [{"kind": "scan/fairness"}] with input.at as "2026-11-01T00:00:00Z" with input.scans.fairness as {"version": "1"} with data.config.thresholds as config
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 0}
}
