# METADATA
# title: Who was in the training data cannot be told from the model's loss
# description: |
#   In every table of members, an attack that guesses from the model's loss who was
#   trained on stays below the bounds of the policy, at the upper end of its interval:
#   on average (area under its curve), and for the few of whom it is surest (true
#   positive rate at 1 % false positives; Carlini et al. 2022).
# custom:
#   level: block
#   needs: [scan/privacy, system]
#   controls: [owasp-ml04-2023, atlas-aml.t0024.000, gdpr-art-edpb-28-2024, gdpr-art-32, euaia-art-15.5.confidentiality, airmf-measure-2.10]
#   remediation: Train with regularisation, early stopping or differential privacy, and measure again on members and others drawn alike.
package policies.rules.privacy.membership_attack

import future.keywords.not

deny contains sprintf("table %s: the attack may reach an area of %.3f; at most %.3f is allowed", [m.slice.table, worst, bound]) if {
	some m in _measured["privacy/membership_auc"]
	bound := data.config.thresholds.privacy.membership_auc_max
	worst := max([m.value, m.high])
	worst > bound
}

deny contains sprintf("table %s: the attack may be sure of %.3f of the members; at most %.3f is allowed", [m.slice.table, worst, bound]) if {
	some m in _measured["privacy/membership_tpr_at_fpr_001"]
	bound := data.config.thresholds.privacy.membership_tpr_max
	worst := max([m.value, m.high])
	worst > bound
}

unknown contains sprintf("%s of table %s was not measured, or has no interval", [metric, name]) if {
	some metric in {"privacy/membership_auc", "privacy/membership_tpr_at_fpr_001"}
	some name in _concerned
	not name in {m.slice.table | some m in _measured[metric]; m.n > 0; is_number(m.high)}
}

not_applicable contains "no table of members is declared" if count(_concerned) == 0

_concerned contains table.name if {
	some table in input.system.tables
	table.kind == "members"
}

_measured[m.metric] contains m if some m in input.scans.privacy.measurements
