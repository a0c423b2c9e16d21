// SPDX-License-Identifier: Apache-2.0

package drift_test

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/scanners/drift"
)

func embeddings(t *testing.T, files map[string]string, reference, production modelvet.Table) (modelvet.Scan, error) {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	reference.Name, reference.Kind = "before", "reference"
	production.Name, production.Kind = "live", "production"
	return drift.Scanner{}.Scan(t.Context(), modelvet.Model{Dir: dir, System: modelvet.System{Tables: []modelvet.Table{reference, production}}})
}

func TestAnEmbeddingIsComparedAsOne(t *testing.T) {
	r := rand.New(rand.NewPCG(8, 8))
	columns := func(shift float64) string {
		var b strings.Builder
		b.WriteString("id,e0,e1,e2\n")
		for i := range 300 {
			fmt.Fprintf(&b, "%d,%.5f,%.5f,%.5f\n", i, r.NormFloat64()+shift, r.NormFloat64(), r.NormFloat64())
		}
		return b.String()
	}
	asList := func(csv string) string { // the same rows, one column that is a list
		var b strings.Builder
		for _, l := range strings.Split(strings.TrimSpace(csv), "\n")[1:] {
			id, rest, _ := strings.Cut(l, ",")
			fmt.Fprintf(&b, "{\"id\": %s, \"v\": [%s]}\n", id, rest)
		}
		return b.String()
	}
	before, after := columns(0), columns(.4)
	role := []string{"e0", "e1", "e2"}
	s, err := embeddings(t, map[string]string{"a.csv": before, "b.csv": after}, modelvet.Table{Path: "a.csv", ID: "id", Embedding: role}, modelvet.Table{Path: "b.csv", ID: "id"})
	if err != nil {
		t.Fatal(err)
	}
	m := find(t, s, "mmd", "e0")
	if m.N != 600 || m.Value < .005 || *m.P > .01 {
		t.Errorf("%+v", m)
	}
	if slices.ContainsFunc(s.Measurements, func(m modelvet.Measurement) bool { return m.Metric == "drift/psi" }) {
		t.Error("a dimension of the embedding is also measured by itself")
	}
	s, err = embeddings(t, map[string]string{"a.jsonl": asList(before), "b.jsonl": asList(after)},
		modelvet.Table{Path: "a.jsonl", ID: "id", Embedding: []string{"v"}}, modelvet.Table{Path: "b.jsonl", ID: "id", Embedding: []string{"v"}})
	if err != nil {
		t.Fatal(err)
	}
	near(t, "as a list", find(t, s, "mmd", "v").Value, m.Value, 1e-15)
}

func TestAnEmbeddingWithHolesIsAnError(t *testing.T) {
	for name, c := range map[string][2]string{
		"not-a-number": {"e\n1.5\nnan\n", "finite number"}, "a gap": {"e,f\n1,2\n,3\n", "finite number"}, "text": {"e\nx\ny\n", "finite number"},
	} {
		_, err := embeddings(t, map[string]string{"a.csv": c[0], "b.csv": c[0]}, modelvet.Table{Path: "a.csv", Embedding: []string{"e"}}, modelvet.Table{Path: "b.csv"})
		if err == nil || !strings.Contains(err.Error(), c[1]) || !strings.Contains(err.Error(), "a.csv") {
			t.Errorf("%s: %v", name, err)
		}
	}
	ragged := "{\"e\": [1, 2]}\n{\"e\": [1]}\n"
	_, err := embeddings(t, map[string]string{"a.jsonl": ragged, "b.jsonl": ragged}, modelvet.Table{Path: "a.jsonl", Embedding: []string{"e"}}, modelvet.Table{Path: "b.jsonl"})
	if err == nil || !strings.Contains(err.Error(), "dimensions") {
		t.Errorf("ragged: %v", err)
	}
	s, err := embeddings(t, map[string]string{"a.jsonl": "{\"e\": [1, 2]}\n{\"e\": [1, 3]}\n", "b.jsonl": "{\"e\": [1]}\n{\"e\": [2]}\n"},
		modelvet.Table{Path: "a.jsonl", Embedding: []string{"e"}}, modelvet.Table{Path: "b.jsonl"})
	if err != nil || len(s.Findings) != 1 || s.Findings[0].ID != "drift/type-changed" {
		t.Errorf("another size: %+v %v", s, err)
	}
}

// The engine's way of sorting, for tables that do not fit, gives the same numbers.
func TestLargeTablesAreMeasuredAlike(t *testing.T) {
	r := rand.New(rand.NewPCG(9, 9))
	table := func(rows int, shift float64) string {
		var b strings.Builder
		b.WriteString("x,ties,holes\n")
		for i := range rows {
			fmt.Fprintf(&b, "%v,%d,%s\n", r.NormFloat64()+shift, r.IntN(30), []string{"1.5", "", "nan", "2.5", "7", "8", "9", "10", "-3"}[i%9])
		}
		return b.String()
	}
	before, after := table(2000, 0), table(1500, .1)
	here := scan(t, before, after)
	drift.SortInTheEngine(t)
	there := scan(t, before, after)
	if len(here.Measurements) != len(there.Measurements) || len(here.Measurements) < 18 {
		t.Fatalf("%d here, %d there", len(here.Measurements), len(there.Measurements))
	}
	for i, m := range here.Measurements {
		near(t, m.Metric+" "+m.Slice["column"], there.Measurements[i].Value, m.Value, 1e-12)
	}
}
