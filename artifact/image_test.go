// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"archive/tar"
	"bytes"
	"encoding/json"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/artifact"
)

func packedImage(t testing.TB, files map[string]string) (string, modelvet.Subject) {
	t.Helper()
	layout := filepath.Join(t.TempDir(), "image")
	s, err := artifact.Pack(t.Context(), folder(t, files), system, layout, artifact.Options{Layout: artifact.LayoutImage})
	if err != nil {
		t.Fatal(err)
	}
	return layout, s
}

// Both layouts are the same files with the same digests: what was signed about
// the files holds for both.
func TestImageHoldsTheSameFiles(t *testing.T) {
	files := with(credit, "m.gguf", strings.Repeat("w", 17<<20))
	raw, artifactSubject := packed(t, files)
	layout, subject := packedImage(t, files)
	again, same := packedImage(t, files)
	if !slices.Equal(subject.Files, artifactSubject.Files) {
		t.Errorf("image: %+v\nartifact: %+v", subject.Files, artifactSubject.Files)
	}
	if subject.Digest != same.Digest || subject.Digest == artifactSubject.Digest {
		t.Errorf("%s, again %s", subject.Digest, same.Digest)
	}
	if !maps.Equal(tree(t, layout), tree(t, again)) {
		t.Error("the same folder gave other bytes")
	}
	host := serve(t, true, nil)
	copied(t, "oci:"+layout, host+"/m:image")
	for _, ref := range []string{"oci:" + layout, host + "/m:image"} {
		a := open(t, ref)
		if err := a.Verify(t.Context()); err != nil {
			t.Error(err)
		}
		if !slices.Equal(a.Subject().Files, subject.Files) || a.Subject().Name != subject.Name {
			t.Errorf("%s: %+v", ref, a.Subject())
		}
		out := t.TempDir()
		if err := a.Extract(t.Context(), out); err != nil || !maps.Equal(tree(t, out), files) {
			t.Errorf("%s: extracting: %v", ref, err)
		}
		if b, err := a.ReadFile(t.Context(), "train.py", 1<<20); err != nil || string(b) != files["train.py"] {
			t.Errorf("%s: %q, %v", ref, b, err)
		}
		x, err := a.Inspect(t.Context())
		y, err2 := open(t, "oci:"+raw).Inspect(t.Context())
		if err != nil || err2 != nil || len(x.Weights) != len(y.Weights) || x.Config.Config.Format != y.Config.Config.Format {
			t.Errorf("%s: %+v, %v", ref, x, err)
		}
	}
}

// A container runtime wants standard layers, a diff id for each, and finds the
// files below /models/.
func TestImageIsWhatARuntimeMounts(t *testing.T) {
	layout, _ := packedImage(t, with(credit, "m.gguf", strings.Repeat("w", 17<<20)))
	var m struct {
		ArtifactType string
		Config       struct{ MediaType, Digest string }
		Layers       []struct{ MediaType, Digest string }
	}
	if err := json.Unmarshal(open(t, "oci:"+layout).Manifest(), &m); err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(blobPath(layout, m.Config.Digest))
	if err != nil {
		t.Fatal(err)
	}
	var c struct {
		OS, Architecture string
		RootFS           struct {
			Type    string
			DiffIDs []string `json:"diff_ids"`
		}
	}
	if err := json.Unmarshal(b, &c); err != nil {
		t.Fatal(err)
	}
	if m.Config.MediaType != "application/vnd.oci.image.config.v1+json" || c.OS != "linux" || c.Architecture == "" || c.RootFS.Type != "layers" || len(m.Layers) != 2 || m.ArtifactType != "" {
		t.Errorf("%+v %+v", m, c)
	}
	found := map[string]string{}
	for i, l := range m.Layers {
		if l.MediaType != "application/vnd.oci.image.layer.v1.tar" || c.RootFS.DiffIDs[i] != l.Digest {
			t.Errorf("layer %d: %+v, %s", i, l, c.RootFS.DiffIDs[i])
		}
		maps.Copy(found, untarred(t, blobPath(layout, l.Digest)))
	}
	if found["models/train.py"] != credit["train.py"] || found["models/"] != "folder" || len(found["models/m.gguf"]) != 17<<20 {
		t.Errorf("%v", slices.Sorted(maps.Keys(found)))
	}
}

