# METADATA
# title: The licence of the model is stated
# description: |
#   The declaration names the licence under which the model may be used.
# custom:
#   level: warn
#   needs: [system]
#   controls: [airmf-govern-6.1, euaia-anx-xi-1.1.f, iso42001-a.10.3]
#   remediation: Give the licence in modelvet.yaml as an SPDX expression.
package policies.rules.documentation.licence_stated

deny contains "no licence is stated" if {
	count({l | l := trim_space(input.system.licence); l != ""}) == 0
}
