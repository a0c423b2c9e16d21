# METADATA
# title: Everything that the scanner should read was read
# description: |
#   A file or table that nobody read is not a clean one: the poisoning scanner skipped
#   nothing.
# custom:
#   level: block
#   needs: [scan/poisoning]
#   controls: [euaia-art-10.2.h, airmf-measure-2.7, owasp-ml02-2023]
#   remediation: Make the file readable for the scanner, or take it out of the artifact.
package policies.rules.poisoning.scan_complete

import future.keywords.not

deny contains sprintf("%s was not read: %s", [gap.path, gap.reason]) if {
	some gap in input.scans.poisoning.coverage.skipped
}

unknown contains "the scanner names nothing that it read" if count(input.scans.poisoning.coverage.read) == 0
