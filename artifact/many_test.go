// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/artifact"
)

// deep is a folder with a path of 966 bytes, so that some files make a manifest
// as large as ten times as many do in a model.
var deep = strings.Repeat(strings.Repeat("d", 240)+"/", 4) + "d"

// manyFiles is a model of n small files, of which the first can be run.
func manyFiles(t testing.TB, n int) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.MkdirAll(filepath.Join(dir, deep), 0o755); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		mode := os.FileMode(0o644)
		if i == 0 {
			mode = 0o755
		}
		if err := os.WriteFile(filepath.Join(dir, deep, fmt.Sprintf("expert-%05d.safetensors", i)), fmt.Appendf(nil, "file %d", i), mode); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

// A model of many files fits a manifest that every registry takes: what a
// reader can do without is left out, always the same, and is told.
func TestManyFilesFitAManifest(t *testing.T) {
	dir := manyFiles(t, 1_800)
	s := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0))))
	t.Cleanup(s.Close)
	ref := strings.TrimPrefix(s.URL, "http://") + "/m:v1"
	var first modelvet.Subject
	for i := range 2 {
		subject, err := artifact.PackTo(t.Context(), dir, modelvet.System{}, ref, artifact.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 && subject.Digest != first.Digest {
			t.Errorf("%s, then %s", first.Digest, subject.Digest)
		}
		first = subject
	}
	a := open(t, ref)
	if n := len(a.Manifest()); n > 4<<20 || n < 3<<20 {
		t.Errorf("the manifest has %d bytes", n)
	}
	if left := a.LeftOut(); left["org.cncf.model.file.metadata+json"] != 1_799 || len(left) > 1 {
		t.Errorf("left out: %v", left)
	}
	if left := open(t, "oci:"+first1(packed(t, credit))).LeftOut(); len(left) > 0 {
		t.Errorf("left out of a small model: %v", left)
	}
	out := t.TempDir()
	if err := a.Extract(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	if got := tree(t, out); len(got) != 1_800 || got[deep+"/expert-01799.safetensors"] != "file 1799" {
		t.Errorf("%d files came back", len(got))
	}
	if info, err := os.Stat(filepath.Join(out, deep, "expert-00000.safetensors")); err != nil || info.Mode()&0o111 == 0 {
		t.Errorf("the file that can be run: %v, %v", info.Mode(), err)
	}
}

func first1[A, B any](a A, _ B) A { return a }

// What no manifest can list is refused before a byte is copied, and the other
// layout holds it.
func TestTooManyFilesForAManifest(t *testing.T) {
	dir := manyFiles(t, 2_100)
	layout := filepath.Join(t.TempDir(), "l")
	_, err := artifact.Pack(t.Context(), dir, modelvet.System{}, layout, artifact.Options{})
	wantError(t, err, "2100 files", "4194304", "--as image")
	if _, err := os.Stat(layout); !os.IsNotExist(err) {
		t.Error("a layout was made")
	}
	subject, err := artifact.Pack(t.Context(), dir, modelvet.System{}, layout, artifact.Options{Layout: artifact.LayoutImage})
	if err != nil {
		t.Fatal(err)
	}
	a := open(t, "oci:"+layout)
	if err := a.Verify(t.Context()); err != nil || len(a.Subject().Files) != 2_100 || a.Subject().Digest != subject.Digest {
		t.Errorf("%v, %d files", err, len(a.Subject().Files))
	}
}
