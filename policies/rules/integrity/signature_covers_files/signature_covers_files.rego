# METADATA
# title: The model signature covers every file
# description: |
#   Every file of the artifact is named in the OpenSSF model signature, so that none
#   can be changed or added without breaking it.
# custom:
#   level: block
#   needs: [signature]
#   controls: [euaia-art-15.5, airmf-measure-2.7, iso42001-a.10.3, owasp-ml10-2023, atlas-aml.m0013, atlas-aml.m0014]
#   remediation: Sign the model again, after the last file was written.
#   waivable: false
package policies.rules.integrity.signature_covers_files

import future.keywords.not

deny contains sprintf("%s is not signed", [file.path]) if {
	some file in input.subject.files
	not file.path in _signed
}

deny contains sprintf("%s is signed and not in the artifact", [r.name]) if {
	some r in input.signature.resources
	not r.name in _packed
}

_signed contains r.name if some r in input.signature.resources

_packed contains file.path if some file in input.subject.files
