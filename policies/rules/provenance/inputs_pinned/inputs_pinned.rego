# METADATA
# title: What the model was made of is pinned by digest
# description: |
#   Every input that the lineage names (data, code, base model) carries a digest:
#   a name alone may mean something else tomorrow.
# custom:
#   level: block
#   needs: [lineage]
#   controls: [euaia-art-15.5.model-poisoning, euaia-art-10.2.b, airmf-map-4.1, airmf-genai-ms-2.5-005, iso42001-a.7.5, atlas-aml.m0025, atlas-aml.t0010.002]
#   remediation: 'Pin the input by its content: a commit for code, a SHA-256 for data and models.'
package policies.rules.provenance.inputs_pinned

import future.keywords.not

deny contains sprintf("%s %s is not pinned by a digest", [i.kind, i.name]) if {
	some l in input.lineage
	some i in l.inputs
	not _pinned(i.digest)
}

_pinned(digest) if regex.match(`^(sha256:[0-9a-f]{64}|gitCommit:[0-9a-f]{40,64})$`, digest)
