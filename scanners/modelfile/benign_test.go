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

// unreadable are the fixtures that nobody unpacks here, and why.
var unreadable = map[string]string{
	"logistic.joblib.lz4": "lz4", "logistic.joblib.lzma": "lzma", "logistic.joblib.xz": "xz", "weights.h5": "HDF5",
}

// Files that the libraries write themselves never block, say nothing but what
// their format is, and are read to the end unless the format is one of those
// that cannot be read here: then that is said.
func TestBenignFilesDoNotBlock(t *testing.T) {
	s := scanDir(t, filepath.Join("testdata", "benign"))
	for _, f := range s.Findings {
		switch f.ID {
		case "pickle/format", "npy/object-array", "modelfile/unsupported-format":
			if f.Severity == warn {
				continue
			}
		}
		t.Errorf("%s: %s %s %s", f.Path, f.Severity, f.ID, f.What)
	}
	for _, g := range s.Coverage.Skipped {
		if why := unreadable[g.Path]; why == "" || !strings.Contains(g.Reason, why) {
			t.Errorf("%s is skipped: %s", g.Path, g.Reason)
		}
	}
	if n := len(s.Coverage.Read) + len(unreadable); n != int(s.Measurements[0].Value) {
		t.Errorf("%d files read or known to be unreadable of %v", n, s.Measurements[0].Value)
	}
}
