# METADATA
# title: A fundamental rights impact assessment comes with the deployment
# description: |
#   A deployer of a system for credit scoring or insurance (Annex III 5(b), (c)) has
#   one, and so has a public body for most of Annex III; whether the deployer is one,
#   the declaration does not say, so that every deployer in Annex III is asked. The
#   document is declared, is in the artifact and is not empty.
# custom:
#   level: warn
#   needs: [system]
#   controls: [euaia-art-27.1, euaia-art-27.1.a, euaia-art-27.1.c, euaia-art-27.1.d, airmf-map-5.1, iso42001-a.5.4, omb-m-25-21-impact]
#   remediation: Make the assessment of Art. 27, name it under documents as fria, and pack it; a private deployer outside 5(b) and (c) has the rule waived.
package policies.rules.documentation.rights_assessment

import future.keywords.not

import data.policies.lib

deny contains "no fria is declared and packed" if {
	not _other
	not "fria" in lib.documents
}

not_applicable contains "it is for deployers of a system in Annex III" if _other

_other if input.system.role in {"provider", "importer", "distributor"}

_other if not input.system.annexIII

_other if input.system.annexIII == "annex-iii-2"
