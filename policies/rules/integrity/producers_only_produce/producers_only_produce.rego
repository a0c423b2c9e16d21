# METADATA
# title: Who signs evidence holds no other office
# description: |
#   No signer of the verified evidence also has a role in which it could approve,
#   grant waivers or set thresholds. Two duties in one hand are none.
# custom:
#   level: block
#   needs: []
#   controls: [euaia-art-17.1.m, euaia-art-9.8, airmf-govern-2.1, airmf-measure-1.3, airmf-govern-4.1, iso42001-a.3.2, sr26-2-governance, dora-art-9]
#   remediation: Give the pipeline a key of its own with the role producer alone, and persons keys of theirs.
package policies.rules.integrity.producers_only_produce

deny contains sprintf("%s signed evidence and is also %s", [e.signer.name, role]) if {
	some e in _evidence
	some role in e.signer.roles
	role != "producer"
}

unknown contains "there is no verified evidence at all" if count(_evidence) == 0

_evidence contains e if {
	some e in input.evidence
	e.kind != ""
}
