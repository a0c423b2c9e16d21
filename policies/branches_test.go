// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"fmt"
	"slices"
	"testing"
	"testing/fstest"
)

// What is measured of branches: an expression that is never false, never
// true, never reached; inside of comprehensions and functions, and in spite of
// the index, which would skip a body whose first expression cannot hold.
func TestBranchesThatNoTestSees(t *testing.T) {
	rule := needing("system", `deny contains "a" if {
	input.system.role == "x"
	input.system.name != "y"
}

deny contains "b" if {
	r := input.system.role
	count({t | some t in input.system.tables; t.kind == "training"}) > 3
	_f(r)
}

_f(r) if not r == "z"`)
	for name, tt := range map[string]struct {
		tests string
		want  []string
	}{
		"one case": {`test_a if count(rule.deny) == 1 with input.system as {"role": "x", "name": "n"}`,
			[]string{`14 [false] input.system.role == "x"`, `15 [false] input.system.name != "y"`, `20 [true] count({t |`, `20 [true] some t in`, `20 [true false] t.kind == "training"`, `21 [true false] _f(r)`, `24 [true false] not r == "z"`}},
		"every case": {`kinds(n) := [{"kind": "training", "name": i} | some i in numbers.range(1, n)]

test_a if count(rule.deny) == 1 with input.system as {"role": "x", "name": "n"}

test_b if count(rule.deny) == 0 with input.system as {"role": "x", "name": "y", "tables": kinds(2)}

test_c if rule.deny == {"b"} with input.system as {"role": "w", "tables": array.concat(kinds(4), [{"kind": "other"}])}

test_d if count(rule.deny) == 0 with input.system as {"role": "z", "tables": kinds(4)}`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			report, err := Test(t.Context(), fstest.MapFS{mineAt: {Data: []byte(rule)}, "rules/mine/x/x_test.rego": {Data: []byte(mineTest + tt.tests)}})
			if err != nil {
				t.Fatal(err)
			}
			for _, r := range report.Tests {
				if !r.Passed {
					t.Errorf("%s: %s", r.Name, r.Message)
				}
			}
			var got []string
			for _, b := range report.Branches {
				got = append(got, fmt.Sprintf("%d %v %s", b.Line, b.Missing, b.Text[:min(len(b.Text), 30)]))
			}
			if len(got) != len(tt.want) {
				t.Fatalf("got %q, want %q", got, tt.want)
			}
			for i := range tt.want {
				if len(got[i]) < len(tt.want[i]) || got[i][:len(tt.want[i])] != tt.want[i] {
					t.Errorf("got %q, want %q", got[i], tt.want[i])
				}
			}
			if report.Outcomes < 10 || !slices.IsSortedFunc(report.Branches, func(a, b Branch) int { return a.Line - b.Line }) {
				t.Errorf("%d outcomes, %v", report.Outcomes, report.Branches)
			}
		})
	}
}
