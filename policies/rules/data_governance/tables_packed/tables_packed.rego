# METADATA
# title: Declared tables are in the artifact
# description: |
#   Every table of the declaration is a file of the artifact, so that its digest is
#   part of what is judged.
# custom:
#   level: block
#   needs: [system]
#   controls: [euaia-art-10.1, euaia-art-10.2.e, airmf-map-2.3, iso42001-a.7.2, euaia-anx-iv-2.d, gmlp-4]
#   remediation: Pack the tables with the model; for those that may not leave their place, waive this rule.
package policies.rules.data_governance.tables_packed

import future.keywords.not

deny contains sprintf("table %s: %s is not in the artifact", [table.name, table.path]) if {
	some table in input.system.tables
	not table.path in _packed
	not _glob(table.path)
}

deny contains sprintf("table %s: no file of the artifact matches %s", [table.name, table.path]) if {
	some table in input.system.tables
	_glob(table.path)
	count({file.path | some file in input.subject.files; glob.match(table.path, ["/"], file.path)}) == 0
}

deny contains sprintf("table %s lies in an SQL engine and not in the artifact", [table.name]) if {
	some table in input.system.tables
	not table.path
}

deny contains "no tables are declared" if {
	count({t | some t in input.system.tables}) == 0
}

_packed contains file.path if some file in input.subject.files

_glob(path) if regex.match(`[*?\[{]`, path)
