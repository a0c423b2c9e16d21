// SPDX-License-Identifier: Apache-2.0

package performance_test

import (
	"encoding/json"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/scanners/performance"
)

func scan(t *testing.T, content string, tab modelvet.Table, task string, figures map[string]float64) (modelvet.Scan, error) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "p.csv"), []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	tab.Name, tab.Kind, tab.Path = "predictions", "predictions", "p.csv"
	return performance.Scanner{}.Scan(t.Context(), modelvet.Model{Dir: dir, System: modelvet.System{
		Model: modelvet.ModelFiles{Task: task}, Tables: []modelvet.Table{tab}, Performance: figures}})
}

func must(t *testing.T, content string, tab modelvet.Table, task string) modelvet.Scan {
	t.Helper()
	s, err := scan(t, content, tab, task, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func find(t *testing.T, s modelvet.Scan, metric string) modelvet.Measurement {
	t.Helper()
	for _, m := range s.Measurements {
		if m.Metric == "performance/"+metric && len(m.Slice) == 0 {
			return m
		}
	}
	t.Fatalf("no %s", metric)
	return modelvet.Measurement{}
}

func near(t *testing.T, what string, got, want, within float64) {
	t.Helper()
	if !(math.Abs(got-want) <= within) {
		t.Errorf("%s is %.15g, want %.15g", what, got, want)
	}
}

// lines is a made-up table of 300 rows with many tied scores.
func lines() (out []string) {
	x := uint32(1)
	next := func() uint32 { x = (x*1103515245 + 12345) & (1<<31 - 1); return x }
	for range 300 {
		y := next() >> 16 & 1
		s := next() >> 16 % 60
		s = x>>16%60 + 5 + 30*y
		p := 0
		if s >= 50 {
			p = 1
		}
		out = append(out, fmt.Sprintf("%d,%d,%.2f,%d,%s\n", y, p, float64(s)/100, 1+(x>>20)%3, []string{"f", "m"}[x>>9&1]))
	}
	return out
}

const header = "y,p,s,w,g\n"

var table = modelvet.Table{Label: "y", Prediction: "p", Score: "s", Protected: []string{"g"}}

// What scikit-learn 1.7.2 says of the same 300 rows.
var (
	plain = map[string]float64{"accuracy": 0.7633333333333333, "balanced_accuracy": 0.7623491158523006, "precision": 0.76875,
		"recall": 0.7834394904458599, "f1": 0.7760252365930599, "roc_auc": 0.8773773996703933, "average_precision": 0.900195863223794,
		"log_loss": 0.45781012092258416, "brier": 0.14889, "expected_calibration_error": 0.13826666666666665}
	weighted = map[string]float64{"accuracy": 0.752442996742671, "balanced_accuracy": 0.7512124563941122, "precision": 0.7575757575757576,
		"recall": 0.7763975155279503, "f1": 0.7668711656441718, "roc_auc": 0.8696183953033269, "average_precision": 0.8953697393230772,
		"log_loss": 0.462501178699408, "brier": 0.15110244299674266}
	numbers         = map[string]float64{"mae": 0.3416666666666667, "rmse": 0.3858626698710307, "r2": 0.40314017192998086}
	weightedNumbers = map[string]float64{"mae": 0.3442508143322476, "rmse": 0.38871897689300255, "r2": 0.3941438717774186}
)

func TestAsScikitLearn(t *testing.T) {
	withWeights, asNumbers := table, modelvet.Table{Label: "y", Prediction: "s"}
	withWeights.Weight = "w"
	bothNumbers := asNumbers
	bothNumbers.Weight = "w"
	for _, c := range []struct {
		name  string
		table modelvet.Table
		task  string
		want  map[string]float64
	}{{"plain", table, "binary-classification", plain}, {"weighted", withWeights, "", weighted},
		{"regression", asNumbers, "regression", numbers}, {"weighted regression", bothNumbers, "regression", weightedNumbers}} {
		s := must(t, header+strings.Join(lines(), ""), c.table, c.task)
		for metric, want := range c.want {
			m := find(t, s, metric)
			near(t, c.name+" "+metric, m.Value, want, 1e-12)
			if m.Low == nil || m.High == nil || *m.Low > m.Value || *m.High < m.Value || *m.High == *m.Low || m.N < 100 || m.Method == "" {
				t.Errorf("%s %s: %+v", c.name, metric, m)
			}
		}
	}
	auc := find(t, must(t, header+strings.Join(lines(), ""), table, ""), "roc_auc")
	near(t, "delong low", *auc.Low, 0.8409580491816391, 1e-12)
	near(t, "delong high", *auc.High, 0.9137967501591475, 1e-12)
}

func TestOrderAndRepetitionOfRowsChangeNoValue(t *testing.T) {
	ls := lines()
	before := must(t, header+strings.Join(ls, ""), table, "")
	rand.New(rand.NewPCG(1, 1)).Shuffle(len(ls), func(i, j int) { ls[i], ls[j] = ls[j], ls[i] })
	for name, s := range map[string]modelvet.Scan{
		"shuffled": must(t, header+strings.Join(ls, ""), table, ""), "three times": must(t, header+strings.Repeat(strings.Join(ls, ""), 3), table, ""),
	} {
		for i, m := range before.Measurements {
			o := s.Measurements[i]
			near(t, name+" "+m.Metric, o.Value, m.Value, 1e-12)
			if name == "three times" && *o.High-*o.Low > *m.High-*m.Low {
				t.Errorf("%s: more rows give a wider interval", m.Metric)
			}
		}
	}
}

func TestTheSameTableGivesTheSameBytes(t *testing.T) {
	a, _ := json.Marshal(must(t, header+strings.Join(lines(), ""), table, ""))
	b, _ := json.Marshal(must(t, header+strings.Join(lines(), ""), table, ""))
	if string(a) != string(b) {
		t.Error("two scans differ")
	}
}

// A score that grows with another still orders alike.
func TestAUCKnowsOnlyTheOrder(t *testing.T) {
	var moved []string
	for _, l := range lines() {
		f := strings.Split(l, ",")
		f[2] = "1" + f[2]
		moved = append(moved, strings.Join(f, ","))
	}
	a, b := must(t, header+strings.Join(lines(), ""), table, ""), must(t, header+strings.Join(moved, ""), table, "")
	near(t, "auc", find(t, b, "roc_auc").Value, find(t, a, "roc_auc").Value, 1e-12)
	if !slices.ContainsFunc(b.Findings, func(f modelvet.Finding) bool { return f.ID == "performance/score-no-probability" }) {
		t.Errorf("a score above 1 was taken for a probability: %+v", b.Findings)
	}
}

func TestCurvesFitAChart(t *testing.T) {
	var b strings.Builder
	r := rand.New(rand.NewPCG(5, 5))
	for range 3000 {
		y := r.IntN(2)
		fmt.Fprintf(&b, "%d,%d,%.6f,1,a\n", y, y, (r.Float64()+float64(y)*.3)/1.3)
	}
	for _, c := range must(t, header+b.String(), table, "").Series {
		if len(c.X) != len(c.Y) || len(c.X) > 64 || len(c.X) < 10 {
			t.Errorf("%s has %d points", c.Name, len(c.X))
		}
		if c.Name == "performance/roc_curve" && (!slices.IsSorted(c.X) || !slices.IsSorted(c.Y) || c.X[0] != 0 || c.X[len(c.X)-1] != 1 || c.Y[len(c.Y)-1] != 1) {
			t.Errorf("no ROC curve: %v %v", c.X, c.Y)
		}
	}
}

func TestDeclaredFigures(t *testing.T) {
	s, err := scan(t, header+strings.Join(lines(), ""), table, "", map[string]float64{
		"performance/accuracy": .76, "auc": .90, "recall": .7834, "bleu": .3, "f1": math.NaN()})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, f := range s.Findings {
		got = append(got, f.ID+" "+strings.Fields(f.What)[0])
	}
	if want := "performance/declared-differs auc, performance/declared-unmeasured bleu, performance/declared-differs f1"; strings.Join(got, ", ") != want {
		t.Errorf("%s, want %s", strings.Join(got, ", "), want)
	}
	i := slices.IndexFunc(s.Measurements, func(m modelvet.Measurement) bool { return m.Slice["metric"] == "performance/roc_auc" })
	near(t, "difference", s.Measurements[i].Value, .9-plain["roc_auc"], 1e-12)
}

func TestClassesAndEdges(t *testing.T) {
	s := must(t, "y,p\na,a\na,b\nb,b\nc,c\nc,a\nc,c\n", modelvet.Table{Label: "y", Prediction: "p"}, "multiclass")
	near(t, "accuracy", find(t, s, "accuracy").Value, 4./6, 1e-12)
	near(t, "balanced", find(t, s, "balanced_accuracy").Value, (1./2+1+2./3)/3, 1e-12)
	near(t, "macro f1", find(t, s, "macro_f1").Value, (.5+2./3+.8)/3, 1e-12)
	s = must(t, "y,p,s,g\n1,1,0.9,a\n1,1,0.8,a\n0,0,0.1,b\n0,0,0.2,\n", table, "binary-classification")
	if m := find(t, s, "roc_auc"); m.Value != 1 || *m.Low > .5 || *m.High != 1 {
		t.Errorf("perfect on four rows must stay uncertain: %+v", m)
	}
	s = must(t, "y,p,s,g\n1,1,0.9,a\n1,1,0.8,a\n", table, "binary-classification")
	if !slices.ContainsFunc(s.Findings, func(f modelvet.Finding) bool { return f.ID == "performance/single-class" }) {
		t.Errorf("one class: %+v", s.Findings)
	}
	s = must(t, "y,p,s,g\n1,1,0.1,a\n0,0,0.8,a\n", table, "binary-classification")
	if !slices.ContainsFunc(s.Findings, func(f modelvet.Finding) bool { return f.ID == "performance/reversed-score" }) {
		t.Errorf("reversed: %+v", s.Findings)
	}
	if _, err := json.Marshal(s); err != nil {
		t.Error(err)
	}
}

func TestBadTablesAreErrors(t *testing.T) {
	for _, c := range []struct{ name, content, task, want string }{
		{"missing column", "y,p,s\n1,1,1\n", "", `column "g"`},
		{"empty table", "y,p,s,g\n", "", "no rows"},
		{"empty label", "y,p,s,g\n1,1,1,a\n,1,1,a\n", "", `"y": 1 rows`},
		{"NaN score", "y,p,s,g\n1,1,nan,a\n", "", "row 1"},
		{"infinite score", "y,p,s,g\n1,1,0.5,a\n1,1,inf,a\n", "", "row 2"},
		{"positive nowhere", "y,p,s,g\nyes,no,0.5,a\n", "", "set positive"},
		{"written otherwise", "y,p,s,g\n1,1.0,0.5,a\n0,0.0,0.5,a\n", "binary-classification", "4 values"},
		{"text in a regression", "y,p,s,g\n1,high,0.5,a\n", "regression", `"p"`},
	} {
		_, err := scan(t, c.content, table, c.task, nil)
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "p.csv") {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestWhatCannotBeMeasuredIsNeverClean(t *testing.T) {
	for name, m := range map[string]modelvet.System{
		"no table": {}, "no label": {Tables: []modelvet.Table{{Kind: "predictions", Path: "p.csv", Prediction: "p"}}},
	} {
		s, err := performance.Scanner{}.Scan(t.Context(), modelvet.Model{Dir: t.TempDir(), System: m})
		if err != nil || len(s.Coverage.Skipped) != 1 || len(s.Measurements) != 0 {
			t.Errorf("%s: %+v %v", name, s, err)
		}
	}
}

// The paired comparison, against DeLong's sums written out over all pairs.
func TestThePreviousVersionIsComparedRowByRow(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	var b strings.Builder
	b.WriteString("y,p,s,q,g\n")
	type row struct{ s, q float64 }
	var rows [2][]row
	for range 200 {
		y := r.IntN(2)
		x := row{float64(r.IntN(20)+8*y) / 30, float64(r.IntN(20)+4*y) / 30}
		rows[y] = append(rows[y], x)
		fmt.Fprintf(&b, "%d,%d,%v,%v,a\n", y, y, x.s, x.q)
	}
	psi := func(a, b float64) float64 {
		if a > b {
			return 1
		} else if a == b {
			return .5
		}
		return 0
	}
	var d [2][]float64
	for y := range 2 {
		for _, x := range rows[y] {
			sum := 0.
			for _, o := range rows[1-y] {
				if y == 1 {
					sum += psi(x.s, o.s) - psi(x.q, o.q)
				} else {
					sum += psi(o.s, x.s) - psi(o.q, x.q)
				}
			}
			d[y] = append(d[y], sum/float64(len(rows[1-y])))
		}
	}
	variance, mean := 0., 0.
	for y := range 2 {
		mean = 0
		for _, v := range d[y] {
			mean += v / float64(len(d[y]))
		}
		for _, v := range d[y] {
			variance += (v - mean) * (v - mean) / float64(len(d[y])-1) / float64(len(d[y]))
		}
	}
	tab := table
	tab.Previous = "q"
	s := must(t, b.String(), tab, "binary-classification")
	i := slices.IndexFunc(s.Measurements, func(m modelvet.Measurement) bool { return m.Metric == "performance/roc_auc_difference" })
	near(t, "difference", s.Measurements[i].Value, mean, 1e-12)
	near(t, "low", *s.Measurements[i].Low, mean-1.959963984540054*math.Sqrt(variance), 1e-12)
	tab.Previous = "s"
	s = must(t, b.String(), tab, "binary-classification")
	for _, m := range s.Measurements {
		if strings.HasSuffix(m.Metric, "_difference") && (m.Value != 0 || m.Slice["reference"] != "previous") {
			t.Errorf("the same score differs from itself: %+v", m)
		}
	}
	if i := slices.IndexFunc(s.Measurements, func(m modelvet.Measurement) bool { return m.Metric == "performance/roc_auc" && m.Slice["group"] == "a" }); i < 0 ||
		math.Abs(s.Measurements[i].Value-find(t, s, "roc_auc").Value) > 1e-12 {
		t.Error("the only group is not measured as all are")
	}
}

func FuzzScan(f *testing.F) {
	f.Add(header+"1,1,0.5,1,a\n0,0,0.4,2,b\n", "1", "binary-classification")
	f.Add(header+"1,0.3,0.5,1,a\n2e308,-1e300,0.4,2,b\n", "", "regression")
	f.Add(header+"a,b,-1e308,0,a\nc,a,1e308,0,b\n", "a", "multiclass")
	f.Fuzz(func(t *testing.T, content, positive, task string) {
		tab := table
		tab.Weight, tab.Positive = "w", positive
		s, err := scan(t, content, tab, task, map[string]float64{"accuracy": .5})
		if err != nil {
			return
		}
		if len(s.Measurements)+len(s.Findings)+len(s.Coverage.Skipped) == 0 {
			t.Error("nothing was said")
		}
		if _, err := json.Marshal(s); err != nil {
			t.Error(err)
		}
	})
}
