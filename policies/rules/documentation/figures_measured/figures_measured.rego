# METADATA
# title: The figures in the documents are the measured ones
# description: |
#   No document declares a figure that the gate measured otherwise. A figure counts as the
#   same within half of its last written digit.
# custom:
#   level: block
#   needs: [scan/documents]
#   controls: [euaia-art-15.3, euaia-art-11.1, airmf-measure-4.3, iso42001-a.6.2.7]
#   remediation: Correct the document, or find out why it says something else, and pack the model again.
package policies.rules.documentation.figures_measured

deny contains sprintf("%s: %s", [f.path, f.what]) if {
	some f in input.scans.documents.findings
	f.id == "documents/figure-differs"
}
