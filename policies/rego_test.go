// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/cover"
	"github.com/open-policy-agent/opa/v1/tester"
)

// TestRego runs every *_test.rego, and demands that they reach every line.
func TestRego(t *testing.T) {
	modules := map[string]*ast.Module{}
	err := fs.WalkDir(os.DirFS("."), ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(p, ".rego") {
			return err
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		modules[p], err = ast.ParseModuleWithOpts(p, string(b), parserOptions)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	coverage := cover.New()
	results, err := tester.NewRunner().SetModules(modules).SetCoverageQueryTracer(coverage).
		RaiseBuiltinErrors(true).RunTests(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for r := range results {
		t.Run(strings.TrimPrefix(r.Package, "data.policies.rules.")+"/"+r.Name, func(t *testing.T) {
			if !r.Pass() {
				t.Errorf("%s:%d: %v", r.Location.File, r.Location.Row, r.Error)
			}
		})
	}
	reportCoverage(t, coverage.Report(modules))
}

func reportCoverage(t *testing.T, report cover.Report) {
	t.Helper()
	covered, missed := 0, 0
	for _, file := range slices.Sorted(func(yield func(string) bool) {
		for f := range report.Files {
			if !yield(f) {
				return
			}
		}
	}) {
		if strings.HasSuffix(file, "_test.rego") {
			continue
		}
		r := report.Files[file]
		covered += r.CoveredLines
		missed += r.NotCoveredLines
		for _, gap := range r.NotCovered {
			t.Errorf("%s: lines %d to %d are reached by no test", file, gap.Start.Row, gap.End.Row)
		}
	}
	t.Logf("Rego lines: %d covered, %d not", covered, missed)
}

func TestEveryRuleHasTests(t *testing.T) {
	for _, r := range engine(t).rules {
		test := strings.TrimSuffix(r.file, ".rego") + "_test.rego"
		if _, err := os.Stat(test); err != nil {
			t.Errorf("%s has no %s", r.ID, path.Base(test))
		}
	}
}
