# METADATA
# title: Somebody is answerable for human oversight
# description: |
#   The declaration names who oversees the system and may stop it.
# custom:
#   level: block
#   needs: [system]
#   controls: [euaia-art-14.1, euaia-art-26.2, airmf-map-3.5, airmf-govern-2.1, iso42001-a.3.2, omb-m-25-21-oversight]
#   remediation: Name a person or office under oversight.owner in modelvet.yaml.
package policies.rules.oversight.owner_named

deny contains "nobody is named under oversight.owner" if {
	count({o | o := trim_space(input.system.oversight.owner); o != ""}) == 0
}
