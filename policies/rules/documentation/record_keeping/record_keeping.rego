# METADATA
# title: The documentation is kept long enough
# description: |
#   The declared number of days for which the technical documentation is kept reaches
#   the bound of the policy; for high-risk systems Art. 18(1) asks for ten years.
# custom:
#   level: warn
#   needs: [system]
#   controls: [euaia-art-18.1, euaia-art-16.e, airmf-govern-1.4, iso42001-a.6.2.7, hipaa-164.316.b, co-sb26-189-records]
#   remediation: Declare recordKeeping.documentationDays in modelvet.yaml, and keep the artifact that long.
package policies.rules.documentation.record_keeping

import future.keywords.not

deny contains sprintf("the documentation is kept for %d days; at least %d are demanded", [days, bound]) if {
	days := input.system.recordKeeping.documentationDays
	bound := data.config.thresholds.documentation.retention_days_min
	days < bound
}

deny contains "it is not declared how long the documentation is kept" if not input.system.recordKeeping.documentationDays
