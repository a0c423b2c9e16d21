// SPDX-License-Identifier: Apache-2.0

package explainability

import (
	"context"
	"encoding/csv"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
)

const credit = "../../testdata/credit"

// load is a model folder of testdata as the gate would hand it over.
func loadModel(t testing.TB, dir string) modelvet.Model {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "modelvet.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	base, err := strconv.ParseFloat(regexp.MustCompile(`baseValue: (\S+)`).FindStringSubmatch(string(text))[1], 64)
	if err != nil {
		t.Fatal(err)
	}
	list := regexp.MustCompile(`features: \[(.*)\]`).FindStringSubmatch(string(text))[1]
	features, protected := strings.Split(list, ", "), []string{"sex", "age_group"}
	m := modelvet.Model{Dir: dir, FS: os.DirFS(dir), System: modelvet.System{
		Model: modelvet.ModelFiles{Files: []string{"model/*.json"}, Format: "xgboost-json"},
		Tables: []modelvet.Table{
			{Name: "training", Kind: "training", Path: "data/training.csv", ID: "id", Label: "label", Protected: protected, Features: features},
			{Name: "predictions", Kind: "predictions", Path: "data/predictions.csv", ID: "id", Label: "label", Prediction: "prediction", Score: "score", Protected: protected},
			{Name: "attributions", Kind: "attributions", Path: "data/attributions.csv", ID: "id", Features: features, BaseValue: &base, Output: "margin"},
		},
	}}
	err = fs.WalkDir(m.FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			m.Files = append(m.Files, modelvet.File{Path: path})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// changed is a copy of the credit model with one of its files edited.
func changed(t *testing.T, path string, edit func([][]string)) modelvet.Model {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(credit)); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, path))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	edit(rows)
	var out strings.Builder
	w := csv.NewWriter(&out)
	if err := w.WriteAll(slices.DeleteFunc(rows, func(r []string) bool { return r == nil })); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, path), []byte(out.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return loadModel(t, dir)
}

