# METADATA
# title: The build names its inputs by digest
# description: |
#   The SLSA provenance of the build lists what went in, each with a digest.
# custom:
#   level: block
#   needs: [provenance]
#   controls: [euaia-art-17.1.c, euaia-art-15.5.model-poisoning, airmf-map-4.1, airmf-genai-risk-12, iso42001-a.6.2.3, owasp-ml06-2023, atlas-aml.t0010]
#   remediation: Let the pipeline record its inputs as resolved dependencies with their digests.
package policies.rules.provenance.build_materials_pinned

deny contains "the build names no inputs" if {
	count({1 | some _ in input.provenance.resolvedDependencies}) == 0
}

deny contains sprintf("input %d of the build has no digest", [i]) if {
	some i, d in input.provenance.resolvedDependencies
	count({h | h := d.sha256; h != ""} | {h | h := d.gitCommit; h != ""}) == 0
}
