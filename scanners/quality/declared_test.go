// SPDX-License-Identifier: Apache-2.0

package quality

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
)

// The files in testdata were written by mlcroissant 1.1.1 and by Great
// Expectations 1.24.1 about rows.csv; the interop suite makes them anew.
func read(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func held(t *testing.T, kind string, document []byte, more ...modelvet.Document) (modelvet.Scan, error) {
	t.Helper()
	dir := t.TempDir()
	for name, data := range map[string][]byte{"cr.csv": read(t, "rows.csv"), "d.json": document} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return Scanner{}.Scan(t.Context(), modelvet.Model{Dir: dir, System: modelvet.System{
		Tables:    []modelvet.Table{{Name: "rows", Kind: "training", Path: "cr.csv", ID: "id", Label: "y"}},
		Documents: append([]modelvet.Document{{Kind: kind, Path: "d.json"}}, more...)}})
}

func told(s modelvet.Scan, id string) (out []string) {
	for _, f := range s.Findings {
		if f.ID == "quality/"+id {
			out = append(out, f.What)
		}
	}
	return out
}

func TestWhatIsDeclaredAndTrueIsNoDisagreement(t *testing.T) {
	for kind, c := range map[string]struct{ file, sum string }{
		kindCroissant:    {"croissant-1.0.json", "declared by Croissant: 5 statements, 5 compared with what is there, 0 differ"},
		kindExpectations: {"expectations-1.json", "declared by Great Expectations 1.24.1: 11 statements, "},
	} {
		s, err := held(t, kind, read(t, c.file))
		if err != nil {
			t.Fatal(err)
		}
		if d := told(s, "declared-disagrees"); len(d) > 0 {
			t.Errorf("%s: %q", kind, d)
		}
		if d := told(s, "declared"); len(d) != 1 || !strings.Contains(d[0], c.sum) || !strings.Contains(d[0], "0 differ") {
			t.Errorf("%s: %q", kind, d)
		}
		for _, m := range s.Measurements {
			if strings.Contains(m.Method, "declared") {
				t.Errorf("a declared number became a measurement: %+v", m)
			}
		}
		if data, err := json.Marshal(s); err != nil || bytes.Contains(data, []byte("0.9,9.0")) {
			t.Errorf("%v", err)
		}
	}
	s, err := held(t, kindExpectations, read(t, "expectations-1.json"))
	if d := told(s, "declared-failed"); err != nil || len(d) != 1 || !strings.Contains(d[0], "expect_column_values_to_be_between") {
		t.Errorf("what did not hold there: %q %v", d, err)
	}
}

func TestWhatIsDeclaredAndFalseIsFound(t *testing.T) {
	for _, c := range []struct{ kind, file, old, new, want string }{
		{kindCroissant, "croissant-1.0.json", `"sha256": "`, `"sha256": "00`, "sha256 of cr.csv is declared"},
		{kindCroissant, "croissant-1.0.json", `"column": "x"`, `"column": "z"`, `column "z" is declared and not there`},
		{kindCroissant, "croissant-1.0.json", `"column": "x"`, `"column": "z"`, `column "x" is there and not declared`},
		{kindCroissant, "croissant-1.0.json", `sc:Text`, `sc:Float`, `column "name" is declared as number and is VARCHAR`},
		{kindExpectations, "expectations-1.json", `"observed_value": 10}`, `"observed_value": 11}`, "the number of rows is declared as 11; measured are 10"},
		{kindExpectations, "expectations-1.json", `"element_count": 10, "unexpected_count": 1`, `"element_count": 10, "unexpected_count": 0`, `missing values of column "x" is declared as 0; measured are 1`},
		{kindExpectations, "expectations-1.json", `5.0555`, `5.1555`, `expect_column_mean_to_be_between of column "x"`},
		{kindExpectations, "expectations-1.json", `"observed_value": "float64"`, `"observed_value": "object"`, `column "x" is declared as object`},
		{kindExpectations, "expectations-1.json", `"evaluated_expectations": 11`, `"evaluated_expectations": 12`, "its statistics say 12 expectations, and it holds 11"},
		{kindExpectations, "expectations-1.json", `"observed_value": ["id", "name", "x", "y"]`, `"observed_value": ["id", "name", "x"]`, "the columns are declared as id, name, x;"},
	} {
		before := read(t, c.file)
		after := bytes.Replace(before, []byte(c.old), []byte(c.new), 1)
		if bytes.Equal(before, after) {
			t.Fatalf("%s is not in %s", c.old, c.file)
		}
		s, err := held(t, c.kind, after)
		if err != nil {
			t.Fatal(err)
		}
		if d := strings.Join(told(s, "declared-disagrees"), "; "); !strings.Contains(d, c.want) {
			t.Errorf("%s: %q; want %q", c.new, d, c.want)
		}
	}
}

func TestDocumentsThatCannotBeReadAreErrors(t *testing.T) {
	for _, c := range []struct{ kind, content, want string }{
		{kindCroissant, `{`, "no JSON"},
		{kindCroissant, `[]`, "describes no Dataset"},
		{kindCroissant, `{"@type": "sc:Dataset"}`, "conformsTo"},
		{kindCroissant, `{"@type": "sc:Dataset", "conformsTo": "http://mlcommons.org/croissant/9.0"}`, "9.0"},
		{kindExpectations, `{"success": true}`, "no validation result"},
		{kindExpectations, `{"success": true, "results": [{"success": true}]}`, "results[0]"},
		{kindExpectations, `{"success": true, "results": [NaN]}`, "NaN"},
		{kindExpectations, `{"success": true, "results": [{"success": "yes"}]}`, "no validation result"},
		{kindExpectations, strings.Repeat("[", 100_000), "no JSON"},
	} {
		_, err := held(t, c.kind, []byte(c.content))
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "d.json") {
			t.Errorf("%.40s: %v; want %q", c.content, err, c.want)
		}
	}
	for _, d := range []modelvet.Document{{Kind: kindCroissant, Path: "nowhere.json"}, {Kind: kindCroissant, Path: "../d.json"}, {Kind: kindExpectations, Path: "d.json", Table: "nothing"}} {
		if _, err := held(t, kindExpectations, read(t, "expectations-1.json"), d); err == nil || !strings.Contains(err.Error(), d.Path) {
			t.Errorf("%+v: %v", d, err)
		}
	}
	s, err := held(t, kindCroissant, []byte(`{"@type": "sc:Dataset", "conformsTo": "http://mlcommons.org/croissant/1.0"}`))
	if err != nil || len(s.Coverage.Skipped) != 1 {
		t.Errorf("a description of no table of ours: %+v %v", s.Coverage, err)
	}
}