func scanOf(t testing.TB, m modelvet.Model) modelvet.Scan {
	t.Helper()
	s, err := Scanner{}.Scan(context.Background(), m)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func value(t testing.TB, s modelvet.Scan, metric string, slice ...string) modelvet.Measurement {
	t.Helper()
	for _, m := range s.Measurements {
		if m.Metric == metric && (len(slice) == 0 && m.Slice == nil || len(slice) == 1 && m.Slice["attribute"] == slice[0]) {
			return m
		}
	}
	t.Fatalf("no measurement %s %v", metric, slice)
	return modelvet.Measurement{}
}

func ids(s modelvet.Scan) []string {
	var out []string
	for _, f := range s.Findings {
		out = append(out, f.ID)
	}
	return out
}

func TestHonestModelsHaveNothingFound(t *testing.T) {
	for _, dir := range []string{credit, credit + "-biased", credit + "-tampered"} {
		s := scanOf(t, loadModel(t, dir))
		if len(s.Findings) > 0 || len(s.Coverage.Skipped) > 0 {
			t.Errorf("%s: findings %v, skipped %v", dir, s.Findings, s.Coverage.Skipped)
		}
		if m := value(t, s, "explainability/recomputed_max_error"); m.Value > 1e-5 || m.N != 1000 {
			t.Errorf("%s: recomputed %+v", dir, m)
		}
		if m := value(t, s, "explainability/additivity_max_error"); m.Value > 1e-4 || m.N != 1000 {
			t.Errorf("%s: additivity %+v", dir, m)
		}
		if m := value(t, s, "explainability/coverage"); m.Value != 1 {
			t.Errorf("%s: coverage %+v", dir, m)
		}
	}
}

func TestProtectedShare(t *testing.T) {
	if m := value(t, scanOf(t, loadModel(t, credit)), "explainability/protected_share"); m.Value != 0 {
		t.Errorf("a model without protected features: %+v", m)
	}
	s := scanOf(t, loadModel(t, credit+"-biased"))
	all, sex, age := value(t, s, "explainability/protected_share"), value(t, s, "explainability/protected_share", "sex"), value(t, s, "explainability/protected_share", "age_group")
	if all.Value < 0.03 || sex.Value <= 0 || age.Value <= 0 {
		t.Errorf("a model with age and sex_male among its features: all %v, sex %v, age %v", all.Value, sex.Value, age.Value)
	}
}

func number(s string) float64 {
	v, _ := strconv.ParseFloat(s, 64)
	return v
}

// Each lie is told in one place and must be found for what it is.
func TestLiesAreFound(t *testing.T) {
	for _, c := range []struct {
		name, path string
		edit       func([][]string)
		want       string
	}{
		{"one number moved", "data/attributions.csv", func(r [][]string) { r[7][1] = "3.25" }, "explainability/not-additive"},
		{"moved from one feature to another", "data/attributions.csv", func(r [][]string) {
			for _, row := range r[1:] { // still adds up: only computing again can tell
				row[1], row[2] = strconv.FormatFloat(number(row[1])+0.01, 'f', 6, 64), strconv.FormatFloat(number(row[2])-0.01, 'f', 6, 64)
			}
		}, "explainability/recomputed-differs"},
		{"shuffled rows", "data/attributions.csv", func(r [][]string) { r[1][0], r[2][0] = r[2][0], r[1][0] }, "explainability/recomputed-differs"},
		{"another output", "data/attributions.csv", func(r [][]string) { r[1][20] = "0.5"; r[1][1] = "0" }, "explainability/output-differs"},
		{"an empty cell", "data/attributions.csv", func(r [][]string) { r[9][4] = "" }, "explainability/attribution-missing"},
		{"an infinite cell", "data/attributions.csv", func(r [][]string) { r[9][4] = "inf" }, "explainability/attribution-missing"},
		{"a row left out", "data/attributions.csv", func(r [][]string) { r[9] = nil }, "explainability/not-explained"},
		{"an id twice", "data/attributions.csv", func(r [][]string) { r[9][0] = "1" }, "explainability/duplicate-id"},
		{"features changed", "data/training.csv", func(r [][]string) { r[5][1] = "70" }, "explainability/recomputed-differs"},
		{"equal rows", "data/training.csv", func(r [][]string) { copy(r[5][1:], r[6][1:]) }, "explainability/equal-rows-differ"},
		{"a constant", "data/training.csv", func(r [][]string) {
			for _, row := range r[1:] {
				row[1] = "12"
			}
		}, "explainability/constant-feature"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if s := scanOf(t, changed(t, c.path, c.edit)); !slices.Contains(ids(s), c.want) {
				t.Errorf("found %v, want %s", s.Findings, c.want)
			}
		})
	}
}

func TestWrongBaseValue(t *testing.T) {
	m := loadModel(t, credit)
	off := 0.1
	m.System.Tables[2].BaseValue = &off
	if got := ids(scanOf(t, m)); !slices.Contains(got, "explainability/base-value-differs") || !slices.Contains(got, "explainability/not-additive") {
		t.Errorf("found %v", got)
	}
}

