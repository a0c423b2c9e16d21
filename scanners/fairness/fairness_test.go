// SPDX-License-Identifier: Apache-2.0

package fairness_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/scanners/fairness"
)

func scanTable(t *testing.T, dir string, tab modelvet.Table, task string) (modelvet.Scan, error) {
	t.Helper()
	tab.Kind, tab.Name = "predictions", "predictions"
	return fairness.Scanner{}.Scan(t.Context(), modelvet.Model{Dir: dir, System: modelvet.System{
		Model: modelvet.ModelFiles{Task: task}, Tables: []modelvet.Table{tab}}})
}

func scanCSV(t *testing.T, content string, tab modelvet.Table) modelvet.Scan {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "p.csv"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	tab.Path = "p.csv"
	s, err := scanTable(t, dir, tab, "")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// find is the one measurement of a metric whose slice is exactly this.
func find(t *testing.T, s modelvet.Scan, metric string, slice ...string) modelvet.Measurement {
	t.Helper()
	for _, m := range s.Measurements {
		if m.Metric == "fairness/"+metric && same(m.Slice, slice) {
			return m
		}
	}
	t.Fatalf("no %s of %v", metric, slice)
	return modelvet.Measurement{}
}

func same(slice map[string]string, kv []string) bool {
	if len(slice) != len(kv)/2 {
		return false
	}
	for i := 0; i < len(kv); i += 2 {
		if slice[kv[i]] != kv[i+1] {
			return false
		}
	}
	return true
}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s is %.12g, want %.12g", what, got, want)
	}
}

// The published figures for the German credit data, and those of fairlearn.
func TestGermanCredit(t *testing.T) {
	s, err := scanTable(t, "testdata", modelvet.Table{Path: "german.csv", Prediction: "credit_risk",
		Protected: []string{"age_over_25", "age_from_25", "sex"}}, "binary-classification")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		attribute, group, reference string
		rate, other, diff, ratio    float64
	}{
		{"age_over_25", "<=25", ">25", 110. / 190, 590. / 810, -0.149448, .794826},
		{"age_from_25", "<25", ">=25", 88. / 149, 612. / 851, -0.128550, .821248},
		{"sex", "female", "male", 201. / 310, 499. / 690, -0.074801, .896567},
	} {
		rate := find(t, s, "selection_rate", "attribute", c.attribute, "group", c.group)
		near(t, c.group, rate.Value, c.rate, 1e-12)
		near(t, c.reference, find(t, s, "selection_rate", "attribute", c.attribute, "group", c.reference).Value, c.other, 1e-12)
		diff := find(t, s, "demographic_parity_difference", "attribute", c.attribute, "group", c.group, "reference", c.reference)
		near(t, "difference", diff.Value, c.diff, 5e-7)
		near(t, "difference", diff.Value, c.rate-c.other, 1e-12)
		if diff.N != 1000 || diff.P == nil || *diff.P <= 0 || *diff.P > .1 || diff.Method != "newcombe; chi-square, holm" {
			t.Errorf("%s: %+v", c.attribute, diff)
		}
		near(t, "ratio", find(t, s, "demographic_parity_ratio", "attribute", c.attribute, "group", c.group, "reference", c.reference).Value, c.ratio, 5e-7)
		near(t, "max-min", find(t, s, "demographic_parity_difference", "attribute", c.attribute).Value, c.other-c.rate, 1e-12)
		near(t, "min/max", find(t, s, "demographic_parity_ratio", "attribute", c.attribute).Value, c.rate/c.other, 1e-12)
	}
	find(t, s, "selection_rate", "attribute", "age_over_25×sex", "group", "<=25×female")
	if len(s.Coverage.Read) != 1 || s.Coverage.Read[0] != "german.csv" {
		t.Errorf("coverage %+v", s.Coverage)
	}
}

// fairlearn's user guide: what each rate means, by hand.
const hand = `y,p,g,s
1,1,a,0.9
1,1,a,0.8
1,0,a,0.4
0,1,a,0.6
0,0,a,0.1
0,0,a,0.2
1,1,b,0.7
1,0,b,0.3
0,1,b,0.6
0,1,b,0.9
`

