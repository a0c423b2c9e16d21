# METADATA
# title: Protected attributes are not among the features
# description: |
#   No table declares a column both as a feature and as a protected attribute. What
#   stands in for one, the explainability rules look for.
# custom:
#   level: warn
#   needs: [system]
#   controls: [euaia-art-10.2.f, euaia-art-10.2.g, gdpr-art-5.1.c, airmf-measure-2.11, iso42001-a.5.4, eba-gl-2020-06-4.3]
#   remediation: Take the column out of features, and train again without it.
package policies.rules.data_governance.protected_not_features

import future.keywords.not

deny contains sprintf("table %s: %s is a feature and a protected attribute", [table.name, column]) if {
	some table in input.system.tables
	some column in table.features
	column in _protected
}

unknown contains "no protected attribute is declared" if count(_protected) == 0

unknown contains "no table of kind training is declared" if {
	count({table.name | some table in input.system.tables; table.kind == "training"}) == 0
}

# Without a list, every column that has no other role is a feature.
unknown contains sprintf("table %s lists no features, and does not say that %s is none", [table.name, column]) if {
	some table in input.system.tables
	table.kind == "training"
	count({f | some f in table.features}) == 0
	some column in _protected
	not column in {p | some p in table.protected}
}

_protected contains column if {
	some table in input.system.tables
	some column in table.protected
}
