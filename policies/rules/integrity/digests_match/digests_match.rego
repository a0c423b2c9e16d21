# METADATA
# title: Signed digests equal those of the artifact
# description: |
#   The digest of every file in the model signature is the digest of the file that
#   is judged.
# custom:
#   level: block
#   needs: [signature]
#   controls: [euaia-art-15.5, airmf-measure-2.7, iso42001-a.10.3, owasp-ml10-2023, atlas-aml.m0013, atlas-aml.m0014, hipaa-164.312.c, atlas-aml.t0010.004]
#   remediation: Find out who changed the file; rebuild the artifact from its source and sign it again.
#   waivable: false
package policies.rules.integrity.digests_match

import future.keywords.not

deny contains sprintf("%s: signed as %s, packed as %s", [file.path, digest, file.digest]) if {
	some file in input.subject.files
	some digest in _signed[file.path]
	concat("", ["sha256:", digest]) != file.digest
}

deny contains sprintf("%s: its digest is %s, and sha256 is wanted", [r.name, r.algorithm]) if {
	some r in input.signature.resources
	r.algorithm != "sha256"
}

unknown contains sprintf("no signed digest of %s", [file.path]) if {
	some file in input.subject.files
	not _signed[file.path]
}

_signed[r.name] contains r.digest if some r in input.signature.resources
