# METADATA
# title: Everything that the scanner should read was read
# description: |
#   What nobody read is not known to be right: the explainability scanner skipped nothing.
# custom:
#   level: block
#   needs: [scan/explainability]
#   controls: [euaia-art-13.3.b.iv, airmf-measure-2.13, airmf-measure-2.9]
#   remediation: Make the table readable for the scanner, or correct its declaration.
package policies.rules.explainability.scan_complete

import future.keywords.not

deny contains sprintf("%s was not read: %s", [gap.path, gap.reason]) if {
	some gap in input.scans.explainability.coverage.skipped
}

unknown contains "the scanner names nothing that it read" if count(input.scans.explainability.coverage.read) == 0
