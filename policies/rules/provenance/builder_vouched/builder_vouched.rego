# METADATA
# title: A build platform vouches for the artifact
# description: |
#   The provenance names a build platform, not somebody's shell. What a person built
#   by hand, nobody can build again from the record.
# custom:
#   level: warn
#   needs: [provenance]
#   controls: [euaia-art-17.1.c, euaia-art-15.5.model-poisoning, airmf-manage-3.2, airmf-genai-risk-12, iso42001-a.6.1.3, atlas-aml.t0010]
#   remediation: Run modelvet gate in the pipeline (GitHub Actions, GitLab CI, Jenkins).
package policies.rules.provenance.builder_vouched

import future.keywords.not

deny contains "no build platform vouches for it: it was built in a shell" if {
	endswith(input.provenance.builder, "/builders/unverified")
}

deny contains sprintf("the builder %q is no address of a build platform", [input.provenance.builder]) if {
	not regex.match(`^https://[a-z0-9.-]+`, input.provenance.builder)
}
