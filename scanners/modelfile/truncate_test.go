// SPDX-License-Identifier: Apache-2.0

package modelfile

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
)

// A weight file that is cut anywhere is never silently clean: there is a gap
// or a finding that the whole file does not have.
func TestTruncationIsNeverSilent(t *testing.T) {
	dir := filepath.Join("testdata", "benign")
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		b := must(os.ReadFile(filepath.Join(dir, e.Name())))
		step := max(1, len(b)/40)
		for n := 0; n < len(b); n += step {
			if loud, _ := weight(t, e.Name(), b[:n]); !loud {
				t.Errorf("%s cut to %d of %d bytes is silently clean", e.Name(), n, len(b))
				break
			}
		}
	}
	for _, a := range pickleAttacks() {
		if a.name == "desync-six" || strings.HasPrefix(a.name, "after-") {
			continue // their first stream alone is a whole, harmless file
		}
		for n := 0; n < len(a.data); n += max(1, len(a.data)/12) {
			if loud, _ := weight(t, a.name, a.data[:n]); !loud {
				t.Errorf("%s cut to %d of %d bytes is silently clean", a.name, n, len(a.data))
				break
			}
		}
	}
}

// weight scans bytes as a weight file; loud says that something beside the
// note about the format was said.
func weight(t testing.TB, name string, b []byte) (loud, blocked bool) {
	t.Helper()
	dir := fakeFS{name: b}
	s, err := Scanner{}.Scan(context.Background(), modelvet.Model{FS: dir, Files: []modelvet.File{{Path: name, Kind: "weight"}}})
	if err != nil {
		t.Fatal(err)
	}
	loud = len(s.Coverage.Skipped) > 0
	for _, f := range s.Findings {
		loud = loud || f.ID != "pickle/format"
		blocked = blocked || f.Severity == block
	}
	return loud, blocked
}
