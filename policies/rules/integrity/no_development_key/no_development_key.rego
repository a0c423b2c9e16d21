# METADATA
# title: No evidence is signed with a development key
# description: |
#   A development key is made on the spot by whoever needs one, so that it proves
#   nothing to anybody else.
# custom:
#   level: warn
#   needs: []
#   controls: [euaia-art-15.5, airmf-measure-2.7, iso42001-a.10.3, atlas-aml.m0013]
#   remediation: Sign in the pipeline, with a key or identity that the policy trusts by name.
package policies.rules.integrity.no_development_key

deny contains sprintf("%s is signed with a development key", [e.predicateType]) if {
	some e in input.evidence
	e.signer.development
}

unknown contains "there is no verified evidence at all" if count(input.evidence) == 0
