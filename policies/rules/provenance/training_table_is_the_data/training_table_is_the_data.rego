# METADATA
# title: The data that were looked at are the data of the lineage
# description: |
#   The training table in the artifact, which the scanners read, has the digest of a
#   data set that the lineage names. Else poisoning was looked for in one table and
#   the model trained on another.
# custom:
#   level: block
#   needs: [lineage, system]
#   controls: [euaia-art-10.2.b, euaia-anx-iv-2.d, airmf-genai-mg-2.2-002, iso42001-a.7.5, atlas-aml.t0059, atlas-aml.m0025]
#   remediation: Declare the table on which the model was trained, and name the same file under lineage.
package policies.rules.provenance.training_table_is_the_data

import future.keywords.not

deny contains sprintf("table %s: %s is no data set that the lineage names", [table.name, file.path]) if {
	some table in _training
	some file in input.subject.files
	_matches(table.path, file.path)
	not file.digest in _datasets
}

unknown contains sprintf("table %s: no file of the artifact is it", [table.name]) if {
	some table in _training
	count({file.path | some file in input.subject.files; _matches(table.path, file.path)}) == 0
}

unknown contains "no table of kind training is declared" if count(_training) == 0

_matches(pattern, path) if pattern == path

_matches(pattern, path) if {
	contains(pattern, "*")
	glob.match(pattern, ["/"], path)
}

_training contains table if {
	some table in input.system.tables
	table.kind == "training"
}

_datasets contains i.digest if {
	some l in input.lineage
	some i in l.inputs
	i.kind == "dataset"
}