// What was not looked at is said, and no measurement pretends otherwise.
func TestGapsAreWrittenDown(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(*modelvet.Model)
		gone   string
		reason string
	}{
		{"no attributions", func(m *modelvet.Model) { m.System.Tables = m.System.Tables[:2] }, "explainability/additivity_max_error", "no table of kind attributions"},
		{"no base value", func(m *modelvet.Model) { m.System.Tables[2].BaseValue = nil }, "explainability/additivity_max_error", "no baseValue"},
		{"no output", func(m *modelvet.Model) { m.System.Tables[2].Output = "" }, "explainability/additivity_violations", "no output column"},
		{"no features", func(m *modelvet.Model) { m.System.Tables = m.System.Tables[1:] }, "explainability/recomputed_max_error", "the features of their rows are not known"},
		{"no id", func(m *modelvet.Model) { m.System.Tables[2].ID = "" }, "explainability/recomputed_max_error", "names no id column"},
		{"another format", func(m *modelvet.Model) { m.System.Model.Format = "onnx" }, "explainability/recomputed_max_error", `format is "onnx"`},
		{"no model file", func(m *modelvet.Model) { m.System.Model.Files = []string{"none/*"} }, "explainability/recomputed_max_error", "names 0 files"},
		{"no predictions", func(m *modelvet.Model) { m.System.Tables = slices.Delete(m.System.Tables, 1, 2) }, "explainability/coverage", "no table of kind predictions"},
		{"nothing protected", func(m *modelvet.Model) {
			for i := range m.System.Tables {
				m.System.Tables[i].Protected = nil
			}
		}, "explainability/protected_share", "no table names one"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := loadModel(t, credit)
			c.change(&m)
			s := scanOf(t, m)
			if !slices.ContainsFunc(s.Coverage.Skipped, func(g modelvet.Gap) bool { return strings.Contains(g.Reason, c.reason) }) {
				t.Errorf("skipped %v, want %q", s.Coverage.Skipped, c.reason)
			}
			if slices.ContainsFunc(s.Measurements, func(m modelvet.Measurement) bool { return m.Metric == c.gone }) {
				t.Errorf("%s was measured all the same", c.gone)
			}
		})
	}
}

func TestBrokenInputIsAnError(t *testing.T) {
	for name, change := range map[string]func(*modelvet.Model){
		"no such file":   func(m *modelvet.Model) { m.System.Tables[2].Path = "data/none.csv" },
		"no such column": func(m *modelvet.Model) { m.System.Tables[2].Output = "nothing" },
		"another digest": func(m *modelvet.Model) {
			m.Files = []modelvet.File{{Path: "data/attributions.csv", Digest: "sha256:00"}}
		},
		"another model": func(m *modelvet.Model) {
			m.Files = []modelvet.File{{Path: "model/model.json", Digest: "sha256:00"}}
		},
	} {
		m := loadModel(t, credit)
		change(&m)
		if s, err := (Scanner{}).Scan(context.Background(), m); err == nil {
			t.Errorf("%s: no error, but %v", name, s.Findings)
		}
	}
}

// A model file cut short leaves the numbers unmeasured and says why.
func TestCutModelIsAGap(t *testing.T) {
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(credit)); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(dir, "model/model.json"), 5000); err != nil {
		t.Fatal(err)
	}
	s := scanOf(t, loadModel(t, dir))
	if len(s.Coverage.Skipped) != 1 || !strings.Contains(s.Coverage.Skipped[0].Reason, "not an XGBoost JSON model") {
		t.Errorf("skipped %v", s.Coverage.Skipped)
	}
}

func TestSparsity(t *testing.T) {
	for _, c := range []struct {
		phi     []float64
		gini, h float64
	}{
		{[]float64{1, -1, 1, -1}, 0, 1.3862943611198906},
		{[]float64{0, 0, 0, 5}, 0.75, 0},
		{[]float64{1, 2, 3, 4}, 0.25, 1.2798542258336676},
	} {
		g, h, ok := sparsity(c.phi)
		if !ok || g-c.gini > 1e-12 || c.gini-g > 1e-12 || h-c.h > 1e-12 || c.h-h > 1e-12 {
			t.Errorf("%v: gini %v, entropy %v; want %v, %v", c.phi, g, h, c.gini, c.h)
		}
	}
	if _, _, ok := sparsity([]float64{0, 0}); ok {
		t.Error("a row of zeros has a sparsity")
	}
}

func TestSameInputSameScan(t *testing.T) {
	a, b := scanOf(t, loadModel(t, credit)), scanOf(t, loadModel(t, credit))
	if len(a.Measurements) != len(b.Measurements) {
		t.Fatal("the scans differ")
	}
	for i := range a.Measurements {
		if a.Measurements[i].Value != b.Measurements[i].Value || a.Measurements[i].Metric != b.Measurements[i].Metric {
			t.Errorf("%v and %v", a.Measurements[i], b.Measurements[i])
		}
	}
}

func BenchmarkScan(b *testing.B) {
	m := loadModel(b, credit)
	for b.Loop() {
		scanOf(b, m)
	}
}
