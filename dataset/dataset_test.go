// SPDX-License-Identifier: Apache-2.0

package dataset_test

import (
	"crypto/sha256"
	"encoding/hex"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/dataset"
)

func write(t *testing.T, dir, name, content string) {
	t.Helper()
	p := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(p, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func open(t *testing.T, dir string, tab modelvet.Table) *dataset.Table {
	t.Helper()
	d, err := dataset.Open(t.Context(), dir, tab)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { d.Close() })
	return d
}

func one(t *testing.T, d *dataset.Table, q string, args ...any) string {
	t.Helper()
	rows, err := d.Query(t.Context(), q, args...)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var s string
	rows.Next()
	if err := rows.Scan(&s); err != nil {
		t.Fatal(err)
	}
	return s
}

func TestACSVTableAnswersAndNamesAreKeptAsWritten(t *testing.T) {
	dir := t.TempDir()
	content := "id,y,x,we\"\"ird\n"
	content = "id,y,x,\"we\"\"ird; DROP\"\n01,True,1.5,a\n1,False,2.5,b\n"
	write(t, dir, "d/a.csv", content)
	d := open(t, dir, modelvet.Table{Name: "p", Path: "d/a.csv", ID: "id", Label: "y"})
	if d.Rows() != 2 {
		t.Errorf("rows %d", d.Rows())
	}
	if got := one(t, d, `SELECT string_agg(y, ',' ORDER BY id) FROM t`); got != "True,False" {
		t.Errorf("label %s", got)
	}
	if got := one(t, d, `SELECT count(DISTINCT id)::VARCHAR FROM t`); got != "2" {
		t.Errorf("01 and 1 became one id")
	}
	if got := one(t, d, `SELECT max(`+dataset.Ident(`we"ird; DROP`)+`) FROM t`); got != "b" {
		t.Errorf("quoted column %s", got)
	}
	sum := sha256.Sum256([]byte(content))
	if d.Digest() != "sha256:"+hex.EncodeToString(sum[:]) {
		t.Errorf("digest %s", d.Digest())
	}
	if c, _ := d.Column("x"); c.Type != "DOUBLE" {
		t.Errorf("x is %s", c.Type)
	}
}

func TestBadTablesAreRefusedWithTheirPlace(t *testing.T) {
	var wide strings.Builder
	wide.WriteString("a,b,c\n")
	for range 30_000 {
		wide.WriteString("1,2,3\n")
	}
	wide.WriteString("1,2\n")
	outside := t.TempDir()
	write(t, outside, "secret.csv", "a,b\n1,2\n")
	for _, c := range []struct {
		name, file, content string
		table               modelvet.Table
		want                []string
	}{
		{"missing column", "a.csv", "lable,x\n1,2\n", modelvet.Table{Path: "a.csv", Label: "label"}, []string{"label", "a.csv", `did you mean "lable"`, "lable, x"}},
		{"case matters", "a.csv", "Label,x\n1,2\n", modelvet.Table{Path: "a.csv", Label: "label"}, []string{`did you mean "Label"`}},
		{"no file", "a.csv", "a\n1\n", modelvet.Table{Path: "b.csv"}, []string{"no file b.csv"}},
		{"glob of nothing", "a.csv", "a\n1\n", modelvet.Table{Path: "x/*.csv"}, []string{"matches no file"}},
		{"no path", "a.csv", "a\n1\n", modelvet.Table{}, []string{"no path"}},
		{"upwards", "a.csv", "a\n1\n", modelvet.Table{Path: "../a.csv"}, []string{"leaves the folder"}},
		{"absolute", "a.csv", "a\n1\n", modelvet.Table{Path: "/etc/passwd"}, []string{"leaves the folder"}},
		{"empty file", "a.csv", "", modelvet.Table{Path: "a.csv"}, []string{"a.csv is empty"}},
		{"header only", "a.csv", "a,b\n", modelvet.Table{Path: "a.csv"}, []string{"a.csv has no rows"}},
		{"ragged short", "a.csv", "a,b,c\n1,2,3\n1,2\n", modelvet.Table{Path: "a.csv"}, []string{"a.csv", "line 3"}},
		{"ragged long", "a.csv", "a,b,c\n1,2,3\n1,2,3,4\n", modelvet.Table{Path: "a.csv"}, []string{"a.csv", "line 3"}},
		{"ragged late", "a.csv", wide.String(), modelvet.Table{Path: "a.csv"}, []string{"a.csv", "line 30002"}},
		{"open quote", "a.csv", "a,b\n1,\"x\n2,y\n", modelvet.Table{Path: "a.csv"}, []string{"a.csv"}},
		{"not UTF-8", "a.csv", "a,b\n1,x\n2,\xff\xfe\n", modelvet.Table{Path: "a.csv"}, []string{"a.csv"}},
		{"twice the same", "a.csv", "a,A\n1,2\n", modelvet.Table{Path: "a.csv"}, []string{"line 1", "two columns"}},
		{"no name", "a.csv", "a,,b\n1,2,3\n", modelvet.Table{Path: "a.csv"}, []string{"column 2 has no name"}},
		{"unknown format", "a.xlsx", "PK", modelvet.Table{Path: "a.xlsx"}, []string{"no known format"}},
		{"parquet cut short", "a.parquet", "PAR1abcdefgh", modelvet.Table{Path: "a.parquet"}, []string{"a.parquet"}},
		{"broken JSON", "a.jsonl", "{\"a\": 1}\n{\"a\": \n", modelvet.Table{Path: "a.jsonl"}, []string{"a.jsonl"}},
		{"role in JSON", "a.jsonl", "{\"a\": 1}\n", modelvet.Table{Path: "a.jsonl", Score: "b"}, []string{"score", `"b"`}},
	} {
		t.Run(c.name, func(t *testing.T) {
			dir := t.TempDir()
			write(t, dir, c.file, c.content)
			c.table.Name = "predictions"
			d, err := dataset.Open(t.Context(), dir, c.table)
			if err == nil {
				d.Close()
				t.Fatal("was taken")
			}
			for _, w := range append(c.want, "predictions") {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q is missing in: %v", w, err)
				}
			}
			if strings.Contains(err.Error(), dir) || strings.Contains(err.Error(), "\n") {
				t.Errorf("not one clean line: %v", err)
			}
		})
	}
}

