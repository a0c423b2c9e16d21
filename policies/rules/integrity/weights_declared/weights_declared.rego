# METADATA
# title: Every weight file is declared
# description: |
#   The artifact holds weight files, and each is named by a pattern of the
#   declaration: nothing is smuggled in beside the model.
# custom:
#   level: block
#   needs: [system]
#   controls: [euaia-art-15.5.model-poisoning, airmf-measure-2.7, iso42001-a.10.3, atlas-aml.t0018, owasp-ml10-2023]
#   remediation: Name the file under model.files in modelvet.yaml, or take it out of the artifact.
package policies.rules.integrity.weights_declared

import future.keywords.not

deny contains "the artifact holds no weight file" if {
	count({f.path | some f in input.subject.files; f.kind == "weight"}) == 0
}

deny contains sprintf("weight file %s is not declared", [file.path]) if {
	some file in input.subject.files
	file.kind == "weight"
	count({p | some p in input.system.model.files; glob.match(p, ["/"], file.path)}) == 0
}
