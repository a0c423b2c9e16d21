# METADATA
# title: Format and task of the model are stated
# description: |
#   A reader learns what kind of model it is, and what it computes.
# custom:
#   level: warn
#   needs: [system]
#   controls: [euaia-anx-iv-2.b, airmf-map-2.1, airmf-genai-ms-2.9-002, iso42001-a.6.2.3]
#   remediation: Give model.format and model.task in modelvet.yaml.
package policies.rules.documentation.model_described

import future.keywords.not

deny contains "the format of the model is not stated" if {
	count({f | f := trim_space(input.system.model.format); f != ""}) == 0
}

deny contains "the task of the model is not stated" if {
	count({f | f := trim_space(input.system.model.task); f != ""}) == 0
}
