# METADATA
# title: An oversight plan comes with the model
# description: |
#   How people watch the system, and how they override or stop it.
#   The document is declared, is in the artifact and is not empty. Whether it is
#   adequate, a person must say.
# custom:
#   level: block
#   needs: [system]
#   controls: [euaia-art-14.1, euaia-art-14.2, euaia-anx-iv-3, airmf-map-3.5, iso42001-a.9.3, omb-m-25-21-oversight]
#   remediation: Write the document, name it in modelvet.yaml under documents as oversight-plan, and pack it with the model.
package policies.rules.oversight.oversight_plan

import future.keywords.not

import data.policies.lib

deny contains "no oversight-plan is declared and packed" if {
	not "oversight-plan" in lib.documents
}
