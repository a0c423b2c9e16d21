# METADATA
# title: The model predicts numbers well enough
# description: |
#   For a model whose task is regression, the coefficient of determination reaches the
#   bound of the policy at the lower end of its interval. Nought is what the mean of
#   the labels reaches.
# custom:
#   level: block
#   needs: [scan/performance, system]
#   controls: [euaia-art-15.1, euaia-art-9.6, airmf-measure-2.3, airmf-measure-2.5, iso42001-a.6.2.4, sr26-2-validation]
#   remediation: Train a better model, or measure on more rows; do not lower the bound after seeing the result.
package policies.rules.performance.explained_variance

import future.keywords.not

deny contains sprintf("R2 may be as low as %.3f; at least %.3f is demanded", [worst, bound]) if {
	some m in _whole
	worst := min({m.value, m.low})
	bound := data.config.thresholds.performance.r2_min
	worst < bound
}

unknown contains "performance/r2 was not measured on all predictions" if {
	not _classifies
	not _other
	count(_whole) == 0
}

unknown contains "performance/r2 has no interval" if {
	some m in _whole
	not m.low
}

not_applicable contains sprintf("the task is declared to be %s", [input.system.model.task]) if _other

not_applicable contains "no task is declared, and the predictions are classes" if _classifies

_other if input.system.model.task in {"binary-classification", "multiclass", "ranking", "generation", "embedding", "other"}

_classifies if {
	not input.system.model.task
	some m in input.scans.performance.measurements
	m.metric == "performance/accuracy"
}

_whole contains m if {
	some m in input.scans.performance.measurements
	m.metric == "performance/r2"
	not m.slice.group
}
