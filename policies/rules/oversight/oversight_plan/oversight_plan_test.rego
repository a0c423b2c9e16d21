package policies.rules.oversight.oversight_plan_test

import data.policies.rules.oversight.oversight_plan as rule

test_passes if {
	rule.deny == set() with input.system as {"documents": [{"kind": "oversight-plan", "path": "d.md"}]} with input.subject as {"files": [{"path": "d.md", "kind": "doc", "size": 1}]}
}

test_denies if {
	rule.deny == {"no oversight-plan is declared and packed"} with input.system as {"documents": []} with input.subject as {"files": []}
}
