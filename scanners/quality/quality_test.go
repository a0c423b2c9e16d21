// SPDX-License-Identifier: Apache-2.0

package quality_test

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/scanners/quality"
)

func scan(t *testing.T, files map[string]string, tables ...modelvet.Table) (modelvet.Scan, error) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return quality.Scanner{}.Scan(t.Context(), modelvet.Model{Dir: dir, System: modelvet.System{Tables: tables}})
}

func value(t *testing.T, s modelvet.Scan, metric, table, column string) float64 {
	t.Helper()
	for _, m := range s.Measurements {
		if m.Metric == "quality/"+metric && m.Slice["table"] == table && m.Slice["column"] == column {
			if *m.Low > m.Value || *m.High < m.Value {
				t.Errorf("%+v does not hold its value", m)
			}
			return m.Value
		}
	}
	t.Fatalf("no %s of %s %s in %+v", metric, table, column, s.Measurements)
	return 0
}

func table(n int) string {
	var b strings.Builder
	b.WriteString("id,x,const,nothing,name,paid_back,inf,y\n")
	for i := range n {
		y := i % 4 / 3
		fmt.Fprintf(&b, "%d,%d,7,,n%d,%s,%s,%d\n", i, i%10, i, []string{"yes", "no"}[y], []string{"1.5", "inf"}[i%2], y)
	}
	return b.String()
}

func TestFaultsAreFound(t *testing.T) {
	s, err := scan(t, map[string]string{"a.csv": table(100) + "5,1,7,,,yes,1,0\n5,1,7,,,yes,1,0\n"},
		modelvet.Table{Name: "train", Kind: "training", Path: "a.csv", ID: "id", Label: "y"})
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, f := range s.Findings {
		found[f.ID] += f.What
	}
	for id, part := range map[string]string{"constant-column": `"const"`, "empty-column": `"nothing"`, "identifier-column": `"name"`,
		"label-giveaway": `"paid_back"`, "non-finite": `"inf"`, "repeated-id": "2 rows"} {
		if !strings.Contains(found["quality/"+id], part) {
			t.Errorf("%s: %q", id, found["quality/"+id])
		}
	}
	for _, c := range []struct {
		metric, column string
		want           float64
	}{{"missing_share", "name", 2. / 102}, {"missing_share", "nothing", 1}, {"missing_share", "x", 0}, {"duplicate_share", "", 1. / 102}, {"minority_class_share", "", 25. / 102}} {
		if got := value(t, s, c.metric, "train", c.column); math.Abs(got-c.want) > 1e-12 {
			t.Errorf("%s %s: %v, want %v", c.metric, c.column, got, c.want)
		}
	}
	if _, err := json.Marshal(s); err != nil {
		t.Error(err)
	}
}

func TestLeakageIsCounted(t *testing.T) {
	s, err := scan(t, map[string]string{"a.csv": "id,x,z,y\n1,1,a,0\n2,2,b,1\n3,3,,1\n", "b.csv": "id,z,x,y\n9,a,1.0,1\n8,q,2,1\n7,,3,0\n6,a,1,0\n"},
		modelvet.Table{Name: "train", Kind: "training", Path: "a.csv", ID: "id", Label: "y"},
		modelvet.Table{Name: "held", Kind: "test", Path: "b.csv", ID: "id", Label: "y"})
	if err != nil {
		t.Fatal(err)
	}
	if got := value(t, s, "leaked_share", "held", ""); got != .75 {
		t.Errorf("leaked %v", got)
	}
}

func TestNearlyLeakedRowsAndIDs(t *testing.T) {
	s, err := scan(t, map[string]string{
		"a.csv": "id,x,z,y\n1,1234.4,Big  House,0\n2,2,b,1\n3,-0.00012341,c,1\n",
		"b.csv": "id,x,z,y\n1,1234.1,big house,1\n8,2.5,b,1\n9,-0.00012339,C,0\n2,3,q,0\n"},
		modelvet.Table{Name: "train", Kind: "training", Path: "a.csv", ID: "id", Label: "y"},
		modelvet.Table{Name: "held", Kind: "test", Path: "b.csv", ID: "id", Label: "y"})
	if err != nil {
		t.Fatal(err)
	}
	for metric, want := range map[string]float64{"leaked_share": 0, "near_leaked_share": .5, "leaked_id_share": .5} {
		if got := value(t, s, metric, "held", ""); got != want {
			t.Errorf("%s: %v, want %v", metric, got, want)
		}
	}
}

func TestSkewBetweenTrainingAndServing(t *testing.T) {
	var a, b strings.Builder
	a.WriteString("x,g,gone,kind,y\n")
	b.WriteString("x,g,fresh,kind\n")
	for i := range 100 {
		fmt.Fprintf(&a, "%d,%s,1,%d,0\n", i, []string{"u", "v"}[i%2], i)
		fmt.Fprintf(&b, "%d,%s,1,%s\n", i+10, []string{"u", "w", "u", "u"}[i%4], "t"+fmt.Sprint(i))
	}
	s, err := scan(t, map[string]string{"a.csv": a.String(), "b.csv": b.String()},
		modelvet.Table{Name: "train", Kind: "training", Path: "a.csv", Label: "y"}, modelvet.Table{Name: "live", Kind: "production", Path: "b.csv"})
	if err != nil {
		t.Fatal(err)
	}
	if got := value(t, s, "unseen_category_share", "live", "g"); got != .25 {
		t.Errorf("unseen %v", got)
	}
	if got := value(t, s, "out_of_range_share", "live", "x"); got != .1 {
		t.Errorf("out of range %v", got)
	}
	got := map[string]float64{}
	for _, m := range s.Measurements {
		got[m.Metric+" "+m.Slice["column"]] = m.Value
	}
	if v := got["quality/skew_l_infinity g"]; v != .5 { // v: a half, and nothing when served
		t.Errorf("L-infinity %v", v)
	}
	// SciPy: jensenshannon([.1]*10, [0]+[.1]*8+[.2])
	if v := got["quality/skew_jensen_shannon x"]; math.Abs(v-0.20773134300766247) > 1e-12 {
		t.Errorf("Jensen-Shannon %v", v)
	}
	found := ""
	for _, f := range s.Findings {
		found += f.ID + ": " + f.What + "\n"
	}
	for _, want := range []string{`quality/unserved-column: column "gone"`, `quality/untrained-column: column "fresh"`, `quality/served-type: column "kind" is BIGINT in training and VARCHAR`} {
		if !strings.Contains(found, want) {
			t.Errorf("%q is not in\n%s", want, found)
		}
	}
	if strings.Contains(found, `unserved-column: column "y"`) {
		t.Errorf("a label that is not served is no skew: %s", found)
	}
}

func TestWhatCannotBeMeasuredIsNeverClean(t *testing.T) {
	s, err := scan(t, nil)
	if err != nil || len(s.Coverage.Skipped) != 1 {
		t.Errorf("%+v %v", s, err)
	}
	if _, err = scan(t, nil, modelvet.Table{Name: "train", Kind: "training", Path: "a.csv"}); err == nil {
		t.Error("a missing table was taken")
	}
}
