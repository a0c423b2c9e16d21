# METADATA
# title: A data card comes with the model
# description: |
#   Where the data came from, how they were prepared, what they lack.
#   The document is declared, is in the artifact and is not empty. Whether it is
#   adequate, a person must say.
# custom:
#   level: block
#   needs: [system]
#   controls: [euaia-art-10.2, euaia-anx-iv-2.d, airmf-map-2.3, iso42001-a.7.2, iso42001-a.7.3, iso42001-a.4.3]
#   remediation: Write the document, name it in modelvet.yaml under documents as data-card, and pack it with the model.
package policies.rules.documentation.data_card

import future.keywords.not

import data.policies.lib

deny contains "no data-card is declared and packed" if {
	not "data-card" in lib.documents
}
