# METADATA
# title: The intended purpose is stated
# description: |
#   The declaration says in a sentence for what, by whom and on whom the system is
#   to be used.
# custom:
#   level: block
#   needs: [system]
#   controls: [euaia-art-13.3.b.i, euaia-anx-iv-1.a, airmf-map-1.1, iso42001-a.9.4]
#   remediation: 'State the purpose in modelvet.yaml: who uses the system, on whom, to decide what.'
package policies.rules.documentation.purpose_stated

deny contains "the stated purpose is shorter than a sentence" if {
	count(trim_space(input.system.purpose)) < 20
}
