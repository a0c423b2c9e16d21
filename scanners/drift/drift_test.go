// SPDX-License-Identifier: Apache-2.0

package drift_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/scanners/drift"
)

func scan(t *testing.T, before, after string) modelvet.Scan {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{"a.csv": before, "b.csv": after} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := drift.Scanner{}.Scan(t.Context(), modelvet.Model{Dir: dir, System: modelvet.System{Tables: []modelvet.Table{
		{Name: "train", Kind: "training", Path: "a.csv"}, {Name: "live", Kind: "production", Path: "b.csv"}}}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := json.Marshal(s); err != nil {
		t.Error(err)
	}
	return s
}

func find(t *testing.T, s modelvet.Scan, metric, column string) modelvet.Measurement {
	t.Helper()
	for _, m := range s.Measurements {
		if m.Metric == "drift/"+metric && m.Slice["column"] == column {
			return m
		}
	}
	t.Fatalf("no %s of %s", metric, column)
	return modelvet.Measurement{}
}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s is %.15g, want %.15g", what, got, want)
	}
}

// The example of evidently's own tests, and what SciPy says of it.
func TestCategoriesAsSciPy(t *testing.T) {
	table := func(counts ...int) string {
		out := "c\n"
		for i, n := range counts {
			out += strings.Repeat(fmt.Sprintf("v%d\n", i), n)
		}
		return out
	}
	s := scan(t, table(16, 18, 16, 14, 12, 12), table(16, 16, 16, 16, 16, 8))
	near(t, "psi", find(t, s, "psi", "c").Value, .037218, 5e-7)
	near(t, "js", find(t, s, "jensen_shannon_distance", "c").Value, 0.06804819617703854, 1e-12)
	near(t, "tvd", find(t, s, "total_variation_distance", "c").Value, .068182, 5e-7)
	near(t, "chi2", find(t, s, "chi_square", "c").Value, 1.6224089635854342, 1e-12)
	near(t, "p", *find(t, s, "chi_square", "c").P, 0.8985262394026607, 1e-12)
}

func TestNumbersAsSciPy(t *testing.T) {
	x := uint32(1)
	next := func() uint32 { x = (x*1103515245 + 12345) & (1<<31 - 1); return x >> 16 }
	var a, b strings.Builder
	a.WriteString("v\n")
	b.WriteString("v\n")
	for range 400 {
		fmt.Fprintf(&a, "%.1f\n", float64(next()%1000)/10)
	}
	for range 300 {
		fmt.Fprintf(&b, "%.1f\n", float64(next()%900)/10+15)
	}
	s := scan(t, a.String(), b.String())
	near(t, "ks", find(t, s, "ks_statistic", "v").Value, 0.17083333333333328, 1e-12)
	near(t, "p", *find(t, s, "ks_statistic", "v").P, 7.827987180934097e-05, 1e-5)
	near(t, "wasserstein", find(t, s, "wasserstein_normed", "v").Value, 0.4099163926212205, 1e-9)
	near(t, "psi", find(t, s, "psi", "v").Value, 0.8161449776354255, 1e-9)
	near(t, "js", find(t, s, "jensen_shannon_distance", "v").Value, 0.22400505096804493, 1e-9)
	same := scan(t, a.String(), a.String())
	for _, m := range same.Measurements {
		if m.Value != 0 || m.P != nil && *m.P != 1 {
			t.Errorf("a table drifts from itself: %+v", m)
		}
	}
}

func TestChangesOfTheSchemaAreFound(t *testing.T) {
	s := scan(t, "a,b,c\n1,x,1\n2,y,2\n", "a,b\nq,z\n2,x\n")
	all := ""
	for _, f := range s.Findings {
		all += f.ID + " "
	}
	for _, id := range []string{"drift/missing-column", "drift/type-changed", "drift/new-category"} {
		if !strings.Contains(all, id) {
			t.Errorf("%s is not in %s", id, all)
		}
	}
}

func TestWhatCannotBeMeasuredIsNeverClean(t *testing.T) {
	for _, tables := range [][]modelvet.Table{nil, {{Kind: "production", Path: "b.csv"}}} {
		s, err := drift.Scanner{}.Scan(t.Context(), modelvet.Model{Dir: t.TempDir(), System: modelvet.System{Tables: tables}})
		if err != nil || len(s.Coverage.Skipped) != 1 || len(s.Measurements) != 0 {
			t.Errorf("%+v %v", s, err)
		}
	}
	if s := scan(t, "a\n1\n", "b\n1\n"); len(s.Coverage.Skipped) != 1 {
		t.Errorf("nothing in common: %+v", s)
	}
}