func untarred(t *testing.T, name string) map[string]string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	found := map[string]string{}
	for r := tar.NewReader(f); ; {
		h, err := r.Next()
		if err == io.EOF {
			return found
		}
		if err != nil {
			t.Fatal(err)
		}
		if h.Uid != 0 || h.ModTime.Unix() != 0 {
			t.Errorf("%s has owner %d and time %s", h.Name, h.Uid, h.ModTime)
		}
		found[h.Name] = "folder"
		if h.Typeflag == tar.TypeReg {
			b, _ := io.ReadAll(r)
			found[h.Name] = string(b)
		}
	}
}

// remade replaces the layer and the table of an image, all digests in order.
func remade(t *testing.T, layout string, change func(archive []byte, config map[string]any) []byte) {
	t.Helper()
	var m map[string]any
	if err := json.Unmarshal(open(t, "oci:"+layout).Manifest(), &m); err != nil {
		t.Fatal(err)
	}
	config, layer := m["config"].(map[string]any), m["layers"].([]any)[0].(map[string]any)
	raw, _ := os.ReadFile(blobPath(layout, config["digest"].(string)))
	archive, _ := os.ReadFile(blobPath(layout, layer["digest"].(string)))
	var c map[string]any
	if err := json.Unmarshal(raw, &c); err != nil {
		t.Fatal(err)
	}
	archive = change(archive, c)
	layer["digest"], layer["size"] = digest(string(archive)), len(archive)
	write(t, blobPath(layout, digest(string(archive))), string(archive))
	c["rootfs"].(map[string]any)["diff_ids"] = []any{layer["digest"]}
	b, _ := json.Marshal(c)
	config["digest"], config["size"] = digest(string(b)), len(b)
	write(t, blobPath(layout, digest(string(b))), string(b))
	text, _ := json.Marshal(m)
	crafted(t, layout, string(text), "evil")
}

// An image whose table says other things than its archive holds.
func TestHostileImages(t *testing.T) {
	table := func(c map[string]any) []any { return c["io.github.modelvet.model"].(map[string]any)["files"].([]any) }
	for name, c := range map[string]struct {
		change func([]byte, map[string]any) []byte
		want   string
	}{
		"other content": {func(a []byte, _ map[string]any) []byte {
			return bytes.Replace(a, []byte(credit["train.py"]), bytes.Repeat([]byte("x"), len(credit["train.py"])), 1)
		}, "train.py"},
		"another file": {func(a []byte, _ map[string]any) []byte { return appended(t, a, "models/extra.pkl", tar.TypeReg) }, "extra.pkl"},
		"outside":      {func(a []byte, _ map[string]any) []byte { return appended(t, a, "etc/passwd", tar.TypeReg) }, "etc/passwd"},
		"a link":       {func(a []byte, _ map[string]any) []byte { return appended(t, a, "models/l", tar.TypeSymlink) }, "models/l"},
		"a whiteout":   {func(a []byte, _ map[string]any) []byte { return appended(t, a, "models/.wh.train.py", tar.TypeReg) }, ".wh."},
		"twice":        {func(a []byte, _ map[string]any) []byte { return appended(t, a, "models/train.py", tar.TypeReg) }, "train.py"},
		"not listed": {func(a []byte, c map[string]any) []byte {
			m := c["io.github.modelvet.model"].(map[string]any)
			m["files"] = table(c)[1:]
			return a
		}, "does not list"},
		"beyond the end": {func(a []byte, c map[string]any) []byte { table(c)[0].(map[string]any)["offset"] = 1 << 40; return a }, "are not in layer"},
		"no such layer":  {func(a []byte, c map[string]any) []byte { table(c)[0].(map[string]any)["layer"] = 7; return a }, "layer is 7"},
		"leaves":         {func(a []byte, c map[string]any) []byte { table(c)[0].(map[string]any)["path"] = "../x"; return a }, "../x"},
		"no table":       {func(a []byte, c map[string]any) []byte { delete(c, "io.github.modelvet.model"); return a }, "image of something else"},
	} {
		t.Run(name, func(t *testing.T) {
			layout, _ := packedImage(t, credit)
			remade(t, layout, c.change)
			a, err := artifact.Open(t.Context(), "oci:"+layout+":evil", artifact.Options{})
			if err == nil {
				defer a.Close()
				err = a.Verify(t.Context())
			}
			wantError(t, err, c.want)
		})
	}
}

// appended puts one more entry behind those of an archive.
func appended(t *testing.T, a []byte, name string, kind byte) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: name, Typeflag: kind, Linkname: "/etc", Mode: 0o644}); err != nil {
		t.Fatal(err)
	}
	w.Close()
	return append(bytes.TrimSuffix(a, make([]byte, 1024)), b.Bytes()...)
}
