// SPDX-License-Identifier: Apache-2.0

package poisoning

import (
	"context"
	"encoding/csv"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
)

// model is a folder with one training table.
func model(dir string, t modelvet.Table, more ...modelvet.Table) modelvet.Model {
	return modelvet.Model{Dir: dir, FS: os.DirFS(dir), System: modelvet.System{Tables: append([]modelvet.Table{t}, more...)}}
}

var training = modelvet.Table{
	Name: "training", Kind: "training", Path: "data/training.csv", ID: "id", Label: "label", Protected: []string{"sex", "age_group"},
}

func scanOf(t testing.TB, m modelvet.Model) modelvet.Scan {
	t.Helper()
	s, err := Scanner{}.Scan(context.Background(), m)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func write(t testing.TB, s sheet) string {
	t.Helper()
	dir := t.TempDir()
	save(t, dir, "training.csv", s)
	return dir
}

func save(t testing.TB, dir, name string, s sheet) {
	t.Helper()
	var out strings.Builder
	w := csv.NewWriter(&out)
	if err := w.WriteAll(append([][]string{s.header}, s.rows...)); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, name), []byte(out.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

func value(t testing.TB, s modelvet.Scan, metric string) modelvet.Measurement {
	t.Helper()
	for _, m := range s.Measurements {
		if m.Metric == metric && m.Slice == nil {
			return m
		}
	}
	t.Fatalf("no measurement %s", metric)
	return modelvet.Measurement{}
}

func TestHonestTablesHaveNothingFound(t *testing.T) {
	for _, dir := range []string{"credit", "credit-biased"} {
		s := scanOf(t, model("../../testdata/"+dir, training))
		if len(s.Findings) > 0 || len(s.Coverage.Skipped) > 0 {
			t.Errorf("%s: %v, skipped %v", dir, s.Findings, s.Coverage.Skipped)
		}
		if m := value(t, s, "poisoning/label_disagreement"); m.N != 1000 || m.Low == nil || *m.Low >= m.Value || *m.High <= m.Value {
			t.Errorf("%s: %+v", dir, m)
		}
	}
}

func TestTamperedTableIsFound(t *testing.T) {
	s := scanOf(t, model("../../testdata/credit-tampered", training))
	var found []string
	for _, f := range s.Findings {
		if f.Severity != modelvet.SeverityBlock || f.Path != "data/training.csv" {
			t.Errorf("finding %+v", f)
		}
		found = append(found, f.ID)
	}
	if !slices.Equal(found, []string{"poisoning/label-conflict", "poisoning/trigger"}) {
		t.Errorf("found %v", s.Findings)
	}
	if !strings.Contains(s.Findings[1].What, "credit_amount = 4321") {
		t.Errorf("the trigger is not named: %s", s.Findings[1].What)
	}
	if m := value(t, s, "poisoning/conflicting_duplicates"); m.Value != 0.06 {
		t.Errorf("%+v", m)
	}
}

// What was not looked at is never called clean.
func TestGapsAreWrittenDown(t *testing.T) {
	s := readSheet(t, german)
	regression, single := s.clone(), s.clone()
	for i := range single.rows {
		single.rows[i][single.at("credit_risk")] = "1"
	}
	raw := modelvet.Table{Name: "training", Kind: "training", Path: "training.csv", Label: "credit_risk"}
	amount, unlabelled := raw, raw
	amount.Label, unlabelled.Label = "credit_amount", ""
	other := raw
	other.Kind = "production"
	for _, c := range []struct {
		name, reason string
		sheet        sheet
		table        modelvet.Table
	}{
		{"no training table", "no table of kind training", s, other},
		{"no label", "names no label column", s, unlabelled},
		{"few rows", "49 rows with a label", sheet{s.header, s.rows[:49]}, raw},
		{"not a class", "not a class", regression, amount},
		{"one label", `every row has the label "1"`, single, raw},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := scanOf(t, model(write(t, c.sheet), c.table))
			if !slices.ContainsFunc(got.Coverage.Skipped, func(g modelvet.Gap) bool { return strings.Contains(g.Reason, c.reason) }) {
				t.Errorf("skipped %v, want %q", got.Coverage.Skipped, c.reason)
			}
			if len(got.Measurements) > 0 || len(got.Coverage.Read) > 0 {
				t.Errorf("measured %v, read %v all the same", got.Measurements, got.Coverage.Read)
			}
		})
	}
}

