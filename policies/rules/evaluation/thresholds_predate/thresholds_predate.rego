# METADATA
# title: The thresholds were set before the evaluation that they judge
# description: |
#   Every scan was signed after the thresholds of this stage. Bounds that were chosen
#   in sight of the result judge nothing (EU AI Act Art. 9(8), prior defined metrics).
#   Where the thresholds are not signed, nothing can be compared;
#   evaluation.thresholds_dated says so.
# custom:
#   level: block
#   needs: [thresholds]
#   controls: [euaia-art-9.8, euaia-art-9.6, fda-pccp-2, airmf-genai-gv-1.3-002, airmf-measure-1.1, iso42001-a.6.2.4, sr26-2-validation]
#   remediation: Evaluate again, now that the thresholds stand; do not change them after seeing the result.
package policies.rules.evaluation.thresholds_predate

import future.keywords.not

deny contains sprintf("%s was signed at %s, before the thresholds were set at %s", [e.kind, e.signedAt, input.thresholds.setAt]) if {
	input.thresholds.proof != "none"
	some e in _scans
	time.parse_rfc3339_ns(e.signedAt) < time.parse_rfc3339_ns(input.thresholds.setAt)
}

unknown contains sprintf("%s is not dated", [e.kind]) if {
	input.thresholds.proof != "none"
	some e in _scans
	not e.signedAt
}

unknown contains "the signed thresholds carry no date" if {
	input.thresholds.proof != "none"
	not input.thresholds.setAt
}

unknown contains "there is no verified scan" if {
	input.thresholds.proof != "none"
	count(_scans) == 0
}

not_applicable contains "nobody signed the thresholds: it is not known when they were set" if input.thresholds.proof == "none"

_scans contains e if {
	some e in input.evidence
	startswith(e.kind, "scan/")
}
