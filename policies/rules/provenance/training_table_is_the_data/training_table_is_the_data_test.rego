package policies.rules.provenance.training_table_is_the_data_test

import data.policies.lib.worlds_test
import data.policies.rules.provenance.training_table_is_the_data as rule

subject := {"files": [{"path": "data/train.csv", "digest": "sha256:a"}]}

of(digest) := [{"inputs": [{"kind": "dataset", "digest": digest}, {"kind": "code", "digest": "sha256:c"}]}]

system(path) := {"tables": [{"name": "training", "kind": "training", "path": path}, {"name": "p", "kind": "predictions", "path": "p.csv"}]}

test_passes if {
	count(rule.deny) + count(rule.unknown) == 0 with input.subject as subject with input.lineage as of("sha256:a") with input.system as system("data/train.csv")
}

test_denies_other_data if {
	rule.deny == {"table training: data/train.csv is no data set that the lineage names"} with input.subject as subject with input.lineage as of("sha256:b") with input.system as system("data/*.csv")
}

test_unknown_when_not_packed if {
	count(rule.unknown) == 1 with input.subject as subject with input.lineage as of("sha256:a") with input.system as system("elsewhere.csv")
}

test_unknown_without_a_table if {
	count(rule.unknown) == 1 with input.subject as subject with input.lineage as of("sha256:a") with input.system as {"tables": []}
}

test_noise if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1, "unknown": 0}
}

test_elsewhere if {
	said := {"deny": count(rule.deny), "unknown": count(rule.unknown)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 0, "unknown": 1}
}
