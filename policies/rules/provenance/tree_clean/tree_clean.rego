# METADATA
# title: The working tree was clean
# description: |
#   The commit says what the code was only when nothing was changed beside it.
# custom:
#   level: warn
#   needs: [lineage]
#   controls: [euaia-anx-iv-2.a, airmf-map-4.1, iso42001-a.6.2.3, gmlp-2]
#   remediation: Commit the changes, and pack the model again.
package policies.rules.provenance.tree_clean

import future.keywords.not

deny contains sprintf("the working tree was changed when %s was read", [l.source]) if {
	some l in input.lineage
	l.facts.dirty == "true"
}

unknown contains "the lineage does not say whether the working tree was clean" if {
	count({l.source | some l in input.lineage; l.facts.dirty in {"true", "false"}}) == 0
}
