# METADATA
# title: Generated content is marked
# description: |
#   A system whose task is generation declares how its output is marked as such,
#   machine-readable.
# custom:
#   level: block
#   needs: [system]
#   controls: [euaia-art-50.2, airmf-genai-risk-8, airmf-measure-2.8, iso42001-a.8.2]
#   remediation: Mark the output (C2PA, a watermark), and say how under transparency.marking in modelvet.yaml.
package policies.rules.transparency.content_is_marked

import future.keywords.not

deny contains "it is not declared how generated content is marked" if {
	not _other
	count({n | n := trim_space(input.system.transparency.marking); n != ""}) == 0
}

not_applicable contains "the system does not generate content" if _other

_other if input.system.model.task in {"binary-classification", "multiclass", "regression", "ranking", "embedding", "other"}
