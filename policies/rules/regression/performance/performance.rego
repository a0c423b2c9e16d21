# METADATA
# title: The model is not worse than the one in use
# description: |
#   No figure of performance falls behind that of the artifact that was promoted
#   before by more than the policy allows, interval bound against interval bound; none
#   that was measured then is left out now, and both rest on as many rows. The
#   baseline is named by the policy and read from its own signed decision.
# custom:
#   level: block
#   needs: [baseline, scan/performance]
#   controls: [euaia-art-15.1, euaia-art-43.4, airmf-measure-4.3, airmf-manage-4.2, iso42001-a.6.2.6, fda-pccp-2, sr26-2-monitoring]
#   remediation: Keep the model that is in use, or improve the new one; change the margin only before the next evaluation.
package policies.rules.regression.performance

import future.keywords.not

deny contains sprintf("%s may be as low as %.3f; the model in use reaches at least %.3f, and %.3f less is allowed", [b.metric, now, before, margin]) if {
	some b in _before
	b.metric in _more_is_better
	some m in _now
	m.metric == b.metric
	now := min({m.value, m.low})
	before := min({b.value, b.low})
	margin := data.config.thresholds.regression.performance_margin
	before - now > margin
}

deny contains sprintf("%s may be as high as %.3f; the model in use has at most %.3f, and %.3f more is allowed", [b.metric, now, before, margin]) if {
	some b in _before
	b.metric in _less_is_better
	some m in _now
	m.metric == b.metric
	now := max({m.value, m.high})
	before := max({b.value, b.high})
	margin := data.config.thresholds.regression.performance_margin
	now - before > margin
}

deny contains sprintf("%s was measured of the model in use, and is not now", [b.metric]) if {
	some b in _before
	not b.metric in _named
}

unknown contains sprintf("%s rests on %d rows, that of the model in use on %d: they cannot be compared", [b.metric, m.n, b.n]) if {
	some b in _before
	some m in _now
	m.metric == b.metric
	m.n != b.n
}

unknown contains sprintf("%s has no interval", [m.metric]) if {
	some m in (_before | _now)
	not [m.low, m.high]
}

unknown contains "the decision about the model in use holds no figure of performance" if {
	input.baseline.named
	count(_before) == 0
}

not_applicable contains "the policy names no model in use for this stage" if not input.baseline.named

_named contains m.metric if some m in _now

_more_is_better := {"performance/roc_auc", "performance/accuracy", "performance/balanced_accuracy", "performance/average_precision", "performance/f1", "performance/macro_f1", "performance/r2"}

_less_is_better := {"performance/log_loss", "performance/brier", "performance/expected_calibration_error", "performance/rmse", "performance/mae"}

_before contains m if {
	some m in input.baseline.performance
	m.metric in (_more_is_better | _less_is_better)
	not m.slice.group
}

_now contains m if {
	some m in input.scans.performance.measurements
	m.metric in (_more_is_better | _less_is_better)
	not m.slice.group
}
