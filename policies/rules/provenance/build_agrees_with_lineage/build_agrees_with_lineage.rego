# METADATA
# title: Build and lineage name the same data
# description: |
#   Every data set that the lineage pins is among the inputs of the build. Two stories
#   of how a model came to be are one too many.
# custom:
#   level: block
#   needs: [lineage, provenance]
#   controls: [euaia-art-10.2.b, euaia-anx-iv-2.d, airmf-genai-mg-2.2-002, iso42001-a.7.5, atlas-aml.m0025]
#   remediation: Find out which of the two is wrong, and build again.
package policies.rules.provenance.build_agrees_with_lineage

import future.keywords.not

deny contains sprintf("data set %s of the lineage is no input of the build", [i.name]) if {
	some i in _datasets
	startswith(i.digest, "sha256:")
	not trim_prefix(i.digest, "sha256:") in {d.sha256 | some d in input.provenance.resolvedDependencies}
}

unknown contains sprintf("data set %s of the lineage has no SHA-256 to compare", [i.name]) if {
	some i in _datasets
	not startswith(i.digest, "sha256:")
}

unknown contains "the lineage names no data set" if count(_datasets) == 0

_datasets contains i if {
	some l in input.lineage
	some i in l.inputs
	i.kind == "dataset"
}
