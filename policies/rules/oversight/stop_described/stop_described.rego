# METADATA
# title: A person can stop the system
# description: |
#   The declaration says how a person stops the system or sets its output aside.
# custom:
#   level: warn
#   needs: [system]
#   controls: [euaia-art-14.4.e, euaia-art-14.4.d, euaia-art-14.3.a, airmf-manage-2.4, iso42001-a.9.2, omb-m-25-21-oversight]
#   remediation: Say how under oversight.stop in modelvet.yaml.
package policies.rules.oversight.stop_described

import future.keywords.not

deny contains "it is not declared how a person stops the system" if {
	count({s | s := trim_space(input.system.oversight.stop); s != ""}) == 0
}
