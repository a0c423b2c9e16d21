# METADATA
# title: The stage is one for which the system is meant
# description: |
#   The stage that is judged is among those that the declaration names.
# custom:
#   level: warn
#   needs: [system]
#   controls: [euaia-art-26.1, euaia-art-13.3.b.i, airmf-map-3.3, airmf-map-1.1, iso42001-a.9.4]
#   remediation: Name the stage under deployment.stages in modelvet.yaml, or do not deploy it there.
package policies.rules.deployment.stage_declared

import future.keywords.not

deny contains sprintf("it is not declared to be meant for stage %s", [input.stage]) if {
	not input.stage in {s | some s in input.system.deployment.stages}
}
