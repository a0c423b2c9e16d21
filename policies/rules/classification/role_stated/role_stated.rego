# METADATA
# title: The role under the AI Act is stated
# description: |
#   Duties follow the role: the declaration says whether it speaks as provider,
#   deployer, importer or distributor.
# custom:
#   level: block
#   needs: [system]
#   controls: [euaia-art-16.a, euaia-art-25.1, airmf-govern-2.1, iso42001-a.10.2]
#   remediation: 'Give role in modelvet.yaml: provider, deployer, importer or distributor.'
package policies.rules.classification.role_stated

import future.keywords.not

deny contains sprintf("role %q is none of provider, deployer, importer, distributor", [input.system.role]) if {
	not input.system.role in {"provider", "deployer", "importer", "distributor"}
}
