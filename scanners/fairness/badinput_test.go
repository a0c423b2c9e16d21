// SPDX-License-Identifier: Apache-2.0

package fairness_test

import (
	"database/sql"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
)

// parquet writes rows through the embedded engine.
func parquet(t *testing.T, path, query string) {
	t.Helper()
	db, err := sql.Open("duckdb", "")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec("COPY (" + query + ") TO '" + path + "' (FORMAT parquet)"); err != nil {
		t.Fatal(err)
	}
}

// wide is a CSV of 200 columns and many rows, with a line of ours at the end.
func wide(last string) string {
	var b strings.Builder
	b.WriteString("y,p,g")
	for i := range 197 {
		fmt.Fprintf(&b, ",c%d", i)
	}
	for i := range 3000 {
		fmt.Fprintf(&b, "\n%d,%d,%s%s", i%2, i/2%2, []string{"a", "b"}[i/4%2], strings.Repeat(",7", 197))
	}
	return b.String() + "\n" + last + "\n"
}

// A table that cannot be read to its end, or whose numbers would be a lie, is an
// error that names the file and, where there is one, the line and the column;
// there is never a partial answer.
func TestBadInputNamesItsPlace(t *testing.T) {
	tab := modelvet.Table{Path: "p.csv", Label: "y", Prediction: "p", Score: "s", Protected: []string{"g"}}
	plain := tab
	plain.Score = ""
	for _, c := range []struct {
		name, content string
		tab           modelvet.Table
		want          []string
	}{
		{"unknown column", "y,p,gender,s\n1,1,a,1\n", plain, []string{`protected names column "g"`, "The columns there are y, p, gender, s"}},
		{"wrong type", "y,p,g,s\n1,1,a,0.5\n0,0,b,high\n", tab, []string{`column "s"`, "line 3", "finite score"}},
		{"NaN score", "y,p,g,s\n1,1,a,0.5\n0,0,b,0.1\n0,1,b,NaN\n", tab, []string{`column "s"`, "1 rows", "line 4"}},
		{"infinite score", "y,p,g,s\n1,1,a,-inf\n0,0,b,0.1\n", tab, []string{`column "s"`, "line 2"}},
		{"huge score", "y,p,g,s\n1,1,a,1e300\n0,0,b,0.1\n", tab, []string{`column "s"`, "line 2"}},
		{"empty prediction", "y,p,g,s\n1,1,a,1\n0,,b,0.1\n", tab, []string{`column "p"`, "line 3"}},
		{"all-null label", "y,p,g,s\n,1,a,1\n,0,b,0.1\n", tab, []string{`column "y"`, "empty in every row"}},
		{"all-null attribute", "y,p,g,s\n1,1,,1\n0,0,,0.1\n", tab, []string{`column "g"`, "empty in every row"}},
		{"labels outside the set", "y,p,g,s\n1,1,a,1\n2,0,b,0.1\n0,0,a,0\n", tab, []string{"3 values (0, 1, 2)", "p and y"}},
		{"other encodings", "y,p,g,s\n1,1,m\xfcde,1\n0,0,b,0.1\n", tab, []string{"line 2"}},
		{"200 columns, a field short", wide("1,1,a" + strings.Repeat(",7", 196)), plain, []string{"line 3002"}},
		{"200 columns, a field long", wide("1,1,a" + strings.Repeat(",7", 198)), plain, []string{"line 3002"}},
		{"200 columns, an open quotation", wide(`1,1,a,"7` + strings.Repeat(",7", 196)), plain, []string{"line 3002"}},
		{"SQL in a name", "y,p,\"g\"\"; DROP TABLE t; --\",s\n1,1,a,1\n", tab, []string{`protected names column "g"`}},
	} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "p.csv"), []byte(c.content), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := scanTable(t, dir, c.tab, "binary-classification")
		if err == nil {
			t.Errorf("%s: was taken: %d measurements", c.name, len(s.Measurements))
			continue
		}
		for _, w := range append(c.want, "p.csv") {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %q is missing in: %v", c.name, w, err)
			}
		}
		if strings.Contains(err.Error(), dir) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: not one clean line: %v", c.name, err)
		}
	}
}

