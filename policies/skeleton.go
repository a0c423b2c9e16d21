// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"fmt"
	"strings"
)

// Skeleton is a new rule with its tests, by path: a rule that loads, objects,
// and is tested in every branch, to be changed into the one that is meant.
func Skeleton(id string) (map[string]string, error) {
	area, name, found := strings.Cut(id, ".")
	if !found || !word(area) || !word(name) {
		return nil, fmt.Errorf("rule %q: want AREA.NAME, each of a-z, 0-9 and _, beginning with a letter", id)
	}
	fill := strings.NewReplacer("AREA", area, "NAME", name)
	at := "rules/" + area + "/" + name + "/" + name
	return map[string]string{at + ".rego": fill.Replace(skeletonRule), at + "_test.rego": fill.Replace(skeletonTest)}, nil
}

const skeletonRule = `# METADATA
# title: What holds when the rule passes
# description: |
#   What the rule demands, of which evidence, and why.
# custom:
#   level: block
#   needs: [system]
#   controls: [airmf-map-1.1]
#   remediation: What to do when it objects.
package policies.rules.AREA.NAME

# With this import, a "not" over evidence that is not there objects instead of keeping silent.
import future.keywords.not

deny contains sprintf("%q is no contact", [input.system.provider.contact]) if {
	not contains(input.system.provider.contact, "@")
}

unknown contains "the provider gives no contact" if not input.system.provider.contact
`

const skeletonTest = `package policies.rules.AREA.NAME_test

import data.policies.rules.AREA.NAME as rule

test_passes if {
	count(rule.deny) + count(rule.unknown) == 0 with input.system as {"provider": {"contact": "ml@bank.example"}}
}

test_denies if {
	rule.deny == {"\"nobody\" is no contact"} with input.system as {"provider": {"contact": "nobody"}}
}

test_unknown_when_not_said if {
	count(rule.unknown) == 1 with input.system as {"provider": {}}
}
`
