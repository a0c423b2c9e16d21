# METADATA
# title: Personal data have a legal basis
# description: |
#   The declaration says whether personal data are processed, and where they are, on
#   which ground of Art. 6(1) GDPR. Whether the ground holds, a person must say.
# custom:
#   level: warn
#   needs: [system]
#   controls: [euaia-art-10.2.b, gdpr-art-6, gdpr-art-5.1.a, airmf-govern-1.1, airmf-measure-2.10, iso42001-a.7.3]
#   remediation: 'Declare personalData in modelvet.yaml: processed, and legalBasis such as art-6-1-b.'
package policies.rules.privacy.legal_basis

import future.keywords.not

deny contains "it is not declared whether personal data are processed" if not input.system.personalData

deny contains "personal data are processed, and no ground of Art. 6(1) GDPR is named" if {
	input.system.personalData.processed
	count({b | b := input.system.personalData.legalBasis; regex.match(`^art-6-1-[a-f]$`, b)}) == 0
}

not_applicable contains "no personal data are processed, says the declaration" if input.system.personalData.processed == false
