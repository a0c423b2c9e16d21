# METADATA
# title: The bill of materials names what the model was made of
# description: |
#   Every data set and base model of the lineage is a component of the bill of
#   materials, by digest or, where the lineage has none, by name.
# custom:
#   level: warn
#   needs: [bom, lineage]
#   controls: [euaia-art-25.4, euaia-anx-iv-1.c, airmf-map-4.1, airmf-govern-6.1, airmf-manage-3.1, iso42001-a.4.4, iso42001-a.10.3, atlas-aml.m0023]
#   remediation: Add the missing component to the bill of materials.
package policies.rules.supply_chain.bom_covers_the_lineage

import future.keywords.not

deny contains sprintf("%s %s of the lineage is no component of the bill of materials", [i.kind, i.name]) if {
	some i in _inputs
	startswith(i.digest, "sha256:")
	not trim_prefix(i.digest, "sha256:") in _digests
}

deny contains sprintf("%s %s of the lineage is no component of the bill of materials", [i.kind, i.name]) if {
	some i in _inputs
	not startswith(i.digest, "sha256:")
	not i.name in _names
}

unknown contains sprintf("%s %s is pinned in the bill of materials and not in the lineage: they cannot be compared", [i.kind, i.name]) if {
	some i in _inputs
	not startswith(i.digest, "sha256:")
	i.name in _pinned
}

unknown contains "the lineage names no data set and no base model" if count(_inputs) == 0

_names contains c.name if some c in input.bom.components

_pinned contains c.name if {
	some c in input.bom.components
	count(c.sha256) > 0
}

_digests contains lower(h) if {
	some c in input.bom.components
	some h in c.sha256
}

_inputs contains i if {
	some l in input.lineage
	some i in l.inputs
	i.kind in {"dataset", "base-model"}
}
