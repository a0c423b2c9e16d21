// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"fmt"
	"os"
	"path"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/modelvet/modelvet"
)

// TestRego runs every *_test.rego, and demands that they reach every line.
func TestRego(t *testing.T) {
	report, err := Test(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range report.Tests {
		t.Run(r.Rule+"/"+r.Name, func(t *testing.T) {
			if !r.Passed {
				t.Errorf("%s:%d: %s", r.File, r.Line, r.Message)
			}
		})
	}
	for _, gap := range report.Uncovered {
		t.Errorf("%s: lines %d to %d are reached by no test", gap.File, gap.From, gap.To)
	}
	for _, b := range report.Branches {
		t.Errorf("%s:%d: no test sees this %s: %s", b.File, b.Line, strings.Join(b.Missing, " or "), b.Text)
	}
	t.Logf("%d Rego tests reach %d lines, and %d of %d outcomes of expressions", len(report.Tests), report.Covered, report.Outcomes-len(report.Branches), report.Outcomes)
}

func TestEveryRuleHasTests(t *testing.T) {
	for _, r := range engine(t).rules {
		test := strings.TrimSuffix(r.file, ".rego") + "_test.rego"
		if _, err := os.Stat(test); err != nil {
			t.Errorf("%s has no %s", r.ID, path.Base(test))
		}
	}
}

const mineTest = "package policies.rules.mine.x_test\n\nimport data.policies.rules.mine.x as rule\n\n"

func TestUsersTestsAreRun(t *testing.T) {
	rule := needing("system", "deny contains \"no\" if input.system.role == \"x\"\n\ndeny contains \"never\" if input.system.role == \"y\"")
	run := func(tests string) (TestReport, error) {
		return Test(t.Context(), fstest.MapFS{mineAt: {Data: []byte(rule)}, "rules/mine/x/x_test.rego": {Data: []byte(mineTest + tests)}})
	}
	report, err := run(`test_a if count(rule.deny) == 1 with input.system.role as "x"` + "\n\n" + `test_b if count(rule.deny) == 1 with input.system.role as "z"`)
	if err != nil || len(report.Tests) != 2 || !report.Tests[0].Passed || report.Tests[1].Passed || len(report.Uncovered) != 1 {
		t.Errorf("%+v, %v", report, err)
	}
	for name, tests := range map[string]string{
		"no tests":          "",
		"the network":       `test_a if http.send({"url": "http://x.invalid", "method": "get"})`,
		"the clock":         `test_a if time.now_ns() > 0`,
		"what is not there": `test_a if rule.dny == set()`,
	} {
		if report, err := run(tests); err == nil && report.Tests[0].Passed {
			t.Errorf("%s: %+v", name, report)
		}
	}
}

func TestLintSaysEverything(t *testing.T) {
	good := strings.Replace(needing("", `deny contains "no" if count(input.evidence) == 0`), "controls: []", "controls: [a, b]", 1)
	files := fstest.MapFS{
		mineAt:                     {Data: []byte(good)},
		"rules/mine/y/y.rego":      {Data: []byte(strings.ReplaceAll(head, "mine.x", "mine.y") + `deny contains "no"`)},
		"rules/mine/y/y_test.rego": {Data: []byte("package y_test\n\ntest_a if true")},
		"rules/mine/z/z.rego":      {Data: []byte(strings.ReplaceAll(head, "mine.x", "mine.z") + `denies contains "no"`)},
		"elsewhere/w.rego":         {Data: []byte("package w")},
		"rules/mine/README.md":     {Data: []byte("about them")},
	}
	problems, err := Lint(t.Context(), files, func(c string) bool { return c == "a" })
	if err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, p := range problems {
		all.WriteString(fmt.Sprintf("%s:%d: %s\n", p.File, p.Line, p.What))
	}
	for _, want := range []string{
		"elsewhere/w.rego:0: nobody would ask", "x.rego:7: control b is in no catalogue", "x.rego:9: there is no rules/mine/x/x_test.rego",
		"y.rego:7: custom.controls is empty", "z.rego:13: nobody asks denies", "no test in rules/mine/y/y_test.rego looks at deny", "nobody asks denies",
	} {
		if !strings.Contains(all.String(), want) {
			t.Errorf("want %q in\n%s", want, all.String())
		}
	}
	files = fstest.MapFS{mineAt: {Data: []byte(strings.Replace(good, "input.evidence", "input.evidenc", 1))}}
	if problems, _ := Lint(t.Context(), files, nil); len(problems) != 2 || !strings.Contains(problems[1].What, "evidenc") || problems[1].Line != 13 {
		t.Errorf("a misspelt input: %v", problems)
	}
}

func TestDiff(t *testing.T) {
	is := func(id string, level modelvet.Level, o modelvet.Outcome) modelvet.Result {
		return modelvet.Result{Rule: modelvet.Rule{ID: id, Level: level}, Outcome: o}
	}
	got := Diff(
		[]modelvet.Result{is("a", "block", "pass"), is("b", "block", "fail"), is("c", "warn", "pass"), is("d", "block", "unknown"), is("e", "block", "pass"), is("f", "block", "fail")},
		[]modelvet.Result{is("a", "block", "unknown"), is("b", "block", "pass"), is("c", "warn", "fail"), is("e", "block", "pass"), is("f", "warn", "fail"), is("g", "block", "fail")})
	want := []Change{
		{"a", "pass", "unknown", true, false}, {"b", "fail", "pass", false, true}, {"c", "pass", "fail", false, false},
		{"d", "unknown", "", false, true}, {"f", "fail", "fail", false, true}, {"g", "", "fail", true, false},
	}
	if len(got) != len(want) {
		t.Fatalf("got %v", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %+v, want %+v", got[i], want[i])
		}
	}
}
