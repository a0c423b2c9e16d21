# METADATA
# title: The same row does not carry two labels
# description: |
#   The share of training rows that repeat another row with another label stays
#   within the bound of the policy.
# custom:
#   level: block
#   needs: [scan/poisoning]
#   controls: [euaia-art-15.5.data-poisoning, euaia-art-10.3, airmf-measure-2.7, iso42001-a.7.4, owasp-ml02-2023, atlas-aml.t0059]
#   remediation: Find where the copies came from, keep the true one, and train again.
package policies.rules.poisoning.conflicting_duplicates

import future.keywords.not

deny contains sprintf("%.3f of the rows may repeat another with another label; at most %.3f is allowed", [worst, bound]) if {
	some m in _measured
	worst := max({m.value} | {h | h := m.high})
	bound := data.config.thresholds.poisoning.conflicting_duplicates_max
	worst > bound
}

unknown contains "poisoning/conflicting_duplicates was not measured" if count(_measured) == 0

unknown contains "poisoning/conflicting_duplicates rests on no rows" if {
	some m in _measured
	m.n == 0
}

_measured contains m if {
	some m in input.scans.poisoning.measurements
	m.metric == "poisoning/conflicting_duplicates"
}
