# METADATA
# title: The declared number of parameters is that of the weights
# description: |
#   The number that is declared as model.parameters is, within the tolerance of the
#   policy, the sum that the headers of the packed weight files give, and the declared
#   precision is the one in which most of them are stored. A general-purpose model
#   declares both. Formats whose header does not tell leave the answer unknown.
# custom:
#   level: warn
#   needs: [scan/modelfile, system]
#   controls: [euaia-anx-xi-1.1.d, euaia-anx-xii-1.f, euaia-anx-iv-2.c, airmf-map-2.1, iso42001-a.6.2.3]
#   remediation: Declare under model the parameters and the precision that `modelvet inspect` shows, or pack the weights that were meant.
package policies.rules.documentation.parameters_match_weights

import future.keywords.not

deny contains sprintf("%s parameters are declared, and the weights hold %s", [format_int(declared, 10), format_int(counted, 10)]) if {
	count(_silent) == 0
	declared := input.system.model.parameters
	counted := sum([m.value | some m in _measured])
	abs(counted - declared) > declared * data.config.thresholds.documentation.parameters_tolerance
}

deny contains sprintf("%s is the declared precision, and most of the weights are stored as %s", [declared, concat(", ", _most)]) if {
	declared := input.system.model.precision
	not declared in _most
	count(_measured) > 0
}

deny contains "model.precision is declared, and model.parameters is not" if {
	input.system.model.precision
	not input.system.model.parameters
}

deny contains "a general-purpose model declares no model.parameters" if {
	input.system.riskClass == "gpai"
	not input.system.model.parameters
}

unknown contains sprintf("the headers of %d weight files, such as %s, do not say how many parameters they hold", [count(_silent), min(_silent)]) if {
	_declared
	count(_silent) > 0
}

not_applicable contains "no number of parameters is declared" if {
	not _declared
	not input.system.riskClass == "gpai"
}

_declared if input.system.model.parameters

_declared if input.system.model.precision

_measured contains m if {
	some m in input.scans.modelfile.measurements
	m.metric == "modelfile/parameters"
	m.slice.path in _weights
}

_weights contains file.path if {
	some file in input.subject.files
	file.kind == "weight"
}

_silent contains path if {
	some path in _weights
	not path in {m.slice.path | some m in _measured}
}

_stored[m.slice.precision] contains [m.slice.path, m.value] if some m in _measured

_most contains precision if {
	some precision, parts in _stored
	sum([part[1] | some part in parts]) == max({sum([part[1] | some part in other]) | some other in _stored})
}
