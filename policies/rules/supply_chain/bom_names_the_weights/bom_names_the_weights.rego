# METADATA
# title: The bill of materials is that of this model
# description: |
#   Every weight file of the artifact has a component with its SHA-256 in the
#   CycloneDX bill of materials. A bill that names no digest may be that of another
#   model.
# custom:
#   level: warn
#   needs: [bom]
#   controls: [euaia-art-15.5.model-poisoning, euaia-anx-iv-1.c, airmf-map-4.1, airmf-govern-6.1, iso42001-a.4.4, atlas-aml.m0023, owasp-llm03-2025]
#   remediation: Write the SHA-256 of each weight file into the bill of materials, and attest it again.
package policies.rules.supply_chain.bom_names_the_weights

import future.keywords.not

deny contains sprintf("weight file %s is no component of the bill of materials", [file.path]) if {
	some file in _weights
	not trim_prefix(file.digest, "sha256:") in _digests
}

unknown contains "the artifact has no weight file" if {
	input.bom.components
	count(_weights) == 0
}

_digests contains lower(h) if {
	some c in input.bom.components
	some h in c.sha256
}

_weights contains file if {
	some file in input.subject.files
	file.kind == "weight"
}
