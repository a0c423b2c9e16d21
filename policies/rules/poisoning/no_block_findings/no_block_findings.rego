# METADATA
# title: The training data show no sign of poisoning
# description: |
#   The scanner of training data found no trigger, no backdoor and no flipped
#   labels that it calls severe.
# custom:
#   level: block
#   needs: [scan/poisoning]
#   controls: [euaia-art-15.5.data-poisoning, airmf-measure-2.7, iso42001-a.7.4, owasp-ml02-2023, atlas-aml.t0020, atlas-aml.m0007]
#   remediation: Inspect the rows that the finding names; restore the table from a source whose digest is known, and train again.
#   waivable: false
package policies.rules.poisoning.no_block_findings

deny contains sprintf("%s: %s (%s)", [f.path, f.what, f.id]) if {
	some f in input.scans.poisoning.findings
	f.severity == "block"
}
