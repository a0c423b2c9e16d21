# METADATA
# title: Scores mean what they say
# description: |
#   The expected calibration error of the scores stays within the bound of the policy,
#   at the upper end of its interval. A threshold on a score that is no probability
#   decides something else than was meant.
# custom:
#   level: warn
#   needs: [scan/performance]
#   controls: [euaia-art-15.1, airmf-measure-2.3, airmf-measure-2.5, iso42001-a.6.2.4, sr26-2-validation]
#   remediation: Calibrate the scores (isotonic or Platt) on held-out data, and measure again.
package policies.rules.performance.calibration

import future.keywords.not

deny contains sprintf("the expected calibration error may be %.3f; at most %.3f is allowed", [worst, bound]) if {
	some m in _measured
	worst := max({m.value, m.high})
	bound := data.config.thresholds.performance.calibration_error_max
	worst > bound
}

unknown contains "performance/expected_calibration_error was not measured" if count(_measured) == 0

unknown contains "performance/expected_calibration_error has no interval" if {
	some m in _measured
	not m.high
}

_measured contains m if {
	some m in input.scans.performance.measurements
	m.metric == "performance/expected_calibration_error"
	count({s | some s in m.slice}) == 0
}

_measured contains m if {
	some m in input.scans.performance.measurements
	m.metric == "performance/expected_calibration_error"
	not m.slice
}
