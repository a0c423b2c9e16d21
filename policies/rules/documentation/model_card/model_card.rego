# METADATA
# title: A model card comes with the model
# description: |
#   What the model is for, how well it works, and for whom it does not.
#   The document is declared, is in the artifact and is not empty. Whether it is
#   adequate, a person must say.
# custom:
#   level: block
#   needs: [system]
#   controls: [euaia-art-11.1, euaia-anx-iv-1.a, airmf-map-2.2, airmf-genai-ms-2.9-002, iso42001-a.6.2.7, co-sb26-189-dev-docs]
#   remediation: Write the document, name it in modelvet.yaml under documents as model-card, and pack it with the model.
package policies.rules.documentation.model_card

import future.keywords.not

import data.policies.lib

deny contains "no model-card is declared and packed" if {
	not "model-card" in lib.documents
}
