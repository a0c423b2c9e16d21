# METADATA
# title: The model is right on changed rows too
# description: |
#   On rows after a change that should not matter, the share of right predictions stays
#   above the bound of the policy, at the lower end of its interval, for each kind of
#   change. Which changes were tried, the declaration says; that they are the right ones,
#   a person.
# custom:
#   level: block
#   needs: [scan/performance, system]
#   controls: [euaia-art-15.4, euaia-art-15.5.evasion, euaia-art-9.6, owasp-ml01-2023, atlas-aml.t0015, atlas-aml.t0043, airmf-measure-2.5, airmf-measure-2.6, iso42001-a.6.2.4]
#   remediation: Train on changed rows too, or smooth the model, and measure again.
package policies.rules.robustness.accuracy_kept

import future.keywords.not

deny contains sprintf("under %s as few as %.3f of the predictions are right; at least %.3f must be", [m.slice.perturbation, worst, bound]) if {
	some m in _measured
	bound := data.config.thresholds.robustness.perturbed_accuracy_min
	worst := min([m.value, m.low])
	worst < bound
}

unknown contains sprintf("performance/perturbed_accuracy under %s was not measured, or has no interval", [column]) if {
	some column in _declared
	not column in {m.slice.perturbation | some m in _measured; m.n > 0; is_number(m.low)}
}

not_applicable contains "no predictions on changed rows are declared" if count(_declared) == 0

_declared contains column if {
	some table in input.system.tables
	table.kind == "predictions"
	some column in table.perturbed
}

_measured contains m if {
	some m in input.scans.performance.measurements
	m.metric == "performance/perturbed_accuracy"
}
