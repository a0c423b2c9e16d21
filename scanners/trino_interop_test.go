// SPDX-License-Identifier: Apache-2.0

//go:build interop

package scanners_test

import (
	"database/sql"
	"encoding/csv"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/scanners"
)

// decided is the German credit data with a rule of thumb that decides: numbers,
// text, empty fields, ties, a quotation mark.
func decided(t *testing.T) [][]string {
	t.Helper()
	f, err := os.Open("../testdata/data/german-credit.csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	in, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	at := map[string]int{}
	for i, c := range in[0] {
		at[c] = i
	}
	var out [][]string
	for i, r := range in[1:] {
		months, _ := strconv.Atoi(r[at["duration_months"]])
		age, _ := strconv.Atoi(r[at["age"]])
		group := []string{"young", "o'ld"}[min(1, age/26)]
		if i%97 == 0 {
			group = ""
		}
		s := 1 / (1 + float64(months)/24)
		out = append(out, []string{bit(r[at["credit_risk"]] == "1"), bit(s > .5), fmt.Sprintf("%.4f", s), fmt.Sprintf("%.4f", math.Sqrt(s)),
			group, r[at["personal_status_sex"]], strconv.Itoa(1 + i%3)})
	}
	return out
}

func bit(b bool) string {
	if b {
		return "1"
	}
	return "0"
}

// TestInteropTrino asks the same questions of the same rows in both engines.
func TestInteropTrino(t *testing.T) {
	address := os.Getenv("MODELVET_TRINO")
	if address == "" {
		t.Fatal("no Trino server: run scripts/interop-trino.sh")
	}
	rows := decided(t)
	load(t, address, rows)
	dir := t.TempDir()
	var b strings.Builder
	b.WriteString("y,p,s,q,age,sex,w\n")
	for _, r := range rows {
		b.WriteString(strings.Join(r, ",") + "\n")
	}
	if err := os.WriteFile(filepath.Join(dir, "p.csv"), []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, weight := range []string{"", "w"} {
		for _, only := range [][]string{{"fairness"}, {"performance"}} {
			t.Run(only[0]+weight, func(t *testing.T) {
				tab := modelvet.Table{Name: "predictions", Kind: "predictions", Label: "y", Prediction: "p", Score: "s", Previous: "q", Protected: []string{"age", "sex"}, Weight: weight}
				here, there := tab, tab
				here.Path, there.SQL = "p.csv", &modelvet.SQL{Engine: "trino", Relation: "memory.default.predictions"}
				same(t, measure(t, dir, here, only), measure(t, dir, there, only))
			})
		}
	}
	otherTables(t, address, dir, rows)
	tab := modelvet.Table{Name: "p", Kind: "predictions", Prediction: "nothing", Protected: []string{"age"}, SQL: &modelvet.SQL{Engine: "trino", Relation: "memory.default.predictions"}}
	ss, _ := scanners.Named([]string{"fairness"})
	if _, err := scanners.Run(t.Context(), modelvet.Model{Dir: dir, System: modelvet.System{Tables: []modelvet.Table{tab}}}, ss); err == nil || !strings.Contains(err.Error(), `"nothing"`) {
		t.Errorf("a column that is not there: %v", err)
	}
}

// otherTables asks for drift, data quality and personal data: the rows in two
// parts, the later one with other columns, e-mail addresses and repeated rows.
func otherTables(t *testing.T, address, dir string, rows [][]string) {
	db, err := sql.Open("trino", address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	for _, part := range []struct {
		name string
		rows [][]string
	}{{"training", rows[:600]}, {"production", slices.Concat(rows[600:], rows[600:650])}} {
		var b strings.Builder
		b.WriteString("id,s,q,months,sex,mail\n")
		exec(t, db, "DROP TABLE IF EXISTS memory.default."+part.name)
		exec(t, db, "CREATE TABLE memory.default."+part.name+" (id VARCHAR, s DOUBLE, q DOUBLE, months BIGINT, sex VARCHAR, mail VARCHAR)")
		for from := 0; from < len(part.rows); from += 200 {
			var values []string
			for i, r := range part.rows[from:min(from+200, len(part.rows))] {
				s, _ := strconv.ParseFloat(r[2], 64)
				mail := []string{fmt.Sprintf("p%d@example.org", i), "none"}[i%2]
				months := strconv.Itoa(int(math.Round(24 * (1/s - 1))))
				b.WriteString(strings.Join([]string{strconv.Itoa(from + i), r[2], r[3], months, r[5], mail}, ",") + "\n")
				values = append(values, fmt.Sprintf("('%d', %sE0, %sE0, %s, '%s', '%s')", from+i, r[2], r[3], months, r[5], mail))
			}
			exec(t, db, "INSERT INTO memory.default."+part.name+" VALUES "+strings.Join(values, ", "))
		}
		if err := os.WriteFile(filepath.Join(dir, part.name+".csv"), []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	here := []modelvet.Table{{Name: "training", Kind: "training", Path: "training.csv", ID: "id", Label: "sex", Quasi: []string{"sex", "months"}, Embedding: []string{"s", "q"}},
		{Name: "production", Kind: "production", Path: "production.csv", ID: "id", Embedding: []string{"s", "q"}}}
	there := slices.Clone(here)
	for i, tab := range here {
		there[i].Path, there[i].SQL = "", &modelvet.SQL{Engine: "trino", Relation: "memory.default." + tab.Name}
	}
	for _, only := range []string{"drift", "quality", "privacy"} {
		t.Run(only, func(t *testing.T) { same(t, measureAll(t, dir, here, only), measureAll(t, dir, there, only)) })
	}
}

func exec(t *testing.T, db *sql.DB, q string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), q); err != nil {
		t.Fatalf("%.200s: %v", q, err)
	}
}

func measure(t *testing.T, dir string, tab modelvet.Table, only []string) modelvet.Scan {
	t.Helper()
	return measureAll(t, dir, []modelvet.Table{tab}, only...)
}

func measureAll(t *testing.T, dir string, tables []modelvet.Table, only ...string) modelvet.Scan {
	t.Helper()
	ss, err := scanners.Named(only)
	if err != nil {
		t.Fatal(err)
	}
	out, err := scanners.Run(t.Context(), modelvet.Model{Dir: dir, System: modelvet.System{
		Model: modelvet.ModelFiles{Task: "binary-classification"}, Tables: tables}}, ss)
	if err != nil {
		t.Fatal(err)
	}
	return out[0]
}

func load(t *testing.T, address string, rows [][]string) {
	t.Helper()
	db, err := sql.Open("trino", address)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	run := func(q string) { exec(t, db, q) }
	run("DROP TABLE IF EXISTS memory.default.predictions")
	run("CREATE TABLE memory.default.predictions (y BIGINT, p DOUBLE, s DOUBLE, q DOUBLE, age VARCHAR, sex VARCHAR(8), w INTEGER)")
	for part := range slices.Chunk(rows, 250) {
		var values []string
		for _, r := range part {
			age := "NULL"
			if r[4] != "" {
				age = "'" + strings.ReplaceAll(r[4], "'", "''") + "'"
			}
			values = append(values, fmt.Sprintf("(%s, %s.0E0, %sE0, %sE0, %s, '%s', %s)", r[0], r[1], r[2], r[3], age, r[5], r[6]))
		}
		run("INSERT INTO memory.default.predictions VALUES " + strings.Join(values, ", "))
	}
}

// same compares measurement by measurement.
func same(t *testing.T, here, there modelvet.Scan) {
	t.Helper()
	if len(here.Measurements) != len(there.Measurements) || len(here.Measurements) < 5 {
		t.Fatalf("%d measurements here, %d there:\n%+v\n%+v\n%+v\n%+v", len(here.Measurements), len(there.Measurements), here.Measurements, there.Measurements, here.Findings, there.Findings)
	}
	for i, a := range here.Measurements {
		b := there.Measurements[i]
		if a.Metric != b.Metric || !maps.Equal(a.Slice, b.Slice) || a.N != b.N || a.Method != b.Method || !close(&a.Value, &b.Value) ||
			!close(a.Low, b.Low) || !close(a.High, b.High) || !close(a.P, b.P) {
			t.Errorf("here %+v, there %+v", a, b)
		}
	}
	if !slices.EqualFunc(here.Findings, there.Findings, func(a, b modelvet.Finding) bool { return a.ID == b.ID && a.Severity == b.Severity }) {
		t.Errorf("findings: here %+v, there %+v", here.Findings, there.Findings)
	}
	t.Logf("%d measurements are the same", len(here.Measurements))
}

func close(a, b *float64) bool {
	if a == nil || b == nil {
		return a == b
	}
	return math.Abs(*a-*b) <= 1e-9*math.Max(1, math.Abs(*a))
}
