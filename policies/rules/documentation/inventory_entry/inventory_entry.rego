# METADATA
# title: The system has a name and a version
# description: |
#   Name and version are what an inventory, a register and an incident report call
#   the system by.
# custom:
#   level: block
#   needs: [system]
#   controls: [euaia-anx-iv-1.a, airmf-govern-1.6, airmf-genai-gv-1.6-003, sr26-2-inventory, iso42001-a.4.2, dora-art-8]
#   remediation: Give name and version in modelvet.yaml.
package policies.rules.documentation.inventory_entry

deny contains "the system has no name" if trim_space(input.system.name) == ""

deny contains "the system has no version" if trim_space(input.system.version) == ""