// JSON-LD says the same in many ways.
func TestCroissantInOtherWords(t *testing.T) {
	c, err := readCroissant([]byte(`{"@type": ["https://schema.org/Dataset"], "dct:conformsTo": ["http://mlcommons.org/croissant/1.0", {"@id": "http://mlcommons.org/croissant/1.1"}],
		"distribution": {"@type": "cr:FileObject", "@id": "f", "contentUrl": "data/a.csv", "sha256": "AB"},
		"http://mlcommons.org/croissant/recordSet": {"cr:field": [{"dataType": ["sc:Integer", "wd:Q1"], "source": {"fileObject": "f", "extract": {"column": "n"}}},
			{"dataType": "cr:Int64", "source": {"fileObject": {"@id": "f"}, "extract": {"column": "m"}}}, {"source": 7}, null]}}`))
	if err != nil {
		t.Fatal(err)
	}
	f, ok := c.about("elsewhere/a.csv", "")
	if !ok || f.columns["n"] != number || f.columns["m"] != number || len(f.columns) != 2 {
		t.Errorf("%+v", c)
	}
	if _, ok := c.about("b.csv", "sha256:ab"); !ok {
		t.Error("a file is not found by its digest")
	}
}

func TestOlderResultsAndCheckpoints(t *testing.T) {
	one := `{"success": true, "results": [{"success": true, "expectation_config": {"expectation_type": "expect_table_row_count_to_equal", "kwargs": {"value": 3}}, "result": {"observed_value": 3}}],
		"statistics": {"evaluated_expectations": 1}, "meta": {"great_expectations_version": "0.18.1"}}`
	for _, text := range []string{one, `{"run_results": {"a": {"validation_result": ` + one + `}}}`, `{"run_results": {"a": ` + one + `}}`} {
		e, err := readExpectations([]byte(text))
		if err != nil || e.version != "0.18.1" || len(e.results) != 1 || *e.results[0].observed != 3 {
			t.Errorf("%+v %v", e, err)
		}
	}
}

func FuzzDeclared(f *testing.F) {
	f.Add(read(f, "croissant-1.0.json"))
	f.Add(read(f, "expectations-1.json"))
	f.Add([]byte(`{"run_results": {"a": {}}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		if c, err := readCroissant(data); err == nil {
			c.about("a", "sha256:b")
		}
		if e, err := readExpectations(data); err == nil {
			for _, r := range e.results {
				if r.kind == "" {
					t.Error("a result of no expectation")
				}
			}
		}
	})
}
