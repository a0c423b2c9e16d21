# METADATA
# title: The evaluation of bias is not too old
# description: |
#   The verified evaluation of fairness was signed no longer ago than the policy
#   allows. For hiring in New York, Local Law 144 asks for an audit within the last
#   year.
# custom:
#   level: warn
#   needs: [scan/fairness]
#   controls: [euaia-art-10.2.g, euaia-art-72.2, nyc-ll144-audit, airmf-measure-2.11, iso42001-a.5.4]
#   remediation: Run the gate again on recent data.
package policies.rules.fairness.evaluation_age

import future.keywords.not

deny contains sprintf("the evaluation of bias of %s is older than %d days", [e.signedAt, bound]) if {
	some e in _dated
	bound := data.config.thresholds.fairness.evaluation_age_days_max
	time.parse_rfc3339_ns(input.at) - time.parse_rfc3339_ns(e.signedAt) > ((((bound * 24) * 60) * 60) * 1000) * 1000000
}

unknown contains "the evaluation of bias is not dated" if {
	input.scans.fairness.version
	count(_dated) == 0
}

_dated contains e if {
	some e in input.evidence
	e.kind == "scan/fairness"
	e.signedAt
}