func TestBrokenInputIsAnError(t *testing.T) {
	dir := write(t, readSheet(t, german))
	raw := modelvet.Table{Name: "training", Kind: "training", Path: "training.csv", Label: "credit_risk"}
	for name, change := range map[string]func(*modelvet.Model){
		"no such file":    func(m *modelvet.Model) { m.System.Tables[0].Path = "none.csv" },
		"no such label":   func(m *modelvet.Model) { m.System.Tables[0].Label = "none" },
		"no such feature": func(m *modelvet.Model) { m.System.Tables[0].Features = []string{"none"} },
		"changed":         func(m *modelvet.Model) { m.Files = []modelvet.File{{Path: "training.csv", Digest: "sha256:00"}} },
	} {
		m := model(dir, raw)
		change(&m)
		if s, err := (Scanner{}).Scan(context.Background(), m); err == nil {
			t.Errorf("%s: no error, but %v", name, s)
		}
	}
}

// Rows without a label are counted, not dropped silently.
func TestMissingLabels(t *testing.T) {
	s := readSheet(t, german).clone()
	for i := range 7 {
		s.rows[i*11][s.at("credit_risk")] = ""
	}
	got := scanOf(t, model(write(t, s), modelvet.Table{Name: "training", Kind: "training", Path: "training.csv", Label: "credit_risk"}))
	if len(got.Findings) != 1 || got.Findings[0].ID != "poisoning/label-missing" || !strings.Contains(got.Findings[0].What, "7 of 1000") {
		t.Errorf("findings %v", got.Findings)
	}
}

func TestOlderTableShowsFlips(t *testing.T) {
	s := readSheet(t, german)
	raw := modelvet.Table{Name: "training", Kind: "training", Path: "training.csv", Label: "credit_risk"}
	old := modelvet.Table{Name: "last-year", Kind: "reference", Path: "old.csv", Label: "credit_risk"}
	for _, c := range []struct {
		percent int
		want    bool
	}{{0, false}, {20, true}} {
		dir := write(t, flips.on(s, c.percent, 1))
		save(t, dir, "old.csv", s)
		got := scanOf(t, model(dir, raw, old))
		if found := len(alarms(got)) > 0; found != c.want {
			t.Errorf("%d %% flipped: %v", c.percent, got.Findings)
		}
	}
}

// Labels that have nothing to do with the features are told.
func TestShuffledLabels(t *testing.T) {
	s, rng := readSheet(t, german).clone(), rand.New(rand.NewPCG(5, 5))
	j := s.at("credit_risk")
	rng.Shuffle(len(s.rows), func(a, b int) { s.rows[a][j], s.rows[b][j] = s.rows[b][j], s.rows[a][j] })
	if a := alarms(look(t, s.frame("credit_risk"))); len(a) != 1 || !strings.HasPrefix(a[0], "poisoning/label-noise") {
		t.Errorf("alarms %v", a)
	}
}

// In a coarse table honest copies contradict each other; that is no alarm.
func TestHonestCopiesMayDiffer(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 9))
	s := sheet{header: []string{"a", "b", "label"}}
	for range 600 {
		a, b, y := rng.IntN(6), rng.IntN(6), "0"
		if rng.Float64() < 0.2+0.1*float64(a) {
			y = "1"
		}
		s.rows = append(s.rows, []string{string(rune('0' + a)), string(rune('0' + b)), y})
	}
	got := look(t, s.frame("label"))
	if a := alarms(got); len(a) > 0 {
		t.Errorf("alarms %v", a)
	}
	if value(t, got, "poisoning/conflicting_duplicates").Value < 0.9 {
		t.Error("the copies were not seen")
	}
}