func TestAParquetFileCutShortIsNeverHalfAnAnswer(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "p.parquet")
	parquet(t, path, "SELECT i % 2 AS y, i // 3 % 2 AS p, CASE WHEN i % 5 = 0 THEN 'a' ELSE 'b' END AS g FROM range(50000) r(i)")
	tab := modelvet.Table{Path: "p.parquet", Label: "y", Prediction: "p", Protected: []string{"g"}}
	if _, err := scanTable(t, dir, tab, ""); err != nil {
		t.Fatal(err)
	}
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, n := range []int{1, 4, 12, len(whole) / 2, len(whole) - 1} {
		if err := os.WriteFile(path, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if s, err := scanTable(t, dir, tab, ""); err == nil || !strings.Contains(err.Error(), "p.parquet") {
			t.Errorf("cut to %d bytes: %d measurements, %v", n, len(s.Measurements), err)
		}
	}
}

func TestAColumnNamedLikeSQLIsAName(t *testing.T) {
	evil := `g"; DROP TABLE t; SELECT '`
	s := scanCSV(t, "y,p,\"g\"\"; DROP TABLE t; SELECT '\"\n1,1,a\n0,0,b\n", modelvet.Table{Label: "y", Prediction: "p", Protected: []string{evil}})
	find(t, s, "selection_rate", "attribute", evil, "group", "a")
}

func TestAGlobThatMatchesNothing(t *testing.T) {
	_, err := scanTable(t, t.TempDir(), modelvet.Table{Path: "x/*.parquet", Label: "y", Prediction: "p", Protected: []string{"g"}}, "")
	if err == nil || !strings.Contains(err.Error(), `"x/*.parquet" matches no file`) {
		t.Error(err)
	}
}

// Every format gives the same numbers.
func TestFormatsAgree(t *testing.T) {
	dir := t.TempDir()
	rs := rows(9, 500)
	var lines strings.Builder
	for _, r := range rs {
		sex := "null"
		if r.sex != "" {
			sex = `"` + r.sex + `"`
		}
		fmt.Fprintf(&lines, `{"y": %s, "p": %s, "sex": %s, "age": "%s", "w": %d}`+"\n", r.y, r.p, sex, r.age, r.w)
	}
	for name, content := range map[string]string{"p.csv": text(rs, false), "crlf.csv": strings.ReplaceAll(text(rs, false), "\n", "\r\n"), "p.jsonl": lines.String()} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	parquet(t, filepath.Join(dir, "p.parquet"), "SELECT * FROM read_csv('"+filepath.Join(dir, "p.csv")+"')")
	var want string
	for _, name := range []string{"p.csv", "crlf.csv", "p.jsonl", "p.parquet"} {
		for _, weight := range []string{"", "w"} {
			tab := roles
			tab.Path, tab.Weight = name, weight
			s, err := scanTable(t, dir, tab, "")
			if err != nil {
				t.Fatal(name, err)
			}
			got := fmt.Sprint(len(s.Measurements), find(t, s, "demographic_parity_difference", "attribute", "sex×age"), find(t, s, "theil_index").Value)
			if got = strings.Join(strings.Fields(got)[:3], " "); weight == "" {
				if want == "" {
					want = got
				}
				if got != want {
					t.Errorf("%s: %s, want %s", name, got, want)
				}
			}
		}
	}
}

// Line ends of either kind, and within quotation marks, over many of the
// engine's buffers: no row is lost. A file that mixes them is refused.
func TestNoRowIsLostBetweenBuffers(t *testing.T) {
	const n = 600_000
	for name, ends := range map[string][]string{"lf": {"\n"}, "crlf": {"\r\n"}, "mixed": {"\r\n", "\n"}} {
		dir := t.TempDir()
		var b strings.Builder
		b.WriteString("y,p,g,note" + ends[0])
		for i := range n {
			note := "plain text"
			if i%1000 == 0 {
				note = "\"two\r\nlines, quoted\""
			}
			b.WriteString([]string{"0,1,a,", "1,0,b,", "1,1,b,"}[i%3] + note + ends[i%len(ends)])
		}
		if err := os.WriteFile(filepath.Join(dir, "p.csv"), []byte(b.String()), 0o600); err != nil {
			t.Fatal(err)
		}
		s, err := scanTable(t, dir, modelvet.Table{Path: "p.csv", Label: "y", Prediction: "p", Protected: []string{"g"}}, "")
		if name == "mixed" && err != nil && strings.Contains(err.Error(), "p.csv") {
			continue
		}
		if err != nil {
			t.Fatal(name, err)
		}
		if m := find(t, s, "selection_rate"); m.N != n || m.Value != 2./3 {
			t.Errorf("%s: %+v", name, m)
		}
	}
}
