# METADATA
# title: There are measures by which people can intervene
# description: |
#   The declaration names at least one measure by which a person can understand,
#   override or stop what the system does.
# custom:
#   level: block
#   needs: [system]
#   controls: [euaia-art-14.3.a, euaia-art-14.4.d, euaia-art-14.4.e, airmf-manage-2.4, iso42001-a.9.2]
#   remediation: Name the measures under oversight.measures in modelvet.yaml.
package policies.rules.oversight.measures_named

deny contains "no measure is named under oversight.measures" if {
	count({m | some m in input.system.oversight.measures; trim_space(m) != ""}) == 0
}
