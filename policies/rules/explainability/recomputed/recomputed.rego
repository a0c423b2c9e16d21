# METADATA
# title: Supplied attributions equal recomputed ones
# description: |
#   The attributions that came with the model are those that the model itself
#   yields when they are computed again.
# custom:
#   level: block
#   needs: [scan/explainability]
#   controls: [euaia-art-13.1, euaia-art-13.3.b.iv, airmf-measure-2.9, iso42001-a.6.2.4, euaia-art-14.4.c]
#   remediation: Compute the attributions again, from the very model that is released.
package policies.rules.explainability.recomputed

import future.keywords.not

deny contains sprintf("supplied and recomputed attributions differ by up to %.6g; at most %.6g is allowed", [worst, bound]) if {
	some m in _measured
	worst := max({m.value} | {h | h := m.high})
	bound := data.config.thresholds.explainability.recomputed_error_max
	worst > bound
}

unknown contains "explainability/recomputed_max_error was not measured" if count(_measured) == 0

unknown contains "explainability/recomputed_max_error rests on no rows" if {
	some m in _measured
	m.n == 0
}

_measured contains m if {
	some m in input.scans.explainability.measurements
	m.metric == "explainability/recomputed_max_error"
}
