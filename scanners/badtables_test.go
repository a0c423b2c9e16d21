// SPDX-License-Identifier: Apache-2.0

package scanners_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/scanners"
)

// Every scanner of tables refuses what cannot be read to its end, in one line
// that names the file and the place, and repeats nothing of the table.
func TestBadTablesAreRefusedByEveryScanner(t *testing.T) {
	wide := strings.Repeat("c%d,", 199) + "id\n"
	for i := range 199 {
		wide = strings.Replace(wide, "%d", fmt.Sprint(i), 1)
	}
	row := strings.Repeat("7,", 199) + "1\n"
	good := "id,x,e\n1,1.5,0.5\n2,2.5,0.7\n"
	for name, c := range map[string]struct {
		file, content string
		change        func(*modelvet.Table)
		want          string
	}{
		"unknown column":                 {"b.csv", good, func(t *modelvet.Table) { t.Label = "z" }, `label names column "z"`},
		"unknown column of an embedding": {"b.csv", good, func(t *modelvet.Table) { t.Embedding = []string{"q"} }, `embedding names column "q"`},
		"a broken line of 200 columns":   {"b.csv", wide + strings.Repeat(row, 3000) + "7,7\n", nil, "line 3002"},
		"other encodings":                {"b.csv", "id,x,e\n1,secr\xe9t,1\n2,b,2\n", nil, "line 2"},
		"parquet cut short":              {"b.parquet", "PAR1\x15\x04secret", nil, "b.parquet"},
		"arrow cut short":                {"b.arrow", "ARROW1\x00\x00secretsecretsecret", nil, "cut short"},
		"a glob that matches nothing":    {"b.csv", good, func(t *modelvet.Table) { t.Path = "x/*.csv" }, `"x/*.csv" matches no file`},
	} {
		for _, scanner := range []string{"drift", "quality", "privacy"} {
			dir := t.TempDir()
			for file, content := range map[string]string{"a.csv": good, c.file: c.content} {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			live := modelvet.Table{Name: "live", Kind: "production", Path: c.file}
			if c.change != nil {
				c.change(&live)
			}
			ss, _ := scanners.Named([]string{scanner})
			_, err := scanners.Run(t.Context(), modelvet.Model{Dir: dir, System: modelvet.System{Tables: []modelvet.Table{{Name: "train", Kind: "training", Path: "a.csv", ID: "id"}, live}}}, ss)
			switch {
			case err == nil:
				t.Errorf("%s: %s took it", name, scanner)
			case !strings.Contains(err.Error(), c.want), strings.Contains(err.Error(), dir), strings.Contains(err.Error(), "\n"), strings.Contains(err.Error(), "secr"):
				t.Errorf("%s: %v; want %q, and no more of the table", name, err, c.want)
			default:
				t.Logf("%s: %v", name, err)
			}
		}
	}
}

// A column may be called anything.
func TestColumnsNamedLikeSQLAreNames(t *testing.T) {
	const evil = `x" FROM t; DROP TABLE t; --'`
	content := "id,\"x\"\" FROM t; DROP TABLE t; --'\",\"e'1\"\n"
	for i := range 30 {
		content += fmt.Sprintf("%d,%d.5,%d.25\n", i, i%9, i)
	}
	dir := t.TempDir()
	for _, file := range []string{"a.csv", "b.csv"} {
		if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	ss, _ := scanners.Named([]string{"drift", "quality", "privacy"})
	scans, err := scanners.Run(t.Context(), modelvet.Model{Dir: dir, System: modelvet.System{Tables: []modelvet.Table{
		{Name: "train", Kind: "training", Path: "a.csv", ID: "id", Quasi: []string{evil}, Embedding: []string{"e'1"}},
		{Name: "live", Kind: "production", Path: "b.csv", ID: "id", Embedding: []string{"e'1"}}}}}, ss)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scans {
		told := false
		for _, m := range s.Measurements {
			told = told || m.Slice["column"] == evil || s.Scanner == "privacy" && m.Metric == "privacy/k_anonymity"
		}
		if !told {
			t.Errorf("%s says nothing of the column: %+v", s.Scanner, s)
		}
	}
}
