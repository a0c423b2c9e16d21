// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/modelvet/modelvet/artifact"
)

// foreign is a layer of another tool.
type foreign struct {
	mediaType, content string
	notes              map[string]string
}

// theirs builds a layout that another tool could have written, and returns it.
func theirs(t testing.TB, artifactType, configType, config string, layers ...foreign) string {
	t.Helper()
	layout := t.TempDir()
	descriptor := func(f foreign) map[string]any {
		write(t, blobPath(layout, digest(f.content)), f.content)
		return map[string]any{"mediaType": f.mediaType, "digest": digest(f.content), "size": len(f.content), "annotations": f.notes}
	}
	m := map[string]any{"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json", "config": descriptor(foreign{configType, config, nil})}
	if artifactType != "" {
		m["artifactType"] = artifactType
	}
	var all []any
	for _, l := range layers {
		all = append(all, descriptor(l))
	}
	m["layers"] = all
	raw, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(layout, "oci-layout"), `{"imageLayoutVersion":"1.0.0"}`)
	write(t, filepath.Join(layout, "index.json"), `{"schemaVersion":2,"manifests":[]}`)
	crafted(t, layout, string(raw), "v1")
	return layout
}

// archive is a tar file of name, content, name, content ...
func archive(t testing.TB, compress bool, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for i := 0; i < len(files); i += 2 {
		h := &tar.Header{Name: files[i], Mode: 0o644, Size: int64(len(files[i+1])), Typeflag: tar.TypeReg}
		if target, ok := strings.CutPrefix(files[i+1], "-> "); ok {
			h.Typeflag, h.Size, h.Linkname, files[i+1] = tar.TypeSymlink, 0, target, ""
		}
		if err := w.WriteHeader(h); err != nil {
			t.Fatal(err)
		}
		w.Write([]byte(files[i+1]))
	}
	w.Close()
	if compress {
		return zip(t, b.String())
	}
	return b.String()
}

func zip(t testing.TB, content string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(content)); err != nil {
		t.Fatal(err)
	}
	w.Close()
	return b.String()
}

func zstandard(t testing.TB, content string, opts ...zstd.EOption) string {
	t.Helper()
	w, err := zstd.NewWriter(nil, opts...)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	return string(w.EncodeAll([]byte(content), nil))
}

const (
	cnai   = "application/vnd.cnai.model."
	kit    = "application/vnd.kitops.modelkit."
	docker = "application/vnd.docker.ai."
)

func TestModelsOfOtherTools(t *testing.T) {
	for name, c := range map[string]struct {
		layout, model, format, kinds string
		want                         map[string]string
	}{
		"ModelPack of 2025": {
			layout: theirs(t, cnai+"manifest.v1+json", cnai+"config.v1+json", `{"descriptor":{"name":"old"},"config":{"format":"gguf"},"modelfs":{"type":"layers","diffIds":["sha256:00"]}}`,
				foreign{cnai + "weight.v1.raw", "weights", map[string]string{"org.cnai.model.filepath": "sub/m.gguf"}},
				foreign{cnai + "doc.v1.tar", archive(t, false, "docs/README.md", "# Old"), map[string]string{"org.cnai.model.filepath": "docs/README.md"}},
				foreign{cnai + "code.v1.tar+zstd", zstandard(t, archive(t, false, "train.py", "print(1)")), nil}),
			model: "old", format: "gguf", kinds: "sub/m.gguf=weight docs/README.md.tar=doc code.tar.zst=code",
			want: map[string]string{"sub/m.gguf": "weights", "docs/README.md": "# Old", "train.py": "print(1)"},
		},
		"ModelKit": {
			layout: theirs(t, "", kit+"config.v1+json", `{"manifestVersion":"1.0.0","package":{"name":"kit","version":"2"},"model":{"path":"m.onnx","framework":"onnx"}}`,
				foreign{kit + "model.v1.tar", archive(t, false, "m.onnx", "weights"), nil},
				foreign{kit + "docs.v1.tar+gzip", archive(t, true, "README.md", "# Kit"), nil},
				foreign{kit + "docs.v1.tar+gzip", archive(t, true, "LICENSE", "MIT"), nil}),
			model: "kit", format: "onnx", kinds: "model.tar=weight docs.tar.gz=doc docs-2.tar.gz=doc",
			want: map[string]string{"m.onnx": "weights", "README.md": "# Kit", "LICENSE": "MIT"},
		},
		"Docker model": {
			layout: theirs(t, "", docker+"model.config.v0.1+json", `{"config":{"format":"gguf","quantization":"Q4_K_M","parameters":"8B","architecture":"llama","size":"4 GB"},"descriptor":{"created":"2025-01-01T00:00:00Z"},"rootfs":{"type":"rootfs","diff_ids":["sha256:00"]}}`,
				foreign{docker + "gguf.v3", "weights", nil}, foreign{docker + "license", "MIT", nil},
				foreign{docker + "model.file", "{}", map[string]string{"org.cncf.model.filepath": "sub/config.json"}},
				foreign{docker + "dir.tar", archive(t, false, "tokenizer/t.json", "{}"), nil}),
			format: "gguf", kinds: "model.gguf=weight LICENSE=doc sub/config.json=config dir.tar=config",
			want: map[string]string{"model.gguf": "weights", "LICENSE": "MIT", "sub/config.json": "{}", "tokenizer/t.json": "{}"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			a := open(t, "oci:"+c.layout+":v1")
			if err := a.Verify(t.Context()); err != nil {
				t.Error(err)
			}
			if c.model != "" && a.Subject().Name != c.model || a.Config().Config.Format != c.format {
				t.Errorf("%s, %+v", a.Subject().Name, a.Config())
			}
			var kinds []string
			for _, f := range a.Subject().Files {
				kinds = append(kinds, f.Path+"="+f.Kind)
			}
			if got := strings.Join(kinds, " "); got != c.kinds {
				t.Errorf("got  %s\nwant %s", got, c.kinds)
			}
			out := t.TempDir()
			if err := a.Extract(t.Context(), out); err != nil {
				t.Fatal(err)
			}
			if got := tree(t, out); !maps.Equal(got, c.want) {
				t.Errorf("extracted %v", got)
			}
		})
	}
}

