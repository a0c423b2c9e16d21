// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/modelvet/modelvet"
)

var update = flag.Bool("update", false, "write the golden files again")

// The files that are compared byte by byte; binary formats are only compared with themselves.
var goldens = map[string]string{
	"json": "decision.json", "text": "report.txt", "markdown": "summary.md", "html": "report.html",
	"sarif": "results.sarif", "junit": "junit.xml", "csv": "results.csv", "vex": "vex.json", "oscal": "assessment-results.json", "codequality": "gl-code-quality-report.json", "sast": "gl-sast-report.json", "model-card": "model-card.md", "annex-iv": "annex-iv.md",
}

func render(t testing.TB, name string, d modelvet.Decision) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Render(name, &b, d); err != nil {
		t.Fatalf("rendering %s: %v", name, err)
	}
	return b.Bytes()
}

func TestGolden(t *testing.T) {
	for format, file := range goldens {
		if Formats[format] == nil {
			continue
		}
		t.Run(format, func(t *testing.T) {
			got := render(t, format, fixture())
			path := filepath.Join("testdata", file)
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatalf("%v: run go test ./reports -update", err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s changed: run go test ./reports -update and look at the difference", path)
			}
		})
	}
}

func TestTheSameDecisionGivesTheSameBytes(t *testing.T) {
	for _, name := range Names() {
		if a, b := render(t, name, fixture()), render(t, name, fixture()); !bytes.Equal(a, b) {
			t.Errorf("%s: two renderings differ", name)
		}
	}
}

func TestUnknownFormatNamesTheFormats(t *testing.T) {
	err := Render("odt", &bytes.Buffer{}, fixture())
	if err == nil || !bytes.Contains([]byte(err.Error()), []byte("json, markdown")) && !bytes.Contains([]byte(err.Error()), []byte("json")) {
		t.Errorf("got %v, want the names of the formats", err)
	}
}
