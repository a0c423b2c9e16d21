# METADATA
# title: The declaration of conformity comes with a high-risk system
# description: |
#   For a provider's high-risk system, the EU declaration of conformity is declared,
#   is in the artifact (and so bound to its digest) and is not empty. Who signs it
#   answers for it.
# custom:
#   level: warn
#   needs: [system]
#   controls: [euaia-art-47.1, euaia-art-16.g, euaia-anx-iv-8, airmf-govern-1.1, iso42001-a.8.2]
#   remediation: Have the declaration of Annex V drawn up and signed, name it under documents as declaration-of-conformity, and pack it.
package policies.rules.documentation.conformity_declaration

import future.keywords.not

import data.policies.lib

deny contains "no declaration-of-conformity is declared and packed" if {
	not _other
	not "declaration-of-conformity" in lib.documents
}

not_applicable contains "it is for the provider of a high-risk system to draw up" if _other

_other if input.system.riskClass in {"limited", "minimal", "gpai"}

_other if input.system.role in {"deployer", "importer", "distributor"}
