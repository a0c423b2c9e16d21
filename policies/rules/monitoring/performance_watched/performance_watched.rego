# METADATA
# title: Performance is watched in use
# description: |
#   At least one metric of performance is among those that are watched, so that a
#   decline is seen.
# custom:
#   level: warn
#   needs: [system]
#   controls: [euaia-art-72.2, airmf-measure-2.4, airmf-manage-4.1, sr26-2-monitoring, iso42001-a.6.2.6]
#   remediation: Name a metric such as performance/roc_auc under monitoring.metrics in modelvet.yaml.
package policies.rules.monitoring.performance_watched

deny contains "no metric of performance is watched" if {
	count({m | some m in input.system.monitoring.metrics; startswith(m, "performance/")}) == 0
}
