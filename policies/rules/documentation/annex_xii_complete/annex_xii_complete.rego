# METADATA
# title: Those who build on the model are told what Annex XII asks
# description: |
#   For a general-purpose model, the information for providers who build it into their
#   systems is a form in which each item of Annex XII is answered, or said not to apply
#   where that can be. A model under a free and open licence without systemic risk is
#   relieved of it (Art. 53(2)): waive the rule with that reason.
# custom:
#   level: warn
#   needs: [scan/documents, system]
#   controls: [euaia-art-53.1.b, iso42001-a.8.2, euaia-anx-xii-1.a, euaia-anx-xii-1.b, euaia-anx-xii-1.c, euaia-anx-xii-1.d, euaia-anx-xii-1.e, euaia-anx-xii-1.g, euaia-anx-xii-1.h, euaia-anx-xii-2.a, euaia-anx-xii-2.b, euaia-anx-xii-2.c]
#   remediation: Write the form that `modelvet document draft annex-xii` makes, answer every item or say why it does not apply, and pack it.
package policies.rules.documentation.annex_xii_complete

import future.keywords.not

deny contains "there is no annex-xii whose items can be told" if {
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
	m.slice.kind in {"annex-xii", "gpai-downstream-information"}
	m.value > 0
}

_missing[m.slice.document] contains max([m.value, m.n]) if {
	some m in input.scans.documents.measurements
	m.metric == "documents/items_missing"
	m.slice.kind in {"annex-xii", "gpai-downstream-information"}
}
