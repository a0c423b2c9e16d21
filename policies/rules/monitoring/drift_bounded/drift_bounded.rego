# METADATA
# title: The data in use are like those of the training
# description: |
#   Where production data are declared, the population stability index of every column
#   stays within the bound of the policy.
# custom:
#   level: warn
#   needs: [scan/drift, system]
#   controls: [euaia-art-15.4.s3, euaia-art-72.2, airmf-measure-2.4, airmf-manage-4.1, iso42001-a.6.2.6, sr26-2-monitoring]
#   remediation: Find out what changed; train again on newer data, or narrow the purpose of the system.
#   nothing_read: judged
package policies.rules.monitoring.drift_bounded

import future.keywords.not

deny contains sprintf("column %s: the stability index is %.3f; at most %.3f is allowed", [m.slice.column, worst, bound]) if {
	some m in _measured
	worst := max({m.value} | {h | h := m.high})
	bound := data.config.thresholds.drift.psi_max
	worst > bound
}

unknown contains "production data are declared, and drift/psi was not measured" if {
	_production
	count(_measured) == 0
}

unknown contains sprintf("drift/psi was not measured for column %s", [column]) if {
	_production
	some table in input.system.tables
	table.kind == "training"
	some column in table.features
	not column in _columns
}

unknown contains "a measurement of drift/psi lacks its column, or rests on no rows" if {
	some m in _measured
	not _sound(m.slice.column, m.n)
}

unknown contains sprintf("%s was not read: %s", [gap.path, gap.reason]) if {
	_production
	some gap in input.scans.drift.coverage.skipped
}

not_applicable contains "no table of kind production is declared" if not _production

_sound(column, n) if {
	column != ""
	n > 0
}

_production if {
	some table in input.system.tables
	table.kind == "production"
}

_columns contains m.slice.column if some m in _measured

_measured contains m if {
	some m in input.scans.drift.measurements
	m.metric == "drift/psi"
}
