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

func TestWhatCannotBeMeasuredIsNeverClean(t *testing.T) {
	s, err := scan(t, nil)
	if err != nil || len(s.Coverage.Skipped) != 1 {
		t.Errorf("%+v %v", s, err)
	}
	if _, err = scan(t, nil, modelvet.Table{Name: "train", Kind: "training", Path: "a.csv"}); err == nil {
		t.Error("a missing table was taken")
	}
}
