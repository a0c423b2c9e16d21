# METADATA
# title: Columns are filled
# description: |
#   In no column of a table is the share of missing values larger than the policy
#   allows, at the upper end of its interval.
# custom:
#   level: warn
#   needs: [scan/quality, system]
#   controls: [euaia-art-10.3, airmf-measure-2.3, airmf-map-2.3, iso42001-a.7.4]
#   remediation: Fill the column at its source, leave it out of the features, or say in the data card why it is empty.
package policies.rules.quality.missing_values

import future.keywords.not

deny contains sprintf("table %s, column %s: up to %.3f of the values may be missing; at most %.3f is allowed", [m.slice.table, m.slice.column, worst, bound]) if {
	some m in _measured
	worst := max({m.value, m.high})
	bound := data.config.thresholds.quality.missing_share_max
	worst > bound
}

unknown contains "quality/missing_share was not measured" if count(_measured) == 0

unknown contains sprintf("table %s: quality/missing_share of column %s was not measured", [table.name, column]) if {
	some table in input.system.tables
	table.kind == "training"
	some column in table.features
	not [table.name, column] in _columns
}

unknown contains "a measurement of quality/missing_share lacks its interval, table or column" if {
	some m in _measured
	not [m.high, m.slice.table, m.slice.column]
}

unknown contains sprintf("quality/missing_share of %s rests on no rows", [m.slice.column]) if {
	some m in _measured
	m.n == 0
}

_columns contains [m.slice.table, m.slice.column] if some m in _measured

_measured contains m if {
	some m in input.scans.quality.measurements
	m.metric == "quality/missing_share"
}
