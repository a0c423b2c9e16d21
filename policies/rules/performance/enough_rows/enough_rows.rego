# METADATA
# title: Performance rests on enough rows
# description: |
#   Every figure of performance of the data as a whole was measured on at least as
#   many rows as the policy demands. On a handful of rows any bound is reached by
#   luck.
# custom:
#   level: block
#   needs: [scan/performance]
#   controls: [euaia-art-9.6, euaia-art-15.1, airmf-measure-2.1, airmf-measure-2.3, iso42001-a.6.2.4, sr26-2-validation]
#   remediation: Evaluate on more rows.
package policies.rules.performance.enough_rows

import future.keywords.not

deny contains sprintf("%s rests on %d rows; at least %d are demanded", [m.metric, m.n, bound]) if {
	some m in _whole
	bound := data.config.thresholds.performance.rows_min
	m.n < bound
}

unknown contains "nothing was measured on all predictions" if count(_whole) == 0

_whole contains m if {
	some m in input.scans.performance.measurements
	m.metric in {"performance/accuracy", "performance/roc_auc", "performance/rmse", "performance/mae"}
	not m.slice.group
}
