# METADATA
# title: Enough predictions are explained
# description: |
#   The share of predictions with an attribution reaches the bound of the policy.
# custom:
#   level: block
#   needs: [scan/explainability]
#   controls: [euaia-art-13.1, euaia-art-13.3.b.iv, airmf-measure-2.9, iso42001-a.6.2.4, euaia-art-86.1, gdpr-art-22]
#   remediation: Supply attributions for the predictions that have none.
package policies.rules.explainability.coverage

import future.keywords.not

deny contains sprintf("only %.3f of the predictions are explained; at least %.3f is demanded", [worst, bound]) if {
	some m in _measured
	worst := min({m.value} | {l | l := m.low})
	bound := data.config.thresholds.explainability.coverage_min
	worst < bound
}

unknown contains "explainability/coverage was not measured" if count(_measured) == 0

unknown contains "explainability/coverage rests on no rows" if {
	some m in _measured
	m.n == 0
}

_measured contains m if {
	some m in input.scans.explainability.measurements
	m.metric == "explainability/coverage"
}
