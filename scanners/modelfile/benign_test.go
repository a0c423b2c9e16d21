// SPDX-License-Identifier: Apache-2.0

package modelfile

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/modelvet/modelvet"
)

func scanDir(t *testing.T, dir string) modelvet.Scan {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	m := modelvet.Model{Dir: dir, FS: os.DirFS(dir)}
	for _, e := range entries {
		m.Files = append(m.Files, modelvet.File{Path: e.Name(), Kind: "weight"})
	}
	s, err := Scanner{}.Scan(context.Background(), m)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Files that the libraries write themselves never block, and are read to the
// end unless the format is one that the standard library cannot unpack.
func TestBenignFilesDoNotBlock(t *testing.T) {
	s := scanDir(t, filepath.Join("testdata", "benign"))
	for _, f := range s.Findings {
		if f.Severity == modelvet.SeverityBlock {
			t.Errorf("%s: %s %s", f.Path, f.ID, f.What)
		} else if f.ID != "pickle/format" {
			t.Logf("%s: %s %s", f.Path, f.ID, f.What)
		}
	}
	for _, g := range s.Coverage.Skipped {
		t.Logf("gap %s: %s", g.Path, g.Reason)
	}
}
