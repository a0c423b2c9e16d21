# METADATA
# title: The rarer class is there in numbers
# description: |
#   The rarest label makes up at least the share that the policy demands, at the lower
#   end of its interval; from fewer rows a model learns to ignore it, and high
#   accuracy says nothing.
# custom:
#   level: warn
#   needs: [scan/quality, system]
#   controls: [euaia-art-10.3, airmf-measure-2.3, airmf-measure-2.11, iso42001-a.7.4, gmlp-3]
#   remediation: Collect more of the rare class, weight or resample it, and judge with a metric that sees it.
package policies.rules.quality.class_balance

import future.keywords.not

deny contains sprintf("table %s: the rarest label may make up only %.3f of the rows; at least %.3f is demanded", [m.slice.table, worst, bound]) if {
	some m in _measured
	worst := min({m.value, m.low})
	bound := data.config.thresholds.quality.minority_class_min
	worst < bound
}

unknown contains sprintf("quality/minority_class_share of table %s was not measured", [table.name]) if {
	input.system.model.task != "regression"
	some table in input.system.tables
	table.kind == "training"
	not table.name in {m.slice.table | some m in _measured}
}

unknown contains "quality/minority_class_share was not measured" if {
	not input.system.model.task == "regression"
	count(_measured) == 0
}

not_applicable contains "a regression has no classes" if input.system.model.task == "regression"

unknown contains "a measurement of quality/minority_class_share lacks its interval or table" if {
	some m in _measured
	not [m.low, m.slice.table]
}

_measured contains m if {
	some m in input.scans.quality.measurements
	m.metric == "quality/minority_class_share"
}