func TestRatesByHand(t *testing.T) {
	s := scanCSV(t, hand, modelvet.Table{Label: "y", Prediction: "p", Score: "s", Protected: []string{"g"}})
	for metric, want := range map[string][2]float64{
		"selection_rate": {3. / 6, 3. / 4}, "base_rate": {3. / 6, 2. / 4},
		"true_positive_rate": {2. / 3, 1. / 2}, "false_positive_rate": {1. / 3, 1},
		"true_negative_rate": {2. / 3, 0}, "false_negative_rate": {1. / 3, 1. / 2},
		"positive_predictive_value": {2. / 3, 1. / 3}, "negative_predictive_value": {2. / 3, 0}, "accuracy": {4. / 6, 1. / 4},
		"calibration_gap": {0, .5 / 4},
	} {
		near(t, metric+" a", find(t, s, metric, "attribute", "g", "group", "a").Value, want[0], 1e-12)
		near(t, metric+" b", find(t, s, metric, "attribute", "g", "group", "b").Value, want[1], 1e-12)
	}
	near(t, "equalized odds", find(t, s, "equalized_odds_difference", "attribute", "g").Value, 2./3, 1e-12)
	near(t, "equal opportunity", find(t, s, "equal_opportunity_difference", "attribute", "g").Value, 1./6, 1e-12)
	near(t, "average odds", find(t, s, "average_odds_difference", "attribute", "g", "group", "b", "reference", "a").Value, (2./3-1./6)/2, 1e-12)
	// benefits: 1 1 0 2 1 1 1 0 2 2
	near(t, "theil", find(t, s, "theil_index").Value, (2*0+3*(2/1.1)*math.Log(2/1.1)+5*(1/1.1)*math.Log(1/1.1))/10, 1e-12)
}

// With another value favourable, selection follows it and the confusion
// matrix stays with the positive value.
func TestTheFavourableValueIsTheOneSelected(t *testing.T) {
	s := scanCSV(t, hand, modelvet.Table{Label: "y", Prediction: "p", Protected: []string{"g"}, Favourable: "0"})
	near(t, "selection", find(t, s, "selection_rate", "attribute", "g", "group", "a").Value, .5, 1e-12)
	near(t, "selection", find(t, s, "selection_rate", "attribute", "g", "group", "b").Value, .25, 1e-12)
	near(t, "false positives", find(t, s, "false_positive_rate", "attribute", "g", "group", "b").Value, 1, 1e-12)
	near(t, "equal opportunity", find(t, s, "equal_opportunity_difference", "attribute", "g").Value, 2./3, 1e-12)
}

// table is rows to be written in different ways.
type row struct {
	y, p, sex, age string
	w              int
}

func rows(seed uint64, n int) []row {
	r := rand.New(rand.NewPCG(seed, 7))
	out := make([]row, n)
	for i := range out {
		out[i] = row{fmt.Sprint(r.IntN(2)), fmt.Sprint(r.IntN(2)), []string{"f", "m", ""}[r.IntN(3)], []string{"old", "young"}[r.IntN(2)], 1 + r.IntN(3)}
	}
	return out
}

func text(rows []row, repeat bool) string {
	var b strings.Builder
	b.WriteString("y,p,sex,age,w\n")
	for _, r := range rows {
		n := 1
		if repeat {
			n = r.w
		}
		for range n {
			fmt.Fprintf(&b, "%s,%s,%s,%s,%d\n", r.y, r.p, r.sex, r.age, r.w)
		}
	}
	return b.String()
}

var roles = modelvet.Table{Label: "y", Prediction: "p", Protected: []string{"sex", "age"}}

func TestTheOrderOfRowsChangesNothing(t *testing.T) {
	rs := rows(1, 300)
	before, _ := json.Marshal(scanCSV(t, text(rs, false), roles))
	rand.New(rand.NewPCG(2, 2)).Shuffle(len(rs), func(i, j int) { rs[i], rs[j] = rs[j], rs[i] })
	after, _ := json.Marshal(scanCSV(t, text(rs, false), roles))
	if string(before) != string(after) {
		t.Error("another order of rows gives other bytes")
	}
}

