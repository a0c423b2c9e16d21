# METADATA
# title: Base models are pinned by their content
# description: |
#   A model that was tuned from another inherits whatever that one holds; it is named
#   by its digest.
# custom:
#   level: block
#   needs: [lineage]
#   controls: [euaia-art-25.1, euaia-art-15.5.model-poisoning, airmf-manage-3.2, airmf-genai-mg-3.2-002, iso42001-a.10.3, owasp-ml07-2023, atlas-aml.t0058, atlas-aml.t0109]
#   remediation: Give the base model by its digest in the lineage.
package policies.rules.provenance.base_models_pinned

import future.keywords.not

deny contains sprintf("base model %s is not pinned by a SHA-256", [i.name]) if {
	some i in _bases
	not startswith(i.digest, "sha256:")
}

not_applicable contains "the lineage names no base model" if count(_bases) == 0

_bases contains i if {
	some l in input.lineage
	some i in l.inputs
	i.kind == "base-model"
}
