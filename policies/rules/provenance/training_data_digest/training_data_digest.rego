# METADATA
# title: The training data are known by their digest
# description: |
#   The lineage names at least one data set, and each by its SHA-256: without it
#   nobody can tell later on what the model was trained.
# custom:
#   level: block
#   needs: [lineage]
#   controls: [euaia-art-10.2.b, euaia-anx-iv-2.d, airmf-genai-mg-2.2-002, iso42001-a.7.5, atlas-aml.m0025, atlas-aml.t0059]
#   remediation: Name the training table under lineage in modelvet.yaml as a data set, so that its digest is taken.
package policies.rules.provenance.training_data_digest

import future.keywords.not

deny contains "the lineage names no training data" if {
	count(_datasets) == 0
}

deny contains sprintf("data set %s has no SHA-256", [d.name]) if {
	some d in _datasets
	not startswith(d.digest, "sha256:")
}

_datasets contains i if {
	some l in input.lineage
	some i in l.inputs
	i.kind == "dataset"
}
