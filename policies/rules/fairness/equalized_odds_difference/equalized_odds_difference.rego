# METADATA
# title: Groups meet the same errors
# description: |
#   For every declared protected attribute as a whole, true and false positive rates
#   differ between groups by no more than the policy allows (equalised odds), at the
#   worse end of the interval; of combinations of attributes, at the point value.
# custom:
#   level: warn
#   needs: [scan/fairness, system]
#   controls: [euaia-art-10.2.f, euaia-art-10.2.g, airmf-measure-2.11, airmf-genai-ms-2.11-002, iso42001-a.5.4, sr26-2-validation]
#   remediation: Choose thresholds after training with equalised odds as the constraint, or get better data for the group, and measure again.
package policies.rules.fairness.equalized_odds_difference

import future.keywords.not

import data.policies.lib

deny contains sprintf("%s: error rates may differ by %.3f; at most %.3f is allowed", [m.slice.attribute, worst, bound]) if {
	some m in _whole
	not contains(m.slice.attribute, "×")
	worst := lib.worst_difference(m.value, m.low, m.high)
	bound := data.config.thresholds.fairness.equalized_odds_difference_max
	worst > bound
}

deny contains sprintf("%s: error rates differ by %.3f; at most %.3f is allowed", [m.slice.attribute, m.value, bound]) if {
	some m in _whole
	contains(m.slice.attribute, "×")
	bound := data.config.thresholds.fairness.equalized_odds_difference_max
	abs(m.value) > bound
}

unknown contains sprintf("fairness/equalized_odds_difference was not measured for %s as a whole", [attribute]) if {
	some attribute in lib.protected
	not attribute in {m.slice.attribute | some m in _whole; m.low; m.high; m.n > 0}
}

unknown contains "no protected attribute is declared for the table of predictions" if count(lib.protected) == 0

_whole contains m if {
	some m in input.scans.fairness.measurements
	m.metric == "fairness/equalized_odds_difference"
	m.slice.attribute
	not m.slice.group
}
