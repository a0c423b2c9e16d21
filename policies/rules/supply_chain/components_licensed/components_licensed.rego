# METADATA
# title: Every component states its licence
# description: |
#   Each component of the bill of materials names a licence: data sets, base models, code.
#   The artifact's own files are covered by the licence of the system. Whether the licences
#   go together, a person must say.
# custom:
#   level: warn
#   needs: [bom]
#   controls: [euaia-art-25.4, euaia-art-53.1.c, airmf-govern-6.1, airmf-genai-risk-10, iso42001-a.10.3, atlas-aml.m0023]
#   remediation: Find the licence of the component and write it into the bill of materials, or do without the component.
package policies.rules.supply_chain.components_licensed

import future.keywords.not

deny contains sprintf("component %s states no licence", [c.name]) if {
	some c in input.bom.components
	not c.type == "file"
	count({l | some l in c.licences; not upper(l) in {"NOASSERTION", "NONE", "UNKNOWN"}}) == 0
}
