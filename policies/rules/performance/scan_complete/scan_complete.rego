# METADATA
# title: Everything that the scanner should read was read
# description: |
#   What nobody read is not known to be right: the performance scanner skipped nothing.
# custom:
#   level: block
#   needs: [scan/performance]
#   controls: [euaia-art-15.1, airmf-measure-2.13, airmf-measure-2.3, euaia-anx-iv-2.g, omb-m-25-21-test]
#   remediation: Make the table readable for the scanner, or correct its declaration.
package policies.rules.performance.scan_complete

import future.keywords.not

deny contains sprintf("%s was not read: %s", [gap.path, gap.reason]) if {
	some gap in input.scans.performance.coverage.skipped
}

unknown contains "the scanner names nothing that it read" if count(input.scans.performance.coverage.read) == 0
