# METADATA
# title: Every item of Annex XI is answered
# description: |
#   For a general-purpose model, the technical documentation is a form in which each
#   item of Annex XI is answered, or said not to apply where that can be. A model under
#   a free and open licence without systemic risk is relieved of it (Art. 53(2)): waive
#   the rule with that reason.
# custom:
#   level: warn
#   needs: [scan/documents, system]
#   controls: [euaia-art-53.1.a, iso42001-a.6.2.7, euaia-anx-xi-1.1.a, euaia-anx-xi-1.1.b, euaia-anx-xi-1.1.c, euaia-anx-xi-1.1.e, euaia-anx-xi-1.2.a, euaia-anx-xi-1.2.b, euaia-anx-xi-1.2.c, euaia-anx-xi-1.2.d, euaia-anx-xi-1.2.e, euaia-anx-xi-2.1, euaia-anx-xi-2.2, euaia-anx-xi-2.3]
#   remediation: Write the form that `modelvet document draft annex-xi` makes, answer every item or say why it does not apply, and pack it.
package policies.rules.documentation.annex_xi_complete

import future.keywords.not

deny contains "there is no annex-xi whose items can be told" if {
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

_other if input.system.riskClass in {"high", "limited", "minimal"}

_items[m.slice.document] := m.value if {
	some m in input.scans.documents.measurements
	m.metric == "documents/items"
	m.slice.kind in {"annex-xi", "gpai-technical-documentation"}
	m.value > 0
}

_missing[m.slice.document] contains max([m.value, m.n]) if {
	some m in input.scans.documents.measurements
	m.metric == "documents/items_missing"
	m.slice.kind in {"annex-xi", "gpai-technical-documentation"}
}
