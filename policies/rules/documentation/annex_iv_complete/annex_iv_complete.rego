# METADATA
# title: Every item of Annex IV is answered
# description: |
#   For a high-risk system, the technical documentation is a form in which each item of
#   Annex IV is answered, or said not to apply where that can be. Prose cannot be told.
#   Whether an answer is adequate, a person must say.
# custom:
#   level: warn
#   needs: [scan/documents, system]
#   controls: [euaia-art-11.1, euaia-anx-iv-1.a, euaia-anx-iv-1.c, euaia-anx-iv-1.d, euaia-anx-iv-1.e, euaia-anx-iv-1.f, euaia-anx-iv-1.g, euaia-anx-iv-2.b, euaia-anx-iv-2.c, euaia-anx-iv-2.e, euaia-anx-iv-2.f, euaia-anx-iv-2.h, euaia-anx-iv-7, euaia-anx-iv-2.g, euaia-anx-iv-3, euaia-anx-iv-4, euaia-anx-iv-6, iso42001-a.6.2.7, iso42001-a.4.5]
#   remediation: Write the form that `modelvet document draft annex-iv` makes, answer every item or say why it does not apply, and pack it.
package policies.rules.documentation.annex_iv_complete

import future.keywords.not

deny contains "there is no annex-iv whose items can be told" if {
	not _other
	count(_items) == 0
}

deny contains sprintf("%s: %d of %d items are missing", [path, missing, n]) if {
	not _other
	some path, n in _items
	some missing in _missing[path]
	missing > 0
}

unknown contains sprintf("%s: documents/items_missing was not counted", [path]) if {
	not _other
	some path, _ in _items
	not _missing[path]
}

not_applicable contains sprintf("the system is declared %s", [input.system.riskClass]) if _other

_other if input.system.riskClass in {"limited", "minimal", "gpai"}

_items[m.slice.document] := m.value if {
	some m in input.scans.documents.measurements
	m.metric == "documents/items"
	m.slice.kind in {"annex-iv", "technical-documentation"}
	m.value > 0
}

_missing[m.slice.document] contains max([m.value, m.n]) if {
	some m in input.scans.documents.measurements
	m.metric == "documents/items_missing"
	m.slice.kind in {"annex-iv", "technical-documentation"}
}
