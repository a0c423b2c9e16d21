# METADATA
# title: Who built the model did not evaluate it
# description: |
#   The scans are signed by another signer than the provenance of the build.
#   Independent validation asks for a second pair of eyes.
# custom:
#   level: warn
#   needs: [provenance]
#   controls: [euaia-art-9.8, euaia-art-17.1.d, airmf-measure-1.3, airmf-govern-2.1, sr26-2-validation, iso42001-a.6.2.4]
#   remediation: Let a pipeline of the validation team run the scans and sign them with its own key.
package policies.rules.integrity.evaluator_is_not_builder

import future.keywords.not

deny contains sprintf("one signer vouches for the build and for %s", [concat(", ", sort(_both))]) if {
	input.provenance.builder
	count(_both) > 0
}

_both contains e.kind if {
	some b in input.evidence
	b.kind == "provenance"
	some e in _scans
	e.signer.identity == b.signer.identity
}

# The key of a certificate lives for one signature: it tells nothing beside an identity.
_both contains e.kind if {
	some b in input.evidence
	b.kind == "provenance"
	some e in _scans
	e.signer.keyId == b.signer.keyId
	not e.signer.identity
}

unknown contains "there is no verified scan" if count(_scans) == 0

_scans contains e if {
	some e in input.evidence
	startswith(e.kind, "scan/")
}
