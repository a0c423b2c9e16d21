package policies.lib

import future.keywords.not

fairness_metrics := {
	"fairness/demographic_parity_difference",
	"fairness/demographic_parity_ratio",
	"fairness/equal_opportunity_difference",
}

# METADATA
# description: |
#   Comparisons that rest on enough rows: one for an attribute as a whole, and
#   one for each of its groups against the reference.
comparisons contains m if {
	some m in input.scans.fairness.measurements
	m.metric in fairness_metrics
	m.n >= data.config.thresholds.fairness.group_size_min
}

# METADATA
# description: |
#   The comparisons that say all that is needed: of whom, and their interval.
comparable contains {"metric": m.metric, "who": m.slice.attribute, "value": m.value, "low": low, "high": high} if {
	some m in comparisons
	not m.slice.group
	not m.slice.reference
	low := _judged(m.slice.attribute, m.value, m.low)
	high := _judged(m.slice.attribute, m.value, m.high)
}

comparable contains {"metric": m.metric, "who": who, "value": m.value, "low": m.low, "high": m.high} if {
	some m in comparisons
	who := sprintf("%s (%s against %s)", [m.slice.attribute, m.slice.group, m.slice.reference])
}

# METADATA
# description: |
#   What is judged of an attribute as a whole: the ends of its interval. A
#   combination of attributes ("sex×age_group") has several small groups, of which
#   the worst pair would nearly always reach over any bound by chance: there the
#   point value is judged. Each group against the reference is judged at the ends.
_judged(attribute, _, bound) := bound if not contains(attribute, "×")

_judged(attribute, value, _) := value if contains(attribute, "×")

# METADATA
# description: |
#   Why a metric of fairness cannot be judged.
unjudged contains {"metric": metric, "why": "no protected attribute is declared for the table of predictions"} if {
	some metric in fairness_metrics
	count(protected) == 0
}

unjudged contains {"metric": metric, "why": sprintf("%s was not measured for %s as a whole on enough rows", [metric, attribute])} if {
	some metric in fairness_metrics
	some attribute in protected
	not attribute in _judged_as_a_whole[metric]
}

unjudged contains {"metric": metric, "why": sprintf("%s was not measured for group %s of %s", [metric, rate.slice.group, attribute])} if {
	some metric in fairness_metrics
	some attribute in protected
	some rate in input.scans.fairness.measurements
	rate.metric == "fairness/selection_rate"
	rate.slice.attribute == attribute
	rate.n >= data.config.thresholds.fairness.group_size_min
	not [attribute, rate.slice.group] in _compared[metric]
}

unjudged contains {"metric": m.metric, "why": sprintf("%s of %s, group %s against %s, rests on %d rows; at least %d are needed", [m.metric, m.slice.attribute, m.slice.group, m.slice.reference, m.n, least])} if {
	some m in input.scans.fairness.measurements
	m.metric in fairness_metrics
	least := data.config.thresholds.fairness.group_size_min
	m.n < least
	not [m.slice.attribute, m.slice.group] in _small
	not [m.slice.attribute, m.slice.reference] in _small
}

unjudged contains {"metric": m.metric, "why": sprintf("a measurement of %s has no interval", [m.metric])} if {
	some m in comparisons
	not [m.low, m.high]
}

unjudged contains {"metric": m.metric, "why": sprintf("a measurement of %s does not say for which attribute", [m.metric])} if {
	some m in comparisons
	not m.slice.attribute
}

unjudged contains {"metric": m.metric, "why": sprintf("a measurement of %s names only one of the groups that it compares", [m.metric])} if {
	some m in comparisons
	count({1 | m.slice.group} | {2 | m.slice.reference}) == 1
}

_judged_as_a_whole[m.metric] contains m.slice.attribute if {
	some m in comparisons
	not m.slice.group
	not m.slice.reference
}

_compared[m.metric] contains [m.slice.attribute, group] if {
	some m in input.scans.fairness.measurements
	m.metric in fairness_metrics
	some group in [m.slice.group, m.slice.reference]
}

# Groups that fairness.group_size objects to: nothing is said about them here.
_small contains [rate.slice.attribute, rate.slice.group] if {
	some rate in input.scans.fairness.measurements
	rate.metric == "fairness/selection_rate"
	rate.n < data.config.thresholds.fairness.group_size_min
}
