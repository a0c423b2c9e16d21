// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/artifact"
	"github.com/santhosh-tekuri/jsonschema/v5"
)

// The manifest is the profile that modctl, oras and Docker Model Runner pull.
func TestManifestIsThatOfTheProfile(t *testing.T) {
	layout, s := packed(t, map[string]string{"sub/m.onnx": "weights", "modelvet.yaml": "", "model/model.json": ""})
	want := `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",` +
		`"config":{"mediaType":"application/vnd.cncf.model.config.v1+json","size":421,"digest":"` + configDigest(t, layout) + `"},"layers":[` +
		wantLayer("weight", "model/model.json", "model.json", "") + "," +
		wantLayer("weight.config", "modelvet.yaml", "modelvet.yaml", "") + "," +
		wantLayer("weight", "sub/m.onnx", "m.onnx", "weights") + `],` +
		`"annotations":{"org.opencontainers.image.licenses":"Apache-2.0","org.opencontainers.image.title":"credit",` +
		`"org.opencontainers.image.vendor":"Example Bank","org.opencontainers.image.version":"1.0.0"},` +
		`"artifactType":"application/vnd.cncf.model.manifest.v1+json"}`
	got := string(open(t, "oci:"+layout).Manifest())
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if s.Digest != digest(want) {
		t.Errorf("digest %s", s.Digest)
	}
}

func wantLayer(kind, path, base, content string) string {
	return fmt.Sprintf(`{"mediaType":"application/vnd.cncf.model.%s.v1.raw","size":%d,"digest":%q,"annotations":{`+
		`"org.cncf.model.file.mediatype.untested":"false",`+
		`"org.cncf.model.file.metadata+json":"{\"name\":\"%s\",\"mode\":420,\"uid\":0,\"gid\":0,\"size\":%d,\"typeflag\":48}",`+
		`"org.cncf.model.filepath":%q,"org.opencontainers.image.title":%q}}`, kind, len(content), digest(content), base, len(content), path, path)
}

func configDigest(t testing.TB, layout string) string {
	t.Helper()
	var m struct{ Config struct{ Digest string } }
	if err := json.Unmarshal(open(t, "oci:"+layout).Manifest(), &m); err != nil {
		t.Fatal(err)
	}
	return m.Config.Digest
}

func TestConfigurationMeetsThePublishedSchema(t *testing.T) {
	const published = "../../shared/fixtures/schemas/modelpack-config-schema.json"
	if _, err := os.Stat(published); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal(err)
		}
		t.Skipf("the published schema is not here (%s)", published)
	}
	schema, err := jsonschema.Compile(published)
	if err != nil {
		t.Fatal(err)
	}
	for name, sys := range map[string]modelvet.System{"declared": system, "nothing declared": {}} {
		layout := filepath.Join(t.TempDir(), "l")
		if _, err := artifact.Pack(t.Context(), folder(t, credit), sys, layout, artifact.Options{}); err != nil {
			t.Fatal(err)
		}
		raw, _ := os.ReadFile(blobPath(layout, configDigest(t, layout)))
		var doc any
		if err := json.Unmarshal(raw, &doc); err != nil {
			t.Fatal(err)
		}
		if err := schema.Validate(doc); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if open(t, "oci:"+layout).Config().Config.Format == "" {
			t.Errorf("%s: config.format is empty", name)
		}
	}
}

func TestCreatedIsWrittenOnlyWhenAsked(t *testing.T) {
	dir, layout := folder(t, credit), filepath.Join(t.TempDir(), "l")
	opts := artifact.Options{Created: time.Unix(1700000000, 5), Annotations: map[string]string{"org.opencontainers.image.revision": "abc"}}
	if _, err := artifact.Pack(t.Context(), dir, system, layout, opts); err != nil {
		t.Fatal(err)
	}
	got := string(open(t, "oci:"+layout).Manifest())
	for _, want := range []string{`"org.opencontainers.image.created":"2023-11-14T22:13:20Z"`, `"org.opencontainers.image.revision":"abc"`} {
		if !strings.Contains(got, want) {
			t.Errorf("%s is not in %s", want, got)
		}
	}
}

