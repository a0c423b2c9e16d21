# METADATA
# title: A monitoring plan comes with the model
# description: |
#   How the system is watched once it is in use.
#   The document is declared, is in the artifact and is not empty. Whether it is
#   adequate, a person must say.
# custom:
#   level: block
#   needs: [system]
#   controls: [euaia-art-72.3, euaia-art-72.1, euaia-anx-iv-9, airmf-manage-4.1, iso42001-a.6.2.6, sr26-2-monitoring]
#   remediation: Write the document, name it in modelvet.yaml under documents as monitoring-plan, and pack it with the model.
package policies.rules.monitoring.monitoring_plan

import future.keywords.not

import data.policies.lib

deny contains "no monitoring-plan is declared and packed" if {
	not "monitoring-plan" in lib.documents
}
