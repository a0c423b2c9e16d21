# METADATA
# title: Every weight file was read to its end
# description: |
#   A file that nobody read is not a clean file: the scanner skipped nothing, and
#   read every weight file of the artifact.
# custom:
#   level: block
#   needs: [scan/modelfile]
#   controls: [euaia-art-15.5, airmf-measure-2.7, atlas-aml.t0076, atlas-aml.m0016, airmf-genai-mg-3.1-002]
#   remediation: Make the file readable (not encrypted, not cut short), or take it out of the artifact.
package policies.rules.safety.scan_complete

import future.keywords.not

deny contains sprintf("%s was not read: %s", [gap.path, gap.reason]) if {
	some gap in input.scans.modelfile.coverage.skipped
}

deny contains sprintf("weight file %s was not read", [file.path]) if {
	some file in input.subject.files
	file.kind == "weight"
	not file.path in _read
}

_read contains path if some path in input.scans.modelfile.coverage.read
