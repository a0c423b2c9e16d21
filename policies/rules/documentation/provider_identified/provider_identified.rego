# METADATA
# title: The provider can be named and reached
# description: |
#   The declaration gives the name of the provider and a way to reach it.
# custom:
#   level: block
#   needs: [system]
#   controls: [euaia-art-13.3.a, euaia-art-16.b, airmf-govern-2.1, iso42001-a.10.2]
#   remediation: Give the provider's name and contact in modelvet.yaml.
package policies.rules.documentation.provider_identified

deny contains "the provider has no name" if {
	trim_space(input.system.provider.name) == ""
}

deny contains "the provider gives no contact" if {
	count({c | c := trim_space(input.system.provider.contact); c != ""}) == 0
}
