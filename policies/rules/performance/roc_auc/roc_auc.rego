# METADATA
# title: The model tells the classes apart well enough
# description: |
#   The area under the ROC curve reaches the bound of the policy at the lower end
#   of its interval, on the predictions as a whole. More than two classes and numbers
#   have rules of their own.
# custom:
#   level: block
#   needs: [scan/performance, system]
#   controls: [euaia-art-15.1, euaia-art-9.6, airmf-measure-2.3, airmf-measure-2.5, iso42001-a.6.2.4, sr26-2-validation]
#   remediation: Train a better model, or measure on more rows; do not lower the bound after seeing the result.
package policies.rules.performance.roc_auc

import future.keywords.not

deny contains sprintf("the ROC AUC may be as low as %.3f; at least %.3f is demanded", [worst, bound]) if {
	some m in _overall
	worst := min({m.value, m.low})
	bound := data.config.thresholds.performance.roc_auc_min
	worst < bound
}

unknown contains "performance/roc_auc was not measured on all predictions" if {
	count(_overall) == 0
	not _other
}

not_applicable contains sprintf("the task is declared to be %s", [input.system.model.task]) if _other

_other if {
	input.system.model.task in {"multiclass", "regression"}
	count(_overall) == 0
}

unknown contains "performance/roc_auc has no interval" if {
	some m in _overall
	not m.low
}

_overall contains m if {
	some m in input.scans.performance.measurements
	m.metric == "performance/roc_auc"
	count({s | some s in m.slice}) == 0
}

_overall contains m if {
	some m in input.scans.performance.measurements
	m.metric == "performance/roc_auc"
	not m.slice
}