// The referrer is the one that cosign 3.1.3 pushes, byte for byte.
func TestReferrerIsThatOfCosign(t *testing.T) {
	layout, s := packed(t, credit)
	a := open(t, "oci:"+layout)
	got, err := a.Attach(t.Context(), []byte(`{"b":1}`), "https://example.com/p", time.Unix(1700000000, 0))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",` +
		`"config":{"mediaType":"application/vnd.oci.empty.v1+json","size":2,"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a","artifactType":"application/vnd.dev.sigstore.bundle.v0.3+json"},` +
		`"layers":[{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","size":7,"digest":"` + digest(`{"b":1}`) + `"}],` +
		`"annotations":{"dev.sigstore.bundle.content":"dsse-envelope","dev.sigstore.bundle.predicateType":"https://example.com/p","org.opencontainers.image.created":"2023-11-14T22:13:20Z"},` +
		fmt.Sprintf(`"subject":{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":%d,"digest":%q},`, len(a.Manifest()), s.Digest) +
		`"artifactType":"application/vnd.dev.sigstore.bundle.v0.3+json"}`
	raw, _ := os.ReadFile(blobPath(layout, got))
	if string(raw) != want {
		t.Errorf("got  %s\nwant %s", raw, want)
	}
	index, _ := os.ReadFile(filepath.Join(layout, "index.json"))
	if !strings.Contains(string(index), `"artifactType":"application/vnd.dev.sigstore.bundle.v0.3+json"`) {
		t.Errorf("index.json does not say what the referrer is: %s", index)
	}
}

func TestTags(t *testing.T) {
	dir, layout := folder(t, credit), filepath.Join(t.TempDir(), "l")
	pack := func(tag, content string) string {
		write(t, filepath.Join(dir, "train.py"), content)
		s, err := artifact.Pack(t.Context(), dir, system, layout, artifact.Options{Tag: tag})
		if err != nil {
			t.Fatal(err)
		}
		return s.Digest
	}
	first, second := pack("v1", "1"), pack("v2", "2")
	_, err := artifact.Open(t.Context(), "oci:"+layout, artifact.Options{})
	wantError(t, err, "more than one", "v1, v2")
	_, err = artifact.Open(t.Context(), "oci:"+layout+":v3", artifact.Options{})
	wantError(t, err, "v3", "v1, v2")
	third := pack("v1", "3")
	pack("latest", "4")
	pack("also", "4")
	fourth := pack("latest", "4")
	for ref, want := range map[string]string{":v1": third, ":v2": second, "@" + first: first, "": fourth, ":also": fourth, ":latest": fourth} {
		if got := open(t, "oci:"+layout+ref).Subject().Digest; got != want {
			t.Errorf("%q is %s, want %s", ref, got, want)
		}
	}
	_, err = artifact.Open(t.Context(), "oci:"+layout+"@"+digest("no"), artifact.Options{})
	wantError(t, err, digest("no"), "missing")
	_, err = artifact.Pack(t.Context(), dir, system, layout, artifact.Options{Tag: "a b"})
	wantError(t, err, `"a b"`)
}

