# METADATA
# title: Limits and foreseeable misuse are stated
# description: |
#   The declaration names at least one circumstance under which the system works less
#   well, and one foreseeable misuse.
# custom:
#   level: warn
#   needs: [system]
#   controls: [euaia-art-13.3.b.iii, euaia-art-13.3.b.ii, euaia-art-9.2.b, airmf-map-2.2, airmf-measure-2.5, iso42001-a.8.2, gmlp-9]
#   remediation: 'Name them under limits in modelvet.yaml: limitations and misuse.'
package policies.rules.documentation.limits_stated

deny contains "no limitation of the system is stated" if {
	count({l | some l in input.system.limits.limitations; trim_space(l) != ""}) == 0
}

deny contains "no foreseeable misuse is stated" if {
	count({m | some m in input.system.limits.misuse; trim_space(m) != ""}) == 0
}
