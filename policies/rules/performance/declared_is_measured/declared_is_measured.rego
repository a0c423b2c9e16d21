# METADATA
# title: Declared figures equal the measured ones
# description: |
#   Every performance figure in modelvet.yaml was measured again, and none differs.
# custom:
#   level: block
#   needs: [scan/performance, system]
#   controls: [euaia-art-15.3, euaia-art-13.3.b.ii, airmf-measure-2.5, iso42001-a.6.2.4, onc-hti1-b11]
#   remediation: Correct the figure in modelvet.yaml, in the model card and in the instructions for use.
package policies.rules.performance.declared_is_measured

import future.keywords.not

deny contains sprintf("%s: %s", [f.path, f.what]) if {
	some f in input.scans.performance.findings
	f.id == "performance/declared-differs"
}

unknown contains sprintf("%s is declared and was not measured", [metric]) if {
	some metric, _ in input.system.performance
	not metric in {m.metric | some m in input.scans.performance.measurements}
}

not_applicable contains "no performance figure is declared" if {
	not _declares
}

_declares if {
	some _, _ in input.system.performance
}
