package policies.rules.documentation.inventory_entry_test

import data.policies.lib.worlds_test
import data.policies.rules.documentation.inventory_entry as rule

test_passes if {
	rule.deny == set() with input.system as {"name": "credit", "version": "1"}
}

test_denies_no_name if {
	rule.deny == {"the system has no name"} with input.system as {"name": " ", "version": "1"}
}

test_denies_no_version if {
	rule.deny == {"the system has no version"} with input.system as {"name": "credit", "version": ""}
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0}
}
