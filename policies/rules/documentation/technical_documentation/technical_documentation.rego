# METADATA
# title: The technical documentation of Annex IV comes with a high-risk system
# description: |
#   For a high-risk system, the technical documentation is declared, is in the
#   artifact and is not empty. Whether it is adequate, a person must say. For systems
#   of Annex III it is law from 2 December 2027.
# custom:
#   level: warn
#   needs: [system]
#   controls: [euaia-art-11.1, euaia-art-16.d, euaia-anx-iv-1.b, euaia-anx-iv-2.a, airmf-map-2.1, iso42001-a.6.2.7, sr26-2-development]
#   remediation: Write the document along Annex IV, name it under documents as technical-documentation, and pack it.
package policies.rules.documentation.technical_documentation

import future.keywords.not

import data.policies.lib

deny contains "no technical-documentation is declared and packed" if {
	not _other
	not "technical-documentation" in lib.documents
}

not_applicable contains sprintf("the system is declared %s", [input.system.riskClass]) if _other

_other if input.system.riskClass in {"limited", "minimal", "gpai"}
