# METADATA
# description: |
#   Words that the built-in rules share. A user's rule cannot read them.
package policies.lib

# METADATA
# description: |
#   The kinds of document that are declared, and that are really in the artifact and not empty.
documents contains doc.kind if {
	some doc in input.system.documents
	some file in input.subject.files
	file.path == doc.path
	file.kind == "doc"
	file.size > 0
}

# METADATA
# description: |
#   The protected attributes that the table of predictions is declared to hold.
protected contains attribute if {
	some table in input.system.tables
	table.kind == "predictions"
	some attribute in table.protected
}
