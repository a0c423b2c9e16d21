# METADATA
# title: Nothing dangerous is in the model files
# description: |
#   The scanner of model files found nothing that it calls severe: no broken or
#   disguised file, no hidden payload, no path that leaves its folder.
# custom:
#   level: block
#   needs: [scan/modelfile]
#   controls: [euaia-art-15.5, airmf-measure-2.7, iso42001-a.6.2.4, atlas-aml.t0011.000, atlas-aml.t0018.002, owasp-ml06-2023, atlas-aml.m0016]
#   remediation: Read the finding; rebuild the file from its source.
#   waivable: false
package policies.rules.safety.no_block_findings

deny contains sprintf("%s: %s (%s)", [f.path, f.what, f.id]) if {
	some f in input.scans.modelfile.findings
	f.severity == "block"
}
