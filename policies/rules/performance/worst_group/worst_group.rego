# METADATA
# title: The model works for every group
# description: |
#   Accuracy reaches the bound of the policy in each group of every declared protected
#   attribute, at the lower end of its interval. A good average can hide a group for
#   whom the model is of no use.
# custom:
#   level: warn
#   needs: [scan/performance, scan/fairness, system]
#   controls: [euaia-art-15.1, euaia-art-13.3.b.v, airmf-measure-2.3, airmf-measure-2.11, iso42001-a.5.4, gmlp-8]
#   remediation: Get more data for the group, or exclude it from the intended purpose and say so in the instructions for use.
package policies.rules.performance.worst_group

import future.keywords.not

import data.policies.lib

deny contains sprintf("%s %s: accuracy may be as low as %.3f; at least %.3f is demanded", [m.slice.attribute, m.slice.group, worst, bound]) if {
	some m in _groups
	worst := min({m.value, m.low})
	bound := data.config.thresholds.performance.group_accuracy_min
	worst < bound
}

unknown contains sprintf("performance/accuracy was not measured for the groups of %s", [attribute]) if {
	some attribute in lib.protected
	not attribute in {m.slice.attribute | some m in _groups}
}

unknown contains sprintf("performance/accuracy was not measured for group %s of %s", [r.slice.group, r.slice.attribute]) if {
	some r in input.scans.fairness.measurements
	r.metric == "fairness/selection_rate"
	r.slice.attribute in lib.protected
	not [r.slice.attribute, r.slice.group] in _measured
	r.slice.group
}

unknown contains "performance/accuracy of a group has no interval" if {
	some m in _groups
	not m.low
}

not_applicable contains "no protected attribute is declared for the table of predictions" if count(lib.protected) == 0

_measured contains [m.slice.attribute, m.slice.group] if some m in _groups

_groups contains m if {
	some m in input.scans.performance.measurements
	m.metric == "performance/accuracy"
	m.slice.group
	m.slice.attribute
}