func TestLayoutInsideTheModelIsNotPartOfIt(t *testing.T) {
	dir := folder(t, credit)
	layout := filepath.Join(dir, "build", "layout")
	one, err := artifact.Pack(t.Context(), dir, system, layout, artifact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	two, err := artifact.Pack(t.Context(), dir, system, layout, artifact.Options{})
	if err != nil || one.Digest != two.Digest {
		t.Errorf("%v, %s and %s", err, one.Digest, two.Digest)
	}
	_, err = artifact.Pack(t.Context(), dir, system, dir, artifact.Options{})
	wantError(t, err, "cannot be the model's folder")
}

func TestSomebodysFolderIsNotMadeALayout(t *testing.T) {
	home := folder(t, map[string]string{"thesis.tex": "..."})
	_, err := artifact.Pack(t.Context(), folder(t, credit), system, home, artifact.Options{})
	wantError(t, err, home, "thesis.tex")
	if got := tree(t, home); !maps.Equal(got, map[string]string{"thesis.tex": "..."}) {
		t.Errorf("it holds %v now", got)
	}
}

func TestSparseFileStaysSparse(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("holes are kept on Linux only")
	}
	const size = 256 << 20
	dir := folder(t, nil)
	f, err := os.Create(filepath.Join(dir, "m.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	f.WriteAt([]byte("head"), 0)
	f.WriteAt([]byte("tail"), size-4)
	f.Close()
	layout := filepath.Join(t.TempDir(), "l")
	s, err := artifact.Pack(t.Context(), dir, system0, layout, artifact.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if n := onDisk(t, blobPath(layout, s.Files[0].Digest)); n > 1<<20 {
		t.Errorf("the blob takes %d bytes on the disk", n)
	}
	a := open(t, "oci:"+layout)
	if err := a.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	out := t.TempDir()
	if err := a.Extract(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	if n := onDisk(t, filepath.Join(out, "m.gguf")); n > 1<<20 {
		t.Errorf("the extracted file takes %d bytes on the disk", n)
	}
}

var system0 = modelvet.System{Name: "m", Model: modelvet.ModelFiles{Files: []string{"**/*.gguf"}}}

func TestFileThatGrowsWhileItIsPacked(t *testing.T) {
	dir := folder(t, map[string]string{"m.gguf": strings.Repeat("w", 4<<20)})
	for name, change := range map[string]func(string) error{
		"grows":   func(p string) error { return os.Truncate(p, 5<<20) },
		"shrinks": func(p string) error { return os.Truncate(p, 3<<20) },
		"touched": func(p string) error { return os.Chtimes(p, time.Unix(1, 0), time.Unix(1, 0)) },
	} {
		t.Run(name, func(t *testing.T) {
			write(t, filepath.Join(dir, "m.gguf"), strings.Repeat("w", 4<<20))
			var once sync.Once
			layout := filepath.Join(t.TempDir(), "l")
			_, err := artifact.Pack(t.Context(), dir, system0, layout, artifact.Options{Progress: func(done, _ int64) {
				once.Do(func() {
					if err := change(filepath.Join(dir, "m.gguf")); err != nil {
						t.Error(err)
					}
				})
			}})
			wantError(t, err, "m.gguf", "changed while it was read")
			if _, err := os.Stat(layout); !os.IsNotExist(err) {
				t.Error("a layout was left")
			}
		})
	}
}

func TestWritersOfOneLayoutTakeTurns(t *testing.T) {
	layout := filepath.Join(t.TempDir(), "l")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			dir := folder(t, with(credit, "train.py", fmt.Sprint(i)))
			if _, err := artifact.Pack(t.Context(), dir, system, layout, artifact.Options{Tag: fmt.Sprintf("v%d", i)}); err != nil {
				t.Error(err)
				return
			}
			a := open(t, fmt.Sprintf("oci:%s:v%d", layout, i))
			if _, err := a.Attach(t.Context(), []byte("{}"), "https://example.com/p", time.Time{}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i := range 8 {
		a := open(t, fmt.Sprintf("oci:%s:v%d", layout, i))
		if n := len(bundles(t, a)); n != 1 {
			t.Errorf("v%d has %d bundles", i, n)
		}
	}
}

func TestWaitingForAnotherWriterCanBeCancelled(t *testing.T) {
	layout, _ := packed(t, credit)
	dir := folder(t, with(credit, "m.bin", strings.Repeat("x", 3<<20)))
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	var once sync.Once
	_, err := artifact.Pack(t.Context(), dir, system, layout, artifact.Options{Tag: "outer", Workers: 1, Progress: func(int64, int64) {
		once.Do(func() {
			_, err := artifact.Pack(ctx, dir, system, layout, artifact.Options{Tag: "inner"})
			wantError(t, err, "waiting for another writer")
		})
	}})
	if err != nil {
		t.Error(err)
	}
}

func TestHeadersFillInWhatIsNotDeclared(t *testing.T) {
	header := `{"x":{"dtype":"BF16","shape":[1000,2000],"data_offsets":[0,0]}}`
	shard := string([]byte{byte(len(header)), 0, 0, 0, 0, 0, 0, 0}) + header
	dir, layout := folder(t, map[string]string{"m-1.safetensors": shard, "m-2.safetensors": shard}), filepath.Join(t.TempDir(), "l")
	if _, err := artifact.Pack(t.Context(), dir, modelvet.System{}, layout, artifact.Options{}); err != nil {
		t.Fatal(err)
	}
	x, err := open(t, "oci:"+layout).Inspect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if c := x.Config.Config; c.Format != "safetensors" || c.Precision != "bfloat16" || c.ParamSize != "4m" {
		t.Errorf("%+v", c)
	}
	if len(x.Weights) != 2 || x.Weights[1].Parameters != 2_000_000 || x.Size != int64(2*len(shard)) {
		t.Errorf("%+v", x)
	}
}
