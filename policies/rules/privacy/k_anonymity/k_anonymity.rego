# METADATA
# title: Nobody is singled out by the protected attributes
# description: |
#   In every table, each combination of protected attributes that occurs is shared by
#   at least as many rows as the policy demands (k-anonymity over the declared
#   attributes; what else could single out a person is not measured).
# custom:
#   level: warn
#   needs: [scan/privacy, system]
#   controls: [euaia-art-15.5.confidentiality, euaia-art-4a.1, gdpr-art-5.1.c, gdpr-art-25.1, airmf-measure-2.10, hipaa-164.514]
#   remediation: Coarsen the attributes (age groups, regions), or take the rare rows out of the packed table.
package policies.rules.privacy.k_anonymity

import future.keywords.not

deny contains sprintf("table %s: the smallest group has %d rows; at least %d are demanded", [m.slice.table, m.value, bound]) if {
	some m in _measured
	bound := data.config.thresholds.privacy.k_anonymity_min
	m.value < bound
}

unknown contains sprintf("privacy/k_anonymity of table %s was not measured", [table.name]) if {
	some table in _concerned
	not table.name in {m.slice.table | some m in _measured; m.n > 0}
}

not_applicable contains "no table declares protected attributes" if count(_concerned) == 0

_concerned contains table if {
	some table in input.system.tables
	count({p | some p in table.protected}) > 0
	table.kind != "attributions"
}

_measured contains m if {
	some m in input.scans.privacy.measurements
	m.metric == "privacy/k_anonymity"
}