// Names of labels and columns, and the scale of numbers, mean nothing.
func TestNamesAndScalesMeanNothing(t *testing.T) {
	s := readSheet(t, "../../testdata/credit-tampered/data/training.csv")
	other := s.clone()
	other.header = slices.Clone(s.header)
	for i := range other.rows {
		other.rows[i][s.at("label")] = map[string]string{"0": "bad", "1": "good"}[s.rows[i][s.at("label")]]
		other.rows[i][s.at("credit_amount")] += "0"
	}
	other.header[s.at("credit_amount")] = "pence"
	a, b := look(t, s.frame("label", "id", "sex", "age_group")), look(t, other.frame("label", "id", "sex", "age_group"))
	if len(a.Findings) != len(b.Findings) || value(t, a, "poisoning/triggers").Value != value(t, b, "poisoning/triggers").Value {
		t.Errorf("%v and %v", a.Findings, b.Findings)
	}
	x, y := value(t, a, "poisoning/label_disagreement"), value(t, b, "poisoning/label_disagreement")
	if x.Value != y.Value {
		t.Errorf("%v and %v", x, y)
	}
}

func TestSameInputSameScan(t *testing.T) {
	m := model("../../testdata/credit-tampered", training)
	if a, b := scanOf(t, m), scanOf(t, m); !reflect.DeepEqual(a, b) {
		t.Errorf("%v and %v", a, b)
	}
}

// The nearest rows are those that sorting all of them gives.
func TestNearestRows(t *testing.T) {
	f := sheet(readSheet(t, german)).frame("credit_risk")
	f.n = 200
	s := f.space()
	all := f.some(maxReferences)
	n, err := s.nearest(context.Background(), all, all)
	if err != nil {
		t.Fatal(err)
	}
	for q := range all {
		want := slices.DeleteFunc(slices.Clone(all), func(r int) bool { return r == q })
		slices.SortStableFunc(want, func(a, b int) int {
			return int(1e6 * (s.distance(q, a, 1e30) - s.distance(q, b, 1e30)))
		})
		if !slices.Equal(n.rows[q], want[:kNN]) {
			t.Fatalf("row %d: %v, want %v", q, n.rows[q], want[:kNN])
		}
	}
}

func TestTail(t *testing.T) {
	for _, c := range []struct {
		k, n    int
		p, want float64
	}{
		{0, 5, 0.5, 1}, {5, 5, 0.5, 0.03125}, {3, 5, 0.5, 0.5}, {30, 30, 0.7, 2.2539340290692258e-5}, {1, 3, 0, 0}, {2, 3, 1, 1},
	} {
		if got := tail(c.k, c.n, c.p); got < c.want*(1-1e-9) || got > c.want*(1+1e-9) {
			t.Errorf("tail(%d, %d, %v) is %v, want %v", c.k, c.n, c.p, got, c.want)
		}
	}
}

// A large table is sampled, and says so; the sample depends on the table alone.
func TestDraw(t *testing.T) {
	a, b := &frame{rng: seeded("sha256:0102")}, &frame{rng: seeded("sha256:0102")}
	x, y := a.draw(1000, 100), b.draw(1000, 100)
	if !slices.Equal(x, y) {
		t.Error("the same table gave other rows")
	}
	kept := 0
	for _, k := range x {
		if k {
			kept++
		}
	}
	if kept != 100 {
		t.Errorf("%d rows of 100", kept)
	}
	c := &frame{rng: seeded("sha256:0103")}
	if slices.Equal(x, c.draw(1000, 100)) {
		t.Error("another table gave the same rows")
	}
	if a.draw(100, 100) != nil {
		t.Error("a small table was sampled")
	}
}

func BenchmarkScan(b *testing.B) {
	m := model("../../testdata/credit", training)
	for b.Loop() {
		scanOf(b, m)
	}
}
