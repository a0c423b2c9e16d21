// SPDX-License-Identifier: Apache-2.0

// Package peers lets the tests of the table scanners ask the field's own Python
// libraries, and reads from docs/tables.md how far the numbers may differ. It is
// for tests that are built with the tag interop, and must never be part of the
// program.
package peers

import (
	"encoding/json"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// Python is the interpreter with the peers. Without it the test fails, since it
// would otherwise check nothing.
func Python(t *testing.T, venv string) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	p := filepath.Join(cache, "modelvet", venv, "bin", "python")
	if _, err := os.Stat(p); err != nil {
		t.Fatalf("no peers: run scripts/interop-tables.sh (%v)", err)
	}
	return p
}

// Data is a file of real data.
func Data(t *testing.T, name string) string {
	t.Helper()
	p := filepath.Join(os.Getenv("MODELVET_DATA"), name)
	if _, err := os.Stat(p); err != nil {
		t.Fatalf("MODELVET_DATA names no folder with the data: run scripts/interop-tables.sh (%v)", err)
	}
	return p
}

// Ask runs a program that prints, as its last line, what each library says:
// {"library": {"metric|...": number}}.
func Ask(t *testing.T, venv, program string, args ...string) map[string]map[string]float64 {
	t.Helper()
	var out map[string]map[string]float64
	if err := json.Unmarshal(Run(t, venv, program, args...), &out); err != nil || len(out) == 0 {
		t.Fatalf("the peers' answer is no JSON: %v", err)
	}
	return out
}

// Run runs a program and returns the last line that it prints.
func Run(t *testing.T, venv, program string, args ...string) []byte {
	t.Helper()
	cmd := exec.Command(Python(t, venv), append([]string{"-W", "ignore", "-c", program}, args...)...)
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	text := strings.TrimSpace(string(out))
	return []byte(text[strings.LastIndex(text, "\n")+1:])
}

// Promise is one row of the table in docs/tables.md: how far a number of ours
// may be from that of a library.
type Promise struct {
	Metric, Library string
	Absolute        float64 // the largest difference allowed
	checked         int
}

// Promises are the rows of the table for one scanner.
type Promises []*Promise

// Read reads the rows whose metric begins with the scanner's name.
func Read(t *testing.T, document, scanner string) (out Promises) {
	t.Helper()
	text, err := os.ReadFile(document)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		cells := strings.Split(strings.Trim(strings.TrimSpace(line), "|"), "|")
		if len(cells) < 4 || !strings.HasPrefix(strings.TrimSpace(cells[0]), "`"+scanner+"/") {
			continue
		}
		tolerance, err := strconv.ParseFloat(strings.TrimSpace(cells[3]), 64)
		if err != nil {
			t.Fatalf("%s: %q: the tolerance is no number: %v", document, line, err)
		}
		metric := strings.TrimPrefix(strings.Trim(strings.TrimSpace(cells[0]), "`"), scanner+"/")
		out = append(out, &Promise{Metric: metric, Library: strings.TrimSpace(cells[1]), Absolute: tolerance})
	}
	if len(out) == 0 {
		t.Fatalf("%s promises nothing for %s", document, scanner)
	}
	return out
}

// Check compares a number with a library's, as the document promises; one that
// it does not promise is an error.
func (p Promises) Check(t *testing.T, metric, library, what string, ours, theirs float64) {
	t.Helper()
	for _, r := range p {
		if r.Metric == metric && r.Library == library {
			r.checked++
			if !(math.Abs(ours-theirs) <= r.Absolute) {
				t.Errorf("%s: ours is %.15g, that of %s %.15g; docs/tables.md promises %g", what, ours, library, theirs, r.Absolute)
			}
			return
		}
	}
	t.Errorf("docs/tables.md has no row for %s and %s", metric, library)
}

// Kept fails for every row that was never checked, and says how many numbers were.
func (p Promises) Kept(t *testing.T) {
	t.Helper()
	var all []string
	for _, r := range p {
		if r.checked == 0 {
			t.Errorf("docs/tables.md promises %s of %s, and nothing was compared", r.Metric, r.Library)
		}
		all = append(all, fmt.Sprintf("%s/%s %d", r.Library, r.Metric, r.checked))
	}
	t.Logf("numbers that agree: %s", strings.Join(all, ", "))
}
