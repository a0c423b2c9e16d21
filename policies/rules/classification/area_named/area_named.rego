# METADATA
# title: A high-risk system names its area of Annex III
# description: |
#   Which duties bind a high-risk system depends on the area of Annex III that it
#   belongs to.
# custom:
#   level: block
#   needs: [system]
#   controls: [euaia-art-6.2, airmf-map-1.1, iso42001-a.5.2]
#   remediation: 'Name the area in modelvet.yaml, such as annexIII: annex-iii-5.b.'
package policies.rules.classification.area_named

import future.keywords.not

deny contains "the system is declared high-risk, and no area of Annex III is named" if {
	input.system.riskClass == "high"
	not input.system.annexIII
}

deny contains sprintf("%q is no area of Annex III", [input.system.annexIII]) if {
	not input.system.annexIII in _areas
	input.system.annexIII
}

not_applicable contains sprintf("the system is declared %s", [input.system.riskClass]) if {
	input.system.riskClass in {"limited", "minimal", "gpai"}
	not input.system.annexIII
}

_areas := {
	"annex-iii-1.a", "annex-iii-1.b", "annex-iii-1.c",
	"annex-iii-2",
	"annex-iii-3.a", "annex-iii-3.b", "annex-iii-3.c", "annex-iii-3.d",
	"annex-iii-4.a", "annex-iii-4.b",
	"annex-iii-5.a", "annex-iii-5.b", "annex-iii-5.c", "annex-iii-5.d",
	"annex-iii-6.a", "annex-iii-6.b", "annex-iii-6.c", "annex-iii-6.d", "annex-iii-6.e",
	"annex-iii-7.a", "annex-iii-7.b", "annex-iii-7.c", "annex-iii-7.d",
	"annex-iii-8.a", "annex-iii-8.b",
}
