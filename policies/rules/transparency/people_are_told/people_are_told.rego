# METADATA
# title: People learn that they deal with an AI system
# description: |
#   A system of limited risk, or one that generates content, declares the words by
#   which people are told.
# custom:
#   level: block
#   needs: [system]
#   controls: [euaia-art-50.1, euaia-art-50.5, euaia-art-26.11, airmf-measure-2.8, airmf-govern-4.2, iso42001-a.8.2]
#   remediation: Write the notice, and put it under transparency.notice in modelvet.yaml.
package policies.rules.transparency.people_are_told

import future.keywords.not

deny contains "it is not declared how people are told" if {
	not _other
	count({n | n := trim_space(input.system.transparency.notice); n != ""}) == 0
}

not_applicable contains "the system is neither of limited risk nor does it generate content" if _other

_other if {
	input.system.riskClass in {"high", "minimal", "gpai"}
	input.system.model.task in {"binary-classification", "multiclass", "regression", "ranking", "embedding", "other"}
}
