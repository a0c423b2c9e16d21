# METADATA
# title: Decisions do not rest on protected attributes
# description: |
#   The share of all attribution that protected attributes carry stays within the
#   bound of the policy.
# custom:
#   level: block
#   needs: [scan/explainability]
#   controls: [euaia-art-10.2.g, euaia-art-13.3.b.iv, airmf-measure-2.9, airmf-measure-2.11, iso42001-a.5.4, eba-gl-2020-06-4.3]
#   remediation: Take the attribute, and what stands in for it, out of the features, or say in the risk register why it is needed.
package policies.rules.explainability.protected_share

import future.keywords.not

deny contains sprintf("protected attributes carry %.3f of the attribution; at most %.3f is allowed", [worst, bound]) if {
	some m in _measured
	worst := max({m.value} | {h | h := m.high})
	bound := data.config.thresholds.explainability.protected_share_max
	worst > bound
}

unknown contains "explainability/protected_share was not measured" if count(_measured) == 0

unknown contains "explainability/protected_share rests on no rows" if {
	some m in _measured
	m.n == 0
}

_measured contains m if {
	some m in input.scans.explainability.measurements
	m.metric == "explainability/protected_share"
}