func TestLinksOutOfTheFolderAreRefused(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	write(t, outside, "secret.csv", "a,b\n1,2\n")
	write(t, dir, "real.csv", "a,b\n1,2\n")
	for _, l := range [][2]string{{filepath.Join(outside, "secret.csv"), "out.csv"}, {outside, "sub"}, {"real.csv", "in.csv"}} {
		if err := os.Symlink(l[0], filepath.Join(dir, l[1])); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range []string{"out.csv", "sub/secret.csv", "sub/*.csv", "*.csv"} {
		if d, err := dataset.Open(t.Context(), dir, modelvet.Table{Path: p}); err == nil {
			d.Close()
			t.Errorf("%s was taken", p)
		}
	}
	if d := open(t, dir, modelvet.Table{Path: "in.csv"}); d.Rows() != 1 {
		t.Errorf("a link inside the folder must work")
	}
}

func TestTheEngineReachesNothingElse(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.csv", "a,b\n1,2\n")
	write(t, dir, "b.csv", "a,b\n1,2\n")
	d := open(t, dir, modelvet.Table{Path: "a.csv"})
	for _, q := range []string{
		"SELECT * FROM read_csv('" + dir + "/b.csv')", "COPY t TO '" + dir + "/c.csv'", "ATTACH '" + dir + "/d.db'",
		"INSTALL httpfs", "LOAD httpfs", "SET enable_external_access=true", "SET threads=9",
	} {
		rows, err := d.Query(t.Context(), q)
		if err == nil {
			rows.Close()
			t.Errorf("%s was allowed", q)
		}
	}
}

func TestNamesWithGlobCharactersAreNames(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a[1]*'.csv", "a,b\n1,2\n")
	write(t, dir, "a1z'.csv", "a,b\n1,2\n3,4\n")
	if d := open(t, dir, modelvet.Table{Path: "a[1]*'.csv"}); d.Rows() != 1 {
		t.Errorf("read %d rows of another file", d.Rows())
	}
}

func TestManyFilesAreOneTable(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "p/2.csv", "a;b\n3;x,y\n")
	write(t, dir, "p/1.csv", "a;b\n1;z\n2;\n")
	d := open(t, dir, modelvet.Table{Path: "p/*.csv"})
	if d.Rows() != 3 || strings.Join(d.Files(), " ") != "p/1.csv p/2.csv" {
		t.Errorf("%d rows of %v", d.Rows(), d.Files())
	}
	if got := one(t, d, "SELECT count(*)::VARCHAR FROM t WHERE b IS NULL"); got != "1" {
		t.Errorf("an empty field is NULL; got %s", got)
	}
	write(t, dir, "p/3.csv", "b;a\n1;2\n")
	if _, err := dataset.Open(t.Context(), dir, modelvet.Table{Path: "p/*.csv"}); err == nil || !strings.Contains(err.Error(), "p/3.csv") {
		t.Errorf("files with other columns: %v", err)
	}
}

func TestJSONLinesAndText(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "a.jsonl", `{"y": 1.0, "b": true}`+"\n"+`{"y": 0.5, "b": false}`+"\n")
	d := open(t, dir, modelvet.Table{Path: "a.jsonl", Label: "y"})
	if got := one(t, d, "SELECT string_agg("+d.Text("y")+"||"+d.Text("b")+", ' ') FROM t"); got != "11 0.50" {
		t.Errorf("text %q", got)
	}
}

func FuzzOpen(f *testing.F) {
	f.Add("a,b\n1,2\n", "a", "b")
	f.Add("a;b\n\"1;2\n", `a"`, "")
	f.Add("\xef\xbb\xbfa\tb\r\n1\t2\r\n", "a", "\x00")
	f.Fuzz(func(t *testing.T, content, label, protected string) {
		dir := t.TempDir()
		write(t, dir, "a.csv", content)
		d, err := dataset.Open(t.Context(), dir, modelvet.Table{Path: "a.csv", Label: label, Protected: []string{protected}})
		if err != nil {
			return
		}
		defer d.Close()
		if d.Rows() < 1 || len(d.Columns()) < 1 {
			t.Errorf("an open table with %d rows, %d columns", d.Rows(), len(d.Columns()))
		}
	})
}

func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	var s strings.Builder
	s.WriteString("id,a,b,c,d\n")
	for i := range 1000 {
		s.WriteString(strings.Repeat("1", 1+i%5) + ",1.5,x,2,3\n")
	}
	if err := os.WriteFile(filepath.Join(dir, "a.csv"), []byte(s.String()), 0o600); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		d, err := dataset.Open(b.Context(), dir, modelvet.Table{Path: "a.csv", ID: "id"})
		if err != nil {
			b.Fatal(err)
		}
		d.Close()
	}
}

func openErr(t *testing.T, dir, name string) (*dataset.Table, error) {
	t.Helper()
	return dataset.Open(t.Context(), dir, modelvet.Table{Path: name})
}
