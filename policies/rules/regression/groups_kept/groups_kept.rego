# METADATA
# title: No group is looked at less than before
# description: |
#   Every group of every attribute for which the artifact promoted before was
#   measured, is measured now. A group that drops out of the evaluation drops out of
#   sight.
# custom:
#   level: block
#   needs: [baseline, scan/fairness]
#   controls: [euaia-art-10.2.f, euaia-art-43.4, airmf-measure-2.11, airmf-measure-4.3, iso42001-a.5.4]
#   remediation: Evaluate on data in which the group is represented.
package policies.rules.regression.groups_kept

import future.keywords.not

deny contains sprintf("group %s of %s was measured of the model in use, and is not now", [g[1], g[0]]) if {
	some g in _before
	not g in _now
}

unknown contains "the decision about the model in use names no group" if {
	input.baseline.named
	count(_before) == 0
}

not_applicable contains "the policy names no model in use for this stage" if not input.baseline.named

_before contains [m.slice.attribute, m.slice.group] if {
	some m in input.baseline.fairness
	m.metric == "fairness/selection_rate"
}

_now contains [m.slice.attribute, m.slice.group] if {
	some m in input.scans.fairness.measurements
	m.metric == "fairness/selection_rate"
	m.n > 0
}
