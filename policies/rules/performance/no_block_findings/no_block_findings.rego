# METADATA
# title: Nothing is wrong with the measurement of performance
# description: |
#   The scanner of performance found nothing that makes its numbers worthless, such as
#   a score that runs the wrong way.
# custom:
#   level: block
#   needs: [scan/performance]
#   controls: [euaia-art-15.1, airmf-measure-2.3, airmf-measure-2.13]
#   remediation: Read the finding; correct the table of predictions or its declaration.
package policies.rules.performance.no_block_findings

deny contains sprintf("%s: %s (%s)", [f.path, f.what, f.id]) if {
	some f in input.scans.performance.findings
	f.severity == "block"
}

deny contains sprintf("%s: %s (%s)", [f.path, f.what, f.id]) if {
	some f in input.scans.performance.findings
	f.id in {"performance/reversed-score", "performance/single-class"}
}

unknown contains "the scanner names nothing that it read" if count(input.scans.performance.coverage.read) == 0
