# METADATA
# title: Attributions add up to what they explain
# description: |
#   For every explained prediction the base value and the attributions add up to
#   the output of the model, as those of SHAP must.
# custom:
#   level: block
#   needs: [scan/explainability]
#   controls: [euaia-art-13.1, euaia-art-13.3.b.iv, airmf-measure-2.9, iso42001-a.6.2.4]
#   remediation: Compute the attributions again, from the very model that is released, and name the output that they explain.
package policies.rules.explainability.additivity

import future.keywords.not

deny contains sprintf("attributions miss the output by up to %.6g; at most %.6g is allowed", [worst, bound]) if {
	some m in _measured
	worst := max({m.value} | {h | h := m.high})
	bound := data.config.thresholds.explainability.additivity_error_max
	worst > bound
}

unknown contains "explainability/additivity_max_error was not measured" if count(_measured) == 0

unknown contains "explainability/additivity_max_error rests on no rows" if {
	some m in _measured
	m.n == 0
}

_measured contains m if {
	some m in input.scans.explainability.measurements
	m.metric == "explainability/additivity_max_error"
}
