package policies.rules.supply_chain.bom_covers_the_lineage_test

import data.policies.lib.worlds_test
import data.policies.rules.supply_chain.bom_covers_the_lineage as rule

of(inputs) := [{"inputs": inputs}]

bom := {"components": [{"name": "base", "sha256": ["AB"]}, {"name": "rows", "sha256": []}]}

test_passes if {
	count(rule.deny) + count(rule.unknown) == 0 with input.lineage as of([{"kind": "base-model", "name": "b", "digest": "sha256:ab"}, {"kind": "dataset", "name": "rows", "digest": ""}, {"kind": "dataset", "name": "rows"}, {"kind": "code", "name": "c"}]) with input.bom as bom
}

test_denies_what_is_missing if {
	rule.deny == {"base-model b of the lineage is no component of the bill of materials"} with input.lineage as of([{"kind": "base-model", "name": "b", "digest": "sha256:cc"}]) with input.bom as bom
	rule.deny == {"dataset d of the lineage is no component of the bill of materials"} with input.lineage as of([{"kind": "dataset", "name": "d", "digest": ""}]) with input.bom as bom
	rule.deny == {"dataset d of the lineage is no component of the bill of materials"} with input.lineage as of([{"kind": "dataset", "name": "d"}]) with input.bom as bom
}

test_unknown_when_only_one_is_pinned if {
	count(rule.unknown) == 1 with input.lineage as of([{"kind": "base-model", "name": "base"}]) with input.bom as bom
}

test_unknown_without_inputs if {
	count(rule.unknown) == 1 with input.lineage as of([{"kind": "code", "name": "c"}]) with input.bom as bom
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1, "unknown": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1, "unknown": 0}
}
