# METADATA
# title: Logs are kept long enough
# description: |
#   The declared retention of logs reaches the bound of the policy; for high-risk
#   systems the EU AI Act asks for at least six months.
# custom:
#   level: block
#   needs: [system]
#   controls: [euaia-art-19.1, euaia-art-26.6, euaia-art-12.1, iso42001-a.6.2.8, hipaa-164.312.b]
#   remediation: Keep logs longer, and declare it under monitoring.logRetentionDays in modelvet.yaml.
package policies.rules.logging.retention

import future.keywords.not

deny contains sprintf("logs are kept for %d days; at least %d are demanded", [days, bound]) if {
	days := input.system.monitoring.logRetentionDays
	bound := data.config.thresholds.logging.retention_days_min
	days < bound
}

deny contains "it is not declared how long logs are kept" if {
	not input.system.monitoring.logRetentionDays
}
