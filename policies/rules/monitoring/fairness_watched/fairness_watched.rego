# METADATA
# title: Fairness is watched in use
# description: |
#   Where protected attributes are declared, at least one metric of fairness is among
#   those that are watched: a model that was fair can become unfair.
# custom:
#   level: warn
#   needs: [system]
#   controls: [euaia-art-72.2, euaia-art-15.4.s3, airmf-measure-2.11, airmf-manage-4.1, iso42001-a.6.2.6]
#   remediation: Name a metric such as fairness/demographic_parity_difference under monitoring.metrics in modelvet.yaml.
package policies.rules.monitoring.fairness_watched

import data.policies.lib

deny contains "protected attributes are declared, and no metric of fairness is watched" if {
	count(lib.protected) > 0
	count({m | some m in input.system.monitoring.metrics; startswith(m, "fairness/")}) == 0
}

unknown contains "no protected attribute is declared" if count(lib.protected) == 0
