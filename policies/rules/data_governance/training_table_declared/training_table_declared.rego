# METADATA
# title: The training data are declared
# description: |
#   The declaration names the table on which the model was trained, with its label.
# custom:
#   level: block
#   needs: [system]
#   controls: [euaia-art-10.1, euaia-art-10.2.e, airmf-map-2.3, iso42001-a.7.2]
#   remediation: 'Name the table under tables in modelvet.yaml with kind: training and its label column.'
package policies.rules.data_governance.training_table_declared

deny contains "no table of kind training is declared" if {
	count(_training) == 0
}

deny contains sprintf("table %s: no label column is declared", [table.name]) if {
	some table in _training
	count({l | l := trim_space(table.label); l != ""}) == 0
}

_training contains table if {
	some table in input.system.tables
	table.kind == "training"
}
