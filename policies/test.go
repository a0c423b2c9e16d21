// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/tester"
)

// TestResult is what one Rego test came to.
type TestResult struct {
	Rule    string `json:"rule"` // "safety.no_unsafe_calls"
	Name    string `json:"name"` // "test_denies_a_gap"
	File    string `json:"file"`
	Line    int    `json:"line"`
	Passed  bool   `json:"passed"`
	Message string `json:"message,omitempty"`
}

// Uncovered is a stretch of a rule that no test reaches. Lines count from 1.
type Uncovered struct {
	File string `json:"file"`
	From int    `json:"from"`
	To   int    `json:"to"`
}

// TestReport is what the tests of a folder of rules came to.
type TestReport struct {
	Tests     []TestResult `json:"tests"`
	Uncovered []Uncovered  `json:"uncovered"`
	Covered   int          `json:"covered"`  // lines that some test reaches
	Outcomes  int          `json:"outcomes"` // of expressions: true, and false where it decides something
	Branches  []Branch     `json:"branches"` // those of which the tests did not see every outcome

	byFile map[string]int // outcomes
}

// Failed counts the tests that do not hold.
func (t TestReport) Failed() int {
	n := 0
	for _, r := range t.Tests {
		if !r.Passed {
			n++
		}
	}
	return n
}

// Seen counts the outcomes of expressions that some test saw.
func (t TestReport) Seen() int {
	n := t.Outcomes
	for _, b := range t.Branches {
		n -= len(b.Missing)
	}
	return n
}

// Share is how many outcomes were seen, in percent.
func (t TestReport) Share() float64 {
	if t.Outcomes == 0 {
		return 100
	}
	return 100 * float64(t.Seen()) / float64(t.Outcomes)
}

// FileCoverage is what the tests did not reach of one file.
type FileCoverage struct {
	File        string `json:"file"`
	LinesMissed int    `json:"linesMissed"`
	Outcomes    int    `json:"outcomes"` // of its expressions
	Missing     int    `json:"missing"`  // of those, never seen
}

// Files tells the coverage by file, sorted by name.
func (t TestReport) Files() []FileCoverage {
	by := map[string]FileCoverage{}
	for file, n := range t.byFile {
		by[file] = FileCoverage{File: file, Outcomes: n}
	}
	for _, u := range t.Uncovered {
		f := by[u.File]
		f.File, f.LinesMissed = u.File, f.LinesMissed+u.To-u.From+1
		by[u.File] = f
	}
	for _, b := range t.Branches {
		f := by[b.File]
		f.File, f.Missing = b.File, f.Missing+len(b.Missing)
		by[b.File] = f
	}
	out := []FileCoverage{}
	for _, name := range slices.Sorted(maps.Keys(by)) {
		out = append(out, by[name])
	}
	return out
}

// testLimit is how long all tests of a folder together may take.
const testLimit = 2 * time.Minute

// Test runs the *_test.rego files of a folder of rules, and says which lines
// of the rules they do not reach. A nil folder is the built-in rules. Tests
// may replace input and thresholds (`with`); they reach neither the network
// nor the clock. A folder without tests is an error: nothing was tried.
func Test(ctx context.Context, fsys fs.FS) (TestReport, error) {
	if fsys == nil {
		fsys = builtin
	} else if _, err := New(ctx, fsys); err != nil {
		return TestReport{}, err
	}
	modules, err := parseAll(fsys)
	if err != nil {
		return TestReport{}, fmt.Errorf("reading the tests: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, testLimit)
	defer cancel()
	coverage, compiler := cover.New(), ast.NewCompiler().WithCapabilities(forTests()).WithUseTypeCheckAnnotations(false)
	results, err := tester.NewRunner().SetModules(modules).SetCoverageQueryTracer(coverage).RaiseBuiltinErrors(true).
		SetCompiler(compiler).RunTests(ctx, nil)
	if err != nil {
		return TestReport{}, fmt.Errorf("compiling the tests: %w", err)
	}
	report := TestReport{Tests: []TestResult{}, Uncovered: []Uncovered{}, Branches: []Branch{}}
	for r := range results {
		report.Tests = append(report.Tests, testResult(r))
	}
	slices.SortFunc(report.Tests, func(a, b TestResult) int {
		return cmp.Or(strings.Compare(a.File, b.File), a.Line-b.Line, strings.Compare(a.Name, b.Name))
	})
	if len(report.Tests) == 0 {
		return TestReport{}, errors.New("no tests found: a test is a rule named test_... in rules/AREA/NAME/NAME_test.rego")
	}
	report.cover(coverage.Report(modules))
	perFile, missing, err := branches(ctx, compiler, modules)
	if err != nil {
		return TestReport{}, fmt.Errorf("measuring branches: %w", err)
	}
	for _, n := range perFile {
		report.Outcomes += n
	}
	report.byFile, report.Branches = perFile, append(report.Branches, missing...)
	return report, nil
}

func parseAll(fsys fs.FS) (map[string]*ast.Module, error) {
	out := map[string]*ast.Module{}
	return out, fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(p, ".rego") {
			return err
		}
		b, err := fs.ReadFile(fsys, p)
		if err != nil {
			return err
		}
		out[p], err = ast.ParseModuleWithOpts(p, string(b), parserOptions)
		return err
	})
}

// forTests lets tests build evidence with more words than rules may use.
func forTests() *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion()
	c.Builtins = slices.DeleteFunc(slices.Clone(c.Builtins), func(b *ast.Builtin) bool {
		return b.IsNondeterministic() && b.Name != "internal.test_case"
	})
	c.AllowNet = []string{}
	return c
}

func testResult(r *tester.Result) TestResult {
	out := TestResult{
		Rule: strings.TrimSuffix(strings.TrimPrefix(r.Package, "data.policies.rules."), "_test"),
		Name: r.Name, Passed: r.Pass(),
	}
	if r.Location != nil {
		out.File, out.Line = r.Location.File, r.Location.Row
	}
	switch {
	case r.Error != nil:
		out.Message = r.Error.Error()
	case r.Skip:
		out.Message = "skipped: it was not tried"
	case !out.Passed:
		out.Message = "it does not hold"
	}
	return out
}

func (t *TestReport) cover(report cover.Report) {
	for _, file := range slices.Sorted(maps.Keys(report.Files)) {
		if strings.HasSuffix(file, "_test.rego") {
			continue
		}
		t.Covered += report.Files[file].CoveredLines
		for _, gap := range report.Files[file].NotCovered {
			t.Uncovered = append(t.Uncovered, Uncovered{file, gap.Start.Row, gap.End.Row})
		}
	}
	t.Uncovered = slices.Compact(t.Uncovered) // two expressions of one line
}
