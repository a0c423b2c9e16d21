# METADATA
# title: Nothing is wrong with the attributions
# description: |
#   The scanner of attributions found nothing that makes them worthless.
# custom:
#   level: block
#   needs: [scan/explainability]
#   controls: [euaia-art-13.1, euaia-art-13.3.b.iv, airmf-measure-2.9, iso42001-a.6.2.4]
#   remediation: Read the finding; supply attributions of the released model.
package policies.rules.explainability.no_block_findings

deny contains sprintf("%s: %s (%s)", [f.path, f.what, f.id]) if {
	some f in input.scans.explainability.findings
	f.severity == "block"
}
