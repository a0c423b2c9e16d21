# METADATA
# title: A data protection impact assessment comes with a high-risk system
# description: |
#   Where personal data are processed by a high-risk system, the assessment of Art. 35
#   GDPR is declared, is in the artifact and is not empty. Whether it is adequate, a
#   person must say.
# custom:
#   level: warn
#   needs: [system]
#   controls: [euaia-art-26.9, gdpr-art-35, gdpr-art-35.2, airmf-map-5.1, airmf-measure-2.10, iso42001-a.5.3]
#   remediation: Have the assessment made with the data protection officer, name it under documents as dpia, and pack it.
package policies.rules.privacy.impact_assessment

import future.keywords.not

import data.policies.lib

deny contains "no dpia is declared and packed" if {
	_concerned
	not "dpia" in lib.documents
}

unknown contains "it is not declared whether personal data are processed" if {
	not _other
	not input.system.personalData
}

not_applicable contains sprintf("the system is declared %s", [input.system.riskClass]) if _other

not_applicable contains "no personal data are processed, says the declaration" if input.system.personalData.processed == false

_other if input.system.riskClass in {"limited", "minimal", "gpai"}

_concerned if {
	not _other
	input.system.personalData.processed
}
