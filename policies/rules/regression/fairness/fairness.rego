# METADATA
# title: The model is no less fair than the one in use
# description: |
#   For no attribute does the difference in selection rates or true positive rates, at
#   the worse end of its interval, exceed that of the artifact promoted before by more
#   than the policy allows. Better accuracy does not buy it back.
# custom:
#   level: block
#   needs: [baseline, scan/fairness]
#   controls: [euaia-art-10.2.g, euaia-art-43.4, airmf-measure-2.11, airmf-measure-4.3, iso42001-a.5.4]
#   remediation: Keep the model that is in use, or mitigate in training and measure again.
package policies.rules.regression.fairness

import future.keywords.not

import data.policies.lib

deny contains sprintf("%s, %s: may be %.3f; of the model in use at most %.3f, and %.3f more is allowed", [m.metric, m.slice.attribute, now, before, margin]) if {
	some b in _before
	some m in _now
	[m.metric, m.slice.attribute] == [b.metric, b.slice.attribute]
	now := lib.worst_difference(m.value, m.low, m.high)
	before := lib.worst_difference(b.value, b.low, b.high)
	margin := data.config.thresholds.regression.fairness_margin
	now - before > margin
}

deny contains sprintf("%s of %s was measured of the model in use, and is not now", [b.metric, b.slice.attribute]) if {
	some b in _before
	not [b.metric, b.slice.attribute] in _sound
}

unknown contains sprintf("a measurement of %s of the model in use lacks its attribute or interval", [b.metric]) if {
	some b in input.baseline.fairness
	b.metric in _metrics
	not [b.slice.attribute, b.low, b.high]
}

unknown contains "the decision about the model in use holds no comparison of groups" if {
	input.baseline.named
	count({b | some b in _before; b.low; b.high}) == 0
}

not_applicable contains "the policy names no model in use for this stage" if not input.baseline.named

_sound contains [m.metric, m.slice.attribute] if {
	some m in _now
	m.low
	m.high
}

_metrics := {"fairness/demographic_parity_difference", "fairness/equal_opportunity_difference"}

_before contains m if {
	some m in input.baseline.fairness
	m.metric in _metrics
	m.slice.attribute
	not m.slice.group
}

_now contains m if {
	some m in input.scans.fairness.measurements
	m.metric in _metrics
	m.slice.attribute
	not m.slice.group
}
