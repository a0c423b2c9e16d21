# METADATA
# title: The code that made the model is known by its commit
# description: |
#   The lineage names the commit of the code that trained the model.
# custom:
#   level: warn
#   needs: [lineage]
#   controls: [euaia-anx-iv-2.a, airmf-map-4.1, iso42001-a.6.2.3, euaia-art-17.1.c, gmlp-2]
#   remediation: Train from a version-controlled folder, and name git under lineage in modelvet.yaml.
package policies.rules.provenance.commit_known

import future.keywords.not

deny contains "no source of lineage names the commit of the training code" if {
	not _commit
}

_commit if {
	some l in input.lineage
	regex.match(`^[0-9a-f]{40,64}$`, l.facts.commit)
}

_commit if {
	some l in input.lineage
	some i in l.inputs
	i.kind == "code"
	startswith(i.digest, "gitCommit:")
}
