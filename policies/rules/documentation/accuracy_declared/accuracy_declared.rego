# METADATA
# title: The accuracy of the system is declared
# description: |
#   The declaration gives at least one performance figure, for the instructions for
#   use to repeat.
# custom:
#   level: block
#   needs: [system]
#   controls: [euaia-art-15.3, euaia-art-13.3.b.ii, airmf-measure-2.5, iso42001-a.8.2]
#   remediation: Declare the figures that matter under performance in modelvet.yaml.
package policies.rules.documentation.accuracy_declared

deny contains "no performance figure is declared" if {
	count({metric | some metric, _ in input.system.performance}) == 0
}
