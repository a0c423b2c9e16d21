# METADATA
# title: Instructions for use come with the model
# description: |
#   What a deployer must know to use the system as it is meant.
#   The document is declared, is in the artifact and is not empty. Whether it is
#   adequate, a person must say.
# custom:
#   level: block
#   needs: [system]
#   controls: [euaia-art-13.2, euaia-anx-iv-1.h, airmf-govern-4.2, iso42001-a.8.2, gmlp-9]
#   remediation: Write the document, name it in modelvet.yaml under documents as instructions-for-use, and pack it with the model.
package policies.rules.documentation.instructions_for_use

import future.keywords.not

import data.policies.lib

deny contains "no instructions-for-use is declared and packed" if {
	not "instructions-for-use" in lib.documents
}
