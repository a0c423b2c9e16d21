# METADATA
# title: Protected attributes are declared
# description: |
#   The table of predictions names the columns that say to which protected group a
#   person belongs; without them nobody can look for bias.
# custom:
#   level: block
#   needs: [system]
#   controls: [euaia-art-10.2.f, euaia-art-10.2.g, euaia-art-4a.1, airmf-measure-2.11, iso42001-a.5.4]
#   remediation: Declare the columns under protected in the table of predictions, or waive this rule where no person is concerned.
package policies.rules.data_governance.protected_attributes_declared

import data.policies.lib

deny contains "no table of predictions declares protected attributes" if {
	count(lib.protected) == 0
}
