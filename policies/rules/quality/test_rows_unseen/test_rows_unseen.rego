# METADATA
# title: The test has no rows of the training
# description: |
#   The share of held-out rows whose features also stand in the training table stays
#   within the bound of the policy, at the upper end of its interval. What a model was
#   trained on tells nothing of how well it does on what it never saw.
# custom:
#   level: block
#   needs: [scan/quality, system]
#   controls: [euaia-art-10.3, euaia-art-9.6, airmf-map-2.3, airmf-measure-2.3, iso42001-a.6.2.4, gmlp-4]
#   remediation: Split by person or by time before anything else, take the repeated rows out of the test, and measure again.
package policies.rules.quality.test_rows_unseen

import future.keywords.not

deny contains sprintf("table %s: up to %.3f of the rows may stand in the training table; at most %.3f is allowed", [m.slice.table, worst, bound]) if {
	some m in _measured
	worst := max({m.value, m.high})
	bound := data.config.thresholds.quality.leaked_share_max
	worst > bound
}

unknown contains sprintf("quality/leaked_share of table %s was not measured", [name]) if {
	some name in _held
	not name in {m.slice.table | some m in _measured}
}

unknown contains "a measurement of quality/leaked_share has no interval" if {
	some m in _measured
	not m.high
}

unknown contains sprintf("quality/leaked_share of %s rests on no rows", [m.slice.table]) if {
	some m in _measured
	m.n == 0
}

not_applicable contains "no table of kind test or validation is declared" if count(_held) == 0

_held contains table.name if {
	some table in input.system.tables
	table.kind in {"test", "validation"}
}

_measured contains m if {
	some m in input.scans.quality.measurements
	m.metric == "quality/leaked_share"
}
