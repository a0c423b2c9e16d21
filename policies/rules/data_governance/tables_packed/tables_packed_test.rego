package policies.rules.data_governance.tables_packed_test

import data.policies.lib.worlds_test
import data.policies.rules.data_governance.tables_packed as rule

subject := {"files": [{"path": "data/a.csv"}]}

test_passes if {
	rule.deny == set() with input.system as {"tables": [{"name": "t", "path": "data/a.csv"}]} with input.subject as subject
}

test_passes_a_glob if {
	rule.deny == set() with input.system as {"tables": [{"name": "t", "path": "data/*.csv"}]} with input.subject as subject
}

test_denies_a_missing_file if {
	rule.deny == {"table t: data/b.csv is not in the artifact"} with input.system as {"tables": [{"name": "t", "path": "data/b.csv"}]} with input.subject as subject
}

test_denies_an_empty_glob if {
	rule.deny == {"table t: no file of the artifact matches data/*.parquet"} with input.system as {"tables": [{"name": "t", "path": "data/*.parquet"}]} with input.subject as subject
}

test_denies_a_relation if {
	rule.deny == {"table t lies in an SQL engine and not in the artifact"} with input.system as {"tables": [{"name": "t", "sql": {"engine": "trino", "relation": "a.b.c"}}]} with input.subject as subject
}

test_denies_no_tables if {
	rule.deny == {"no tables are declared"} with input.system as {} with input.subject as subject
}

test_noise if {
	said := {"deny": count(rule.deny)} with input as worlds_test.noise with data.config.thresholds as worlds_test.bounds
	said == {"deny": 4}
}

test_elsewhere if {
	said := {"deny": count(rule.deny)} with input as worlds_test.elsewhere with data.config.thresholds as worlds_test.bounds
	said == {"deny": 1}
}
