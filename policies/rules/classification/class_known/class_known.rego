# METADATA
# title: The risk class is one that the law knows
# description: |
#   The declared class is high, limited, minimal or gpai. A prohibited practice
#   (EU AI Act Art. 5) is never released.
# custom:
#   level: block
#   needs: [system]
#   controls: [euaia-art-5.1.c, euaia-art-6.2, airmf-map-1.1, iso42001-a.5.2]
#   remediation: Classify the system; a prohibited one cannot be released.
#   waivable: false
package policies.rules.classification.class_known

import future.keywords.not

deny contains "the system is declared to be a prohibited practice" if {
	input.system.riskClass == "prohibited"
}

deny contains sprintf("risk class %q is none of high, limited, minimal, gpai", [input.system.riskClass]) if {
	not input.system.riskClass in {"prohibited", "high", "limited", "minimal", "gpai"}
}
