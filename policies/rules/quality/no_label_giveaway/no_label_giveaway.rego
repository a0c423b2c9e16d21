# METADATA
# title: No feature gives the label away
# description: |
#   From no single feature does the label follow without exception. Such a feature
#   usually knows the outcome, is not there when the model is used, and makes every
#   figure of performance worthless.
# custom:
#   level: block
#   needs: [scan/quality]
#   controls: [euaia-art-10.3, euaia-art-15.1, airmf-measure-2.3, airmf-measure-2.5, iso42001-a.7.4, gmlp-4]
#   remediation: Find out when the feature is known; take it out of the features if that is after the outcome, and train and measure again.
package policies.rules.quality.no_label_giveaway

deny contains sprintf("%s: %s", [f.path, f.what]) if {
	some f in input.scans.quality.findings
	f.id == "quality/label-giveaway"
}

unknown contains "the scanner names nothing that it read" if count(input.scans.quality.coverage.read) == 0
