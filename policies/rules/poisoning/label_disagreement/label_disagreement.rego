# METADATA
# title: Labels agree with those of similar rows
# description: |
#   The share of training rows whose label contradicts its neighbours stays within
#   the bound of the policy, over all rows together: a rare label always disagrees
#   more with its neighbours. A label-flipping attack raises it, and so do careless
#   annotators.
# custom:
#   level: block
#   needs: [scan/poisoning]
#   controls: [euaia-art-15.5.data-poisoning, euaia-art-10.3, airmf-measure-2.7, iso42001-a.7.4, owasp-ml02-2023, atlas-aml.t0020]
#   remediation: Inspect the rows that disagree, correct the labels at their source, and train again.
package policies.rules.poisoning.label_disagreement

import future.keywords.not

deny contains sprintf("the labels of %.3f of the rows may contradict similar rows; at most %.3f is allowed", [worst, bound]) if {
	some m in _measured
	worst := max({m.value} | {h | h := m.high})
	bound := data.config.thresholds.poisoning.label_disagreement_max
	worst > bound
}

unknown contains "poisoning/label_disagreement was not measured" if count(_measured) == 0

unknown contains "poisoning/label_disagreement rests on no rows" if {
	some m in _measured
	m.n == 0
}

_measured contains m if {
	some m in input.scans.poisoning.measurements
	m.metric == "poisoning/label_disagreement"
	not m.slice.label
}
