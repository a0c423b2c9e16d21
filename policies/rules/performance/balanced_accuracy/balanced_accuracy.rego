# METADATA
# title: Every class is recognised well enough
# description: |
#   For a model of more than two classes, the mean of the classes' recalls reaches the
#   bound of the policy at the lower end of its interval. Plain accuracy is reached by
#   always naming the commonest class. Models of two classes are judged by
#   performance.roc_auc, numbers by performance.explained_variance.
# custom:
#   level: block
#   needs: [scan/performance, system]
#   controls: [euaia-art-15.1, euaia-art-9.6, airmf-measure-2.3, airmf-measure-2.5, iso42001-a.6.2.4, sr26-2-validation]
#   remediation: Train a better model, get more data of the classes that are missed, or measure on more rows; do not lower the bound after seeing the result.
package policies.rules.performance.balanced_accuracy

import future.keywords.not

deny contains sprintf("balanced accuracy may be as low as %.3f; at least %.3f is demanded", [worst, bound]) if {
	not _other
	some m in _whole
	worst := min({m.value, m.low})
	bound := data.config.thresholds.performance.balanced_accuracy_min
	worst < bound
}

unknown contains "performance/balanced_accuracy was not measured on all predictions" if {
	not _other
	count(_whole) == 0
}

unknown contains "performance/balanced_accuracy has no interval, or rests on no rows" if {
	some m in _whole
	not _sound(m.low, m.n)
}

not_applicable contains sprintf("the task is declared to be %s", [input.system.model.task]) if _other

_other if input.system.model.task in {"binary-classification", "regression", "ranking", "generation", "embedding", "other"}

_sound(low, n) if {
	is_number(low)
	n > 0
}

_whole contains m if {
	some m in input.scans.performance.measurements
	m.metric == "performance/balanced_accuracy"
	not m.slice.group
}
