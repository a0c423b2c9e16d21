// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelvet/modelvet/artifact"
)

// Straight into a registry gives the same artifact as by way of a layout, also
// where the connection is cut while it is hashed.
func TestPackToARegistry(t *testing.T) {
	files := with(big(t), "large.gguf", strings.Repeat("weights ", 400_000))
	dir := folder(t, files)
	_, want := packed(t, files)
	cuts := 0
	f, host := startFaulty(t, &faulty{})
	f.cut = func(r *http.Request) int64 {
		if r.Method == http.MethodPatch {
			if cuts++; cuts%3 == 1 {
				return 40_000
			}
		}
		return -1
	}
	opts := artifact.Options{PartSize: 1 << 20, Workers: 1}
	got, err := artifact.PackTo(t.Context(), dir, system, host+"/m:v1", opts)
	if err != nil || got.Digest != want.Digest {
		t.Fatalf("%s, want %s: %v", got.Digest, want.Digest, err)
	}
	if cuts < 3 {
		t.Errorf("%d parts", cuts)
	}
	if err := open(t, host+"/m:v1").Verify(t.Context()); err != nil {
		t.Error(err)
	}
	before := f.received
	if err := os.WriteFile(filepath.Join(dir, "README.md"), []byte("changed"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := artifact.PackTo(t.Context(), dir, system, host+"/m:v1", opts); err != nil {
		t.Fatal(err)
	}
	if n := f.received - before; n > 100_000 {
		t.Errorf("%d bytes were sent for one small file that changed", n)
	}
}

func TestPackToRefuses(t *testing.T) {
	dir := folder(t, credit)
	for _, ref := range []string{"oci:" + t.TempDir(), "registry.example/m@" + digest("x")} {
		_, err := artifact.PackTo(t.Context(), dir, system, ref, artifact.Options{})
		wantError(t, err, "registry reference with a tag")
	}
}
