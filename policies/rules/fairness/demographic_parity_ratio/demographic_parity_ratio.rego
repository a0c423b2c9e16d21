# METADATA
# title: No group is selected far less often than another
# description: |
#   The ratio of selection rates between the groups of every declared protected
#   attribute does not fall below the bound of the policy (0.8 is the four-fifths
#   rule of US hiring law), judged at the worse end of its interval. Between the
#   groups of a combination of attributes, the smallest ratio is judged at its point
#   value.
# custom:
#   level: block
#   needs: [scan/fairness, system]
#   controls: [euaia-art-10.2.g, airmf-measure-2.11, iso42001-a.5.4, nyc-ll144-audit, il-hb3773, airmf-genai-risk-6]
#   remediation: Mitigate in training (reweighing, a constraint on the learner, better data for the group) and measure again; more rows make the interval narrower.
package policies.rules.fairness.demographic_parity_ratio

import data.policies.lib

deny contains sprintf("%s: the ratio of selection rates may be as low as %.3f; at least %.3f is demanded", [c.who, worst, bound]) if {
	some c in lib.comparable
	c.metric == "fairness/demographic_parity_ratio"
	worst := lib.worst_ratio(c.value, c.low, c.high)
	bound := data.config.thresholds.fairness.demographic_parity_ratio_min
	worst < bound
}

unknown contains u.why if {
	some u in lib.unjudged
	u.metric == "fairness/demographic_parity_ratio"
}
