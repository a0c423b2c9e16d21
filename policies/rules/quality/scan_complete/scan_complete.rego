# METADATA
# title: Every table was looked at
# description: |
#   A table that nobody read is not known to be good; the quality scanner skipped
#   nothing.
# custom:
#   level: block
#   needs: [scan/quality]
#   controls: [euaia-art-10.3, airmf-measure-2.3, iso42001-a.7.4]
#   remediation: Make the table readable for the scanner, or correct its declaration.
package policies.rules.quality.scan_complete

import future.keywords.not

deny contains sprintf("%s was not read: %s", [gap.path, gap.reason]) if {
	some gap in input.scans.quality.coverage.skipped
}

unknown contains "the scanner names nothing that it read" if count(input.scans.quality.coverage.read) == 0
