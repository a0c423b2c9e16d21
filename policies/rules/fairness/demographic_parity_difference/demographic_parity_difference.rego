# METADATA
# title: Groups are selected at similar rates
# description: |
#   The difference between the selection rates of the groups of every declared
#   protected attribute stays within the bound of the policy, judged at the worse
#   end of its interval: for each attribute as a whole, and for each group
#   against its reference. Between the groups of a combination of attributes, the
#   largest difference is judged at its point value.
# custom:
#   level: block
#   needs: [scan/fairness, system]
#   controls: [euaia-art-10.2.f, euaia-art-10.2.g, airmf-measure-2.11, airmf-genai-ms-2.11-002, iso42001-a.5.4, sr26-2-validation, gdpr-art-5.1.a]
#   remediation: Mitigate in training (reweighing, a constraint on the learner, better data for the group) and measure again; more rows make the interval narrower.
package policies.rules.fairness.demographic_parity_difference

import data.policies.lib

deny contains sprintf("%s: selection rates may differ by %.3f; at most %.3f is allowed", [c.who, worst, bound]) if {
	some c in lib.comparable
	c.metric == "fairness/demographic_parity_difference"
	worst := lib.worst_difference(c.value, c.low, c.high)
	bound := data.config.thresholds.fairness.demographic_parity_difference_max
	worst > bound
}

unknown contains u.why if {
	some u in lib.unjudged
	u.metric == "fairness/demographic_parity_difference"
}
