# METADATA
# title: The logs hold what monitoring and oversight need
# description: |
#   The declaration names the events that are logged, and among them every prediction
#   with the version of the model; and where a person may overrule the system, every
#   override.
# custom:
#   level: warn
#   needs: [system]
#   controls: [euaia-art-12.1, euaia-art-12.2.a, euaia-art-12.2.b, euaia-art-26.5, airmf-measure-2.8, iso42001-a.6.2.8, hipaa-164.312.b, atlas-aml.m0024]
#   remediation: 'Name the events under monitoring.events in modelvet.yaml: prediction, model-version, override.'
package policies.rules.logging.events_named

import future.keywords.not

deny contains sprintf("the event %s is not logged", [event]) if {
	some event in _wanted
	not event in {e | some e in input.system.monitoring.events}
}

_wanted contains "prediction"

_wanted contains "model-version"

_wanted contains "override" if count({m | some m in input.system.oversight.measures}) > 0
