# METADATA
# title: The table of predictions says what stands in it
# description: |
#   Whoever measures needs to know which column is the truth, and which the model's
#   answer.
# custom:
#   level: block
#   needs: [system]
#   controls: [euaia-art-9.6, euaia-art-10.1, airmf-measure-2.1, iso42001-a.6.2.4]
#   remediation: Name label, and prediction or score, of the table of predictions in modelvet.yaml.
package policies.rules.data_governance.predictions_declared

deny contains "no table of kind predictions is declared" if {
	count(_predictions) == 0
}

deny contains sprintf("table %s: no label column is declared", [table.name]) if {
	some table in _predictions
	count({l | l := trim_space(table.label); l != ""}) == 0
}

deny contains sprintf("table %s: neither a prediction nor a score column is declared", [table.name]) if {
	some table in _predictions
	count({p | p := trim_space(table.prediction); p != ""}) + count({s | s := trim_space(table.score); s != ""}) == 0
}

_predictions contains table if {
	some table in input.system.tables
	table.kind == "predictions"
}
