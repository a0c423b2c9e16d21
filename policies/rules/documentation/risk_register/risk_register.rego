# METADATA
# title: A risk register comes with the model
# description: |
#   Which risks are known, what is done about each, and what remains.
#   The document is declared, is in the artifact and is not empty. Whether it is
#   adequate, a person must say.
# custom:
#   level: block
#   needs: [system]
#   controls: [euaia-art-9.1, euaia-art-9.2.a, euaia-anx-iv-5, airmf-map-5.1, airmf-manage-1.4, iso42001-cl-6.1.2]
#   remediation: Write the document, name it in modelvet.yaml under documents as risk-register, and pack it with the model.
package policies.rules.documentation.risk_register

import future.keywords.not

import data.policies.lib

deny contains "no risk-register is declared and packed" if {
	not "risk-register" in lib.documents
}
