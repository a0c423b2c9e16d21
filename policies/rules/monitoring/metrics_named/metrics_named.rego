# METADATA
# title: It is said what is watched in use, and by whom
# description: |
#   The declaration names an owner of the monitoring, and at least one metric.
# custom:
#   level: block
#   needs: [system]
#   controls: [euaia-art-72.2, euaia-art-26.5, airmf-measure-2.4, airmf-manage-4.1, iso42001-a.6.2.6, sr26-2-monitoring]
#   remediation: Name owner and metrics under monitoring in modelvet.yaml.
package policies.rules.monitoring.metrics_named

deny contains "nobody is named under monitoring.owner" if {
	count({o | o := trim_space(input.system.monitoring.owner); o != ""}) == 0
}

deny contains "no metric is named under monitoring.metrics" if {
	count({m | some m in input.system.monitoring.metrics; trim_space(m) != ""}) == 0
}
