package policies.rules.oversight.oversight_plan_test

import data.policies.lib.worlds_test
import data.policies.rules.oversight.oversight_plan as rule

test_passes if {
	rule.deny == set() with input.system as {"documents": [{"kind": "oversight-plan", "path": "d.md"}]} with input.subject as {"files": [{"path": "d.md", "kind": "doc", "size": 1}]}
}

test_denies if {
	rule.deny == {"no oversight-plan is declared and packed"} with input.system as {"documents": []} with input.subject as {"files": []}
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}
