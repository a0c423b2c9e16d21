# METADATA
# title: The change from the model in use is a planned one
# description: |
#   Where a model is in use, the declaration says by which planned change this one came
#   of it, and the packed plan of changes names that change. A change that is declared
#   substantial, or is in no plan, needs a new assessment (EU AI Act Art. 43(4)).
# custom:
#   level: warn
#   needs: [baseline, scan/documents, system]
#   controls: [euaia-art-43.4, euaia-art-13.3.c, euaia-anx-iv-2.f, euaia-anx-iv-6, fda-pccp-1, iso42001-cl-6.3]
#   remediation: Write the plan with `modelvet document draft change-plan`, name the change under change.item, or have the changed system assessed and waive the rule.
package policies.rules.regression.change_within_plan

import future.keywords.not

deny contains "modelvet.yaml does not say which change led from the model in use to this one" if {
	input.baseline.named
	not input.system.change
}

deny contains "the change is declared substantial: a new assessment is due" if {
	input.baseline.named
	input.system.change.substantial
}

deny contains "the change is not declared substantial, and names no item of the plan" if {
	input.baseline.named
	input.system.change
	not input.system.change.substantial
	not input.system.change.item
}

deny contains sprintf("%s: no packed plan of changes names it", [input.system.change.item]) if {
	input.baseline.named
	not _planned
}

not_applicable contains "the policy names no model in use for this stage" if not input.baseline.named

_planned if {
	some m in input.scans.documents.measurements
	m.metric == "documents/change_planned"
	m.slice.change == input.system.change.item
	m.value == 1
}
