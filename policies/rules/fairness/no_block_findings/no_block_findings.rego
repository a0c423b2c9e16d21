# METADATA
# title: Nothing is wrong with the measurement of fairness
# description: |
#   The scanner of fairness found nothing that makes its numbers worthless, such as
#   predictions whose polarity is reversed.
# custom:
#   level: block
#   needs: [scan/fairness]
#   controls: [euaia-art-10.2.f, airmf-measure-2.11, airmf-measure-2.13]
#   remediation: Read the finding; correct the table of predictions or its declaration.
package policies.rules.fairness.no_block_findings

deny contains sprintf("%s: %s (%s)", [f.path, f.what, f.id]) if {
	some f in input.scans.fairness.findings
	f.severity == "block"
}

deny contains sprintf("%s: %s (%s)", [f.path, f.what, f.id]) if {
	some f in input.scans.fairness.findings
	f.id in {"fairness/reversed-polarity"}
}

unknown contains "the scanner names nothing that it read" if count(input.scans.fairness.coverage.read) == 0
