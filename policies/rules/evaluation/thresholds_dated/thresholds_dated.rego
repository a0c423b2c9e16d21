# METADATA
# title: It is shown when the thresholds were set
# description: |
#   Somebody who may set thresholds signed those of this stage, with a date. A key
#   alone proves who said so; a time stamp of a trusted authority proves the time too.
# custom:
#   level: warn
#   needs: [thresholds]
#   controls: [euaia-art-9.8, euaia-art-9.6, fda-pccp-2, airmf-genai-gv-1.3-002, airmf-measure-1.1, iso42001-a.6.2.4, sr26-2-validation]
#   remediation: 'Sign them with modelvet policy sign, before the evaluation, and name the signature under thresholdsSignature in policy.yaml.'
package policies.rules.evaluation.thresholds_dated

import future.keywords.not

deny contains "nobody signed the thresholds of this stage" if input.thresholds.proof == "none"

deny contains "the signed thresholds carry no date" if {
	input.thresholds.proof != "none"
	not input.thresholds.setAt
}