func TestWeightsAreRepetitions(t *testing.T) {
	rs := rows(3, 200)
	weighted := roles
	weighted.Weight = "w"
	a, b := scanCSV(t, text(rs, false), weighted), scanCSV(t, text(rs, true), roles)
	if len(a.Measurements) != len(b.Measurements) || len(a.Measurements) < 50 {
		t.Fatalf("%d and %d measurements", len(a.Measurements), len(b.Measurements))
	}
	for _, m := range a.Measurements {
		var kv []string
		for k, v := range m.Slice {
			kv = append(kv, k, v)
		}
		if m.Slice["reference"] != "" {
			continue // the largest group by rows need not be the same
		}
		near(t, m.Metric, find(t, b, strings.TrimPrefix(m.Metric, "fairness/"), kv...).Value, m.Value, 1e-9)
	}
}

func TestIntervalsHoldTheirValueAndPIsAProbability(t *testing.T) {
	s := scanCSV(t, text(rows(5, 400), false), roles)
	for _, m := range s.Measurements {
		if m.Low != nil && *m.Low > m.Value+1e-12 || m.High != nil && *m.High < m.Value-1e-12 {
			t.Errorf("%s %v: %v..%v does not hold %v", m.Metric, m.Slice, *m.Low, *m.High, m.Value)
		}
		if m.P != nil && !(*m.P >= 0 && *m.P <= 1) {
			t.Errorf("%s: p %v", m.Metric, *m.P)
		}
		if m.N <= 0 {
			t.Errorf("%s rests on %d rows", m.Metric, m.N)
		}
	}
	find(t, s, "selection_rate", "attribute", "sex", "group", fairness.Missing)
}

func TestSwappingTheGroupsTurnsTheSign(t *testing.T) {
	swap := strings.NewReplacer(",a,", ",b,", ",b,", ",a,")
	tab := modelvet.Table{Label: "y", Prediction: "p", Protected: []string{"g"}}
	a := find(t, scanCSV(t, hand, tab), "demographic_parity_difference", "attribute", "g", "group", "b", "reference", "a")
	b := find(t, scanCSV(t, swap.Replace(hand), tab), "demographic_parity_difference", "attribute", "g", "group", "a", "reference", "b")
	if a.Value != b.Value || *a.Low != *b.Low || *a.P != *b.P {
		t.Errorf("names matter: %+v %+v", a, b)
	}
}

func TestWhatCannotBeMeasuredIsNeverClean(t *testing.T) {
	for name, m := range map[string]modelvet.System{
		"no table":     {},
		"no protected": {Tables: []modelvet.Table{{Kind: "predictions", Path: "p.csv", Prediction: "p"}}},
		"generation":   {Model: modelvet.ModelFiles{Task: "generation"}, Tables: []modelvet.Table{{Kind: "predictions", Path: "p.csv", Prediction: "p", Protected: []string{"g"}}}},
	} {
		s, err := fairness.Scanner{}.Scan(t.Context(), modelvet.Model{Dir: t.TempDir(), System: m})
		if err != nil || len(s.Coverage.Skipped) != 1 || len(s.Measurements) != 0 || len(s.Coverage.Read) != 0 {
			t.Errorf("%s: %+v %v", name, s, err)
		}
	}
}

