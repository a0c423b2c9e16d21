package policies.rules.documentation.figures_measured_test

import data.policies.lib.worlds_test
import data.policies.rules.documentation.figures_measured as rule

found(id) := {"findings": [{"id": id, "path": "docs/card.md", "what": "accuracy 0.9, measured 0.7"}]}

test_passes if {
	rule.deny == set() with input.scans.documents as {"findings": []}
}

test_denies_another_figure if {
	rule.deny == {"docs/card.md: accuracy 0.9, measured 0.7"} with input.scans.documents as found("documents/figure-differs")
}

test_lets_what_nobody_measured_by if {
	rule.deny == set() with input.scans.documents as found("documents/figure-unmeasured")
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0}
}