func TestHostileArchives(t *testing.T) {
	for name, c := range map[string]struct{ kind, content, want string }{
		"leaves the folder":     {"tar", archive(t, false, "../evil", "x"), "../evil"},
		"an absolute path":      {"tar", archive(t, false, "/evil", "x"), "/evil"},
		"a link":                {"tar", archive(t, false, "link", "-> /etc"), "link"},
		"one file twice":        {"tar", archive(t, false, "a", "1", "a", "2"), "exist"},
		"a file over a folder":  {"tar", archive(t, false, "a/b", "1", "a", "2"), "exist"},
		"cut off":               {"tar", archive(t, false, "a", strings.Repeat("x", 5000))[:3000], "unexpected EOF"},
		"no archive at all":     {"tar", strings.Repeat("x", 2000), "archive"},
		"not compressed at all": {"tar+gzip", "xxxx", "EOF"},
		"a bomb":                {"tar+gzip", archive(t, true, "zeros", strings.Repeat("\x00", 80<<20)), "bomb"},
		"a bomb in no file":     {"tar+gzip", zip(t, strings.Repeat("\x00", 80<<20)), ""},
		"no zstd":               {"tar+zstd", "xxxx", "magic"},
		"a bomb in zstd":        {"tar+zstd", zstandard(t, archive(t, false, "zeros", strings.Repeat("\x00", 80<<20))), "bomb"},
		"a window beyond bound": {"tar+zstd", zstandard(t, archive(t, false, "a", strings.Repeat("0123456789abcdef", 4<<20)), zstd.WithWindowSize(32<<20)), "window"},
	} {
		t.Run(name, func(t *testing.T) {
			layout := theirs(t, cnai+"manifest.v1+json", cnai+"config.v1+json", `{}`,
				foreign{cnai + "weight.v1." + c.kind, c.content, map[string]string{"org.cnai.model.filepath": "w"}})
			out := filepath.Join(t.TempDir(), "out")
			err := open(t, "oci:"+layout+":v1").Extract(t.Context(), out)
			if c.want != "" {
				wantError(t, err, c.want)
			}
			parent, _ := os.ReadDir(filepath.Dir(out))
			if len(parent) != 1 {
				t.Errorf("wrote outside: %v", parent)
			}
			for p := range tree(t, out) {
				if strings.Contains(p, "partial") || p == "zeros" {
					t.Errorf("%s was left", p)
				}
			}
		})
	}
}

func TestChangedArchiveIsNotUnpacked(t *testing.T) {
	content := archive(t, false, "a", "1")
	layout := theirs(t, cnai+"manifest.v1+json", cnai+"config.v1+json", `{}`,
		foreign{cnai + "weight.v1.tar", content, map[string]string{"org.cnai.model.filepath": "w"}})
	flip(t, blobPath(layout, digest(content)), 512)
	out := t.TempDir()
	wantError(t, open(t, "oci:"+layout+":v1").Extract(t.Context(), out), "does not match")
	if got := tree(t, out); len(got) != 0 {
		t.Errorf("unpacked %v", got)
	}
}

func TestWhatIsNoModel(t *testing.T) {
	layout := theirs(t, "", "application/vnd.oci.image.config.v1+json", `{}`, foreign{"application/vnd.oci.image.layer.v1.tar", "x", nil})
	_, err := artifact.Open(t.Context(), "oci:"+layout+":v1", artifact.Options{})
	wantError(t, err, "not a model artifact", fmt.Sprintf("%q", "application/vnd.oci.image.config.v1+json"))
}
