# METADATA
# title: Every group is large enough to be judged
# description: |
#   A rate over a handful of people says nothing. Every group of a declared
#   protected attribute has at least as many rows as the policy demands.
# custom:
#   level: block
#   needs: [scan/fairness, system]
#   controls: [euaia-art-10.3, euaia-art-10.2.e, airmf-measure-2.11, iso42001-a.7.4, gmlp-3]
#   remediation: Collect more data for the group, or declare a coarser grouping and say why.
package policies.rules.fairness.group_size

import future.keywords.not

import data.policies.lib

deny contains sprintf("group %s of %s has %d rows; at least %d are needed", [m.slice.group, m.slice.attribute, m.n, least]) if {
	some m in input.scans.fairness.measurements
	m.metric == "fairness/selection_rate"
	m.slice.attribute in lib.protected
	least := data.config.thresholds.fairness.group_size_min
	m.n < least
}

unknown contains "no protected attribute is declared for the table of predictions" if count(lib.protected) == 0

unknown contains sprintf("the groups of %s were not counted", [attribute]) if {
	some attribute in lib.protected
	count({m.slice.group | some m in input.scans.fairness.measurements; m.metric == "fairness/selection_rate"; m.slice.attribute == attribute}) < 2
}