func TestBadTablesAreErrors(t *testing.T) {
	tab := modelvet.Table{Path: "p.csv", Label: "y", Prediction: "p", Protected: []string{"g"}}
	with := func(f func(*modelvet.Table)) modelvet.Table { c := tab; f(&c); return c }
	for _, c := range []struct {
		name, content string
		tab           modelvet.Table
		want          string
	}{
		{"missing column", "y,p,x\n1,1,a\n", tab, `protected names column "g"`},
		{"empty table", "y,p,g\n", tab, "no rows"},
		{"empty prediction", "y,p,g\n1,1,a\n0,,b\n", tab, "row 2"},
		{"positive nowhere", "y,p,g\nyes,yes,a\nno,no,b\n", tab, `positive is "1"`},
		{"favourable nowhere", "y,p,g\n1,1,a\n0,0,b\n", with(func(t *modelvet.Table) { t.Favourable = "good" }), `favourable is "good"`},
		{"written otherwise", "y,p,g\n1,1.0,a\n0,0.0,b\n", tab, "4 values"},
		{"three classes", "y,p,g\n1,1,a\n0,2,b\n", tab, "3 values"},
		{"NaN score", "y,p,g,s\n1,1,a,0.5\n0,0,b,nan\n", with(func(t *modelvet.Table) { t.Score = "s" }), "row 2"},
		{"empty score", "y,p,g,s\n1,1,a,0.5\n0,0,b,\n", with(func(t *modelvet.Table) { t.Score = "s" }), "row 2"},
		{"score of text", "y,p,g,s\n1,1,a,0.5\n0,0,b,high\n", with(func(t *modelvet.Table) { t.Score = "s" }), `"s"`},
		{"negative weight", "y,p,g,s\n1,1,a,0.5\n0,0,b,-1\n", with(func(t *modelvet.Table) { t.Weight = "s" }), "weights"},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "p.csv"), []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := scanTable(t, dir, c.tab, "binary-classification")
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "p.csv") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestFindings(t *testing.T) {
	for _, c := range []struct {
		name, content, id string
	}{
		{"reversed", "y,p,g\n1,0,a\n0,1,b\n1,0,b\n", "fairness/reversed-polarity"},
		{"small", hand, "fairness/small-group"},
		{"one group", "y,p,g\n1,1,a\n0,0,a\n", "fairness/one-group"},
		{"no label in places", "y,p,g\n1,1,a\n,0,b\n", "fairness/empty-label"},
		{"undefined rate", "y,p,g\n1,1,a\n0,0,b\n", "fairness/undefined"},
	} {
		s := scanCSV(t, c.content, modelvet.Table{Label: "y", Prediction: "p", Protected: []string{"g"}})
		found := false
		for _, f := range s.Findings {
			found = found || f.ID == c.id && f.What != "" && f.Path == "p.csv"
		}
		if !found {
			t.Errorf("%s: no %s in %+v", c.name, c.id, s.Findings)
		}
		if _, err := json.Marshal(s); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// The example of the rule itself: 168 people, of whom those scoring above the
// median of all are counted (6 RCNY 5-301).
func TestBiasAudit(t *testing.T) {
	var b strings.Builder
	b.WriteString("s,sex,race\n")
	// categories as in the rule: of each, how many, and how many above the median
	i := 0
	for _, c := range []struct {
		race         string
		n, above     int
		male, aboveM int
	}{{"Hispanic", 28, 18, 14, 10}, {"White", 40, 15, 22, 10}, {"Black", 32, 16, 18, 10}, {"NHPI", 8, 5, 5, 3}, {"Asian", 24, 10, 13, 6}, {"", 36, 20, 20, 11}} {
		for k := range c.n {
			sex, up := "Male", k < c.aboveM
			if k >= c.male {
				sex, up = "Female", k-c.male < c.above-c.aboveM
			}
			i++
			fmt.Fprintf(&b, "%d,%s,%s\n", map[bool]int{true: 1000, false: 100}[up]+i%50, sex, c.race)
		}
	}
	s := scanCSV(t, b.String(), modelvet.Table{Score: "s", BiasAudit: &modelvet.Audit{Sex: "sex", Race: "race"}})
	for _, c := range []struct {
		race        string
		rate, ratio float64
	}{{"Hispanic", 18. / 28, 1}, {"White", 15. / 40, .58}, {"Black", .5, .78}, {"NHPI", 5. / 8, .97}, {"Asian", 10. / 24, .65}} {
		near(t, c.race, find(t, s, "bias_audit_scoring_rate", "attribute", "race", "group", c.race).Value, c.rate, 1e-12)
		near(t, c.race+" impact", find(t, s, "bias_audit_impact_ratio", "attribute", "race", "group", c.race).Value, c.ratio, .005)
	}
	near(t, "unknown", find(t, s, "bias_audit_unknown_count", "attribute", "race").Value, 36, 0)
	find(t, s, "bias_audit_impact_ratio", "attribute", "sex×race", "group", "Male×Black")
}

func TestBiasAuditLeavesOutWhatIsTooSmallAndSaysSo(t *testing.T) {
	content := "p,sex,race\n" + strings.Repeat("1,f,a\n0,m,a\n1,m,b\n0,f,b\n", 100) + strings.Repeat("1,m,c\n", 7)
	s := scanCSV(t, content, modelvet.Table{Prediction: "p", BiasAudit: &modelvet.Audit{Sex: "sex", Race: "race"}})
	near(t, "rate", find(t, s, "bias_audit_selection_rate", "attribute", "race", "group", "c").Value, 1, 0)
	for _, m := range s.Measurements {
		if m.Metric == "fairness/bias_audit_impact_ratio" && m.Slice["group"] == "c" {
			t.Error("a category below 2 % has an impact ratio")
		}
	}
	if len(s.Findings) != 2 || s.Findings[0].ID != "fairness/bias-audit-excluded" || !strings.Contains(s.Findings[0].What, "7 of 407") {
		t.Errorf("%+v", s.Findings)
	}
	near(t, "best of those in", find(t, s, "bias_audit_impact_ratio", "attribute", "race", "group", "a").Value, 1, 0)
}

func TestNumbersHaveGroupsToo(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "p.csv"), []byte("y,p,g\n1,2,a\n2,4,a\n3,3,a\n1,1,b\n5,3,b\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s, err := scanTable(t, dir, modelvet.Table{Path: "p.csv", Label: "y", Prediction: "p", Protected: []string{"g"}}, "regression")
	if err != nil {
		t.Fatal(err)
	}
	near(t, "mean", find(t, s, "mean_prediction", "attribute", "g", "group", "a").Value, 3, 1e-12)
	near(t, "error", find(t, s, "mean_error_difference", "attribute", "g", "group", "b", "reference", "a").Value, -1-1, 1e-12)
	near(t, "squared", find(t, s, "mean_squared_error", "attribute", "g", "group", "a").Value, 5./3, 1e-12)
}

func TestEveryClassHasItsParity(t *testing.T) {
	s := scanCSV(t, "y,p,g\n1,1,a\n2,2,a\n3,3,a\n1,1,b\n1,1,b\n2,3,b\n", modelvet.Table{Label: "y", Prediction: "p", Protected: []string{"g"}})
	near(t, "class 1", find(t, s, "class_parity_difference", "attribute", "g", "class", "1").Value, 1./3, 1e-12)
	near(t, "class 2", find(t, s, "class_parity_difference", "attribute", "g", "class", "2").Value, 1./3, 1e-12)
}

// A feature that copies the attribute is found; one of chance is not.
func TestProxies(t *testing.T) {
	dir := t.TempDir()
	r := rand.New(rand.NewPCG(8, 8))
	var b strings.Builder
	b.WriteString("y,g,copy,income,chance,name\n")
	for i := range 2000 {
		g := r.IntN(2)
		fmt.Fprintf(&b, "%d,%s,z%d,%.3f,%.3f,n%d\n", r.IntN(2), []string{"f", "m"}[g], g, 20+float64(10*g)+10*r.NormFloat64(), r.Float64(), i)
	}
	for name, content := range map[string]string{"train.csv": b.String(), "p.csv": hand} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := fairness.Scanner{}.Scan(t.Context(), modelvet.Model{Dir: dir, System: modelvet.System{Tables: []modelvet.Table{
		{Name: "predictions", Kind: "predictions", Path: "p.csv", Label: "y", Prediction: "p", Protected: []string{"g"}},
		{Name: "training", Kind: "training", Path: "train.csv", Label: "y", Protected: []string{"g"}}}}})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "copy", find(t, s, "proxy_association", "attribute", "g", "feature", "copy").Value, 1, 1e-9)
	near(t, "copy", find(t, s, "proxy_gain", "attribute", "g", "feature", "copy").Value, 1, 1e-9)
	if m := find(t, s, "proxy_association", "attribute", "g", "feature", "income"); m.Value < .3 || m.Value > .6 || *m.P > 1e-9 {
		t.Errorf("income: %+v", m)
	}
	if m := find(t, s, "proxy_association", "attribute", "g", "feature", "chance"); m.Value > .08 || *m.P < .001 {
		t.Errorf("chance: %+v", m)
	}
}

func FuzzScan(f *testing.F) {
	f.Add(hand, "y", "p", "g", "1", "0")
	f.Add("y,p,\"g\"\"x\"\n1,1,'\n0,0,\"\n", "y", "p", `g"x`, "", "")
	f.Fuzz(func(t *testing.T, content, label, prediction, protected, positive, favourable string) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "p.csv"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := scanTable(t, dir, modelvet.Table{Path: "p.csv", Label: label, Prediction: prediction, Protected: []string{protected},
			Positive: positive, Favourable: favourable}, "")
		if err != nil {
			return
		}
		if len(s.Measurements) == 0 && len(s.Coverage.Skipped) == 0 {
			t.Error("neither measured nor skipped")
		}
		if _, err := json.Marshal(s); err != nil {
			t.Error(err)
		}
	})
}
