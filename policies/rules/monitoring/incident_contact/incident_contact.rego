# METADATA
# title: It is known whom to tell of an incident
# description: |
#   The declaration says where a deployer reports that the system did harm. The time
#   limits of Art. 73 run from that day.
# custom:
#   level: warn
#   needs: [system]
#   controls: [euaia-art-73.1, euaia-art-26.5, airmf-manage-4.3, airmf-govern-4.3, iso42001-a.8.4, dora-art-17]
#   remediation: Name the place under monitoring.incidents in modelvet.yaml.
package policies.rules.monitoring.incident_contact

import future.keywords.not

deny contains "it is not declared whom to tell of an incident" if {
	count({c | c := trim_space(input.system.monitoring.incidents); c != ""}) == 0
}
