# METADATA
# title: The risk class does not contradict the use
# description: |
#   A system in an area of Annex III is high-risk. Who claims the derogation of
#   Art. 6(3) documents it, and gets this rule waived.
# custom:
#   level: block
#   needs: [system]
#   controls: [euaia-art-6.2, airmf-map-1.1, iso42001-a.5.2, euaia-art-6.3, euaia-art-6.4]
#   remediation: 'Declare riskClass: high, or document the derogation and have this rule waived.'
package policies.rules.classification.class_consistent

import future.keywords.not

deny contains sprintf("the use is in %s of Annex III, and the system is declared %s", [input.system.annexIII, input.system.riskClass]) if {
	input.system.annexIII
	input.system.riskClass != "high"
}

not_applicable contains "no area of Annex III is named" if {
	not input.system.annexIII
}
