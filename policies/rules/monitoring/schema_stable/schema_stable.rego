# METADATA
# title: Production data still have the columns of the training
# description: |
#   Where production data are declared, no column of the reference is missing or of
#   another type there.
# custom:
#   level: warn
#   needs: [scan/drift, system]
#   controls: [euaia-art-15.4, euaia-art-72.2, airmf-measure-2.4, airmf-manage-4.1, iso42001-a.6.2.6, gmlp-10]
#   remediation: Mend the feed, or train a model for the data as they now are.
#   nothing_read: judged
package policies.rules.monitoring.schema_stable

import future.keywords.not

deny contains sprintf("%s: %s", [f.path, f.what]) if {
	some f in input.scans.drift.findings
	f.id in {"drift/missing-column", "drift/type-changed"}
}

unknown contains "production data are declared, and the scanner names nothing that it read" if {
	_production
	count(input.scans.drift.coverage.read) == 0
}

not_applicable contains "no table of kind production is declared" if not _production

_production if {
	some table in input.system.tables
	table.kind == "production"
}
