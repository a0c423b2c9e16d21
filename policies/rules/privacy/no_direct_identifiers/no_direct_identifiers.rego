# METADATA
# title: No column holds names, numbers or addresses of persons
# description: |
#   The scanner recognised no e-mail addresses, card or account numbers, telephone
#   numbers or the like in the packed tables. Who can pull the artifact can read its
#   tables.
# custom:
#   level: block
#   needs: [scan/privacy]
#   controls: [euaia-art-15.5.confidentiality, euaia-art-4a.1, gdpr-art-5.1.c, gdpr-art-25.1, airmf-measure-2.10, iso42001-a.7.4]
#   remediation: Remove or pseudonymise the column before the table is packed.
package policies.rules.privacy.no_direct_identifiers

import future.keywords.not

deny contains sprintf("%s: %s", [f.path, f.what]) if {
	some f in input.scans.privacy.findings
	f.id == "privacy/personal-data"
}

deny contains sprintf("%s was not read: %s", [gap.path, gap.reason]) if {
	some gap in input.scans.privacy.coverage.skipped
}

unknown contains "the scanner names nothing that it read" if count(input.scans.privacy.coverage.read) == 0
