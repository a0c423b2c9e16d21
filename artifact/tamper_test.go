// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/artifact"
)

// signed is a packed model with two bundles.
func signed(t testing.TB) (layout string, subject modelvet.Subject, digests []string) {
	t.Helper()
	layout, subject = packed(t, credit)
	a := open(t, "oci:"+layout)
	digests, err := a.AttachAll(t.Context(), []artifact.Attachment{
		{Bundle: []byte(`{"one":1}`), PredicateType: "https://example.com/one"},
		{Bundle: []byte(`{"two":2}`), PredicateType: "https://example.com/two"},
	}, time.Unix(1700000000, 0))
	if err != nil {
		t.Fatal(err)
	}
	return layout, subject, digests
}

func blobPath(layout, digest string) string {
	return filepath.Join(layout, "blobs", "sha256", strings.TrimPrefix(digest, "sha256:"))
}

func flip(t testing.TB, name string, at int) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	b[at] ^= 1
	if err := os.WriteFile(name, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestOneByteOfALayerIsChanged(t *testing.T) {
	layout, subject, _ := signed(t)
	for _, f := range subject.Files {
		if f.Size == 0 {
			continue
		}
		flip(t, blobPath(layout, f.Digest), int(f.Size-1))
		a := open(t, "oci:"+layout)
		wantError(t, a.Verify(t.Context()), f.Path, f.Digest, "does not match")
		out := t.TempDir()
		wantError(t, a.Extract(t.Context(), out), f.Path, f.Digest)
		if got := tree(t, out); got[f.Path] != "" || slices.ContainsFunc(slices.Collect(maps.Keys(got)), func(p string) bool { return strings.Contains(p, ".partial") }) {
			t.Errorf("changed bytes were extracted: %v", got)
		}
		_, err := a.ReadFile(t.Context(), f.Path, 1<<20)
		wantError(t, err, f.Path, f.Digest)
		flip(t, blobPath(layout, f.Digest), int(f.Size-1))
	}
	if err := open(t, "oci:"+layout).Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestVerifyNamesEveryChangedFile(t *testing.T) {
	layout, subject, _ := signed(t)
	for _, f := range subject.Files[:2] {
		flip(t, blobPath(layout, f.Digest), 0)
	}
	wantError(t, open(t, "oci:"+layout).Verify(t.Context()), subject.Files[0].Path, subject.Files[1].Path)
}

func TestPackingAgainHealsAChangedLayer(t *testing.T) {
	dir, layout := folder(t, credit), filepath.Join(t.TempDir(), "l")
	for range 2 {
		s, err := artifact.Pack(t.Context(), dir, system, layout, artifact.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if err := open(t, "oci:"+layout).Verify(t.Context()); err != nil {
			t.Fatal(err)
		}
		flip(t, blobPath(layout, s.Files[0].Digest), 0)
	}
}

func TestOneByteOfTheManifestOrConfigurationIsChanged(t *testing.T) {
	layout, subject, _ := signed(t)
	var m struct {
		Config struct{ Digest string }
	}
	raw := open(t, "oci:"+layout).Manifest()
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	for _, d := range []string{subject.Digest, m.Config.Digest} {
		b, _ := os.ReadFile(blobPath(layout, d))
		for at := 0; at < len(b); at += 37 {
			flip(t, blobPath(layout, d), at)
			_, err := artifact.Open(t.Context(), "oci:"+layout, artifact.Options{})
			if err == nil || !strings.Contains(err.Error(), d) {
				t.Fatalf("byte %d of %s: %v", at, d, err)
			}
			flip(t, blobPath(layout, d), at)
		}
	}
	a := open(t, "oci:"+layout)
	flip(t, blobPath(layout, subject.Digest), 5)
	wantError(t, a.Verify(t.Context()), subject.Digest)
}

func TestOneByteOfAReferrerIsChanged(t *testing.T) {
	layout, _, digests := signed(t)
	for i, name := range []string{digests[0], digest(`{"two":2}`)} {
		b, _ := os.ReadFile(blobPath(layout, name))
		for at := 0; at < len(b); at += 7 {
			flip(t, blobPath(layout, name), at)
			got := bundles(t, open(t, "oci:"+layout))
			if len(got) != 2 || got[digests[1-i]].Err != nil {
				t.Fatalf("byte %d of %s: %+v", at, name, got)
			}
			wantError(t, got[digests[i]].Err, digests[i], "does not match")
			flip(t, blobPath(layout, name), at)
		}
	}
}

// Whatever byte of index.json changes: the artifact does not open, a referrer
// says that it is damaged, or everything is as it was.
func TestOneByteOfTheIndexIsChanged(t *testing.T) {
	layout, subject, digests := signed(t)
	name := filepath.Join(layout, "index.json")
	before, _ := os.ReadFile(name)
	unharmed := 0
	for at := range before {
		flip(t, name, at)
		a, err := artifact.Open(t.Context(), "oci:"+layout, artifact.Options{})
		if err == nil {
			all, err := a.Referrers(t.Context())
			damaged := err != nil
			for _, r := range all {
				damaged = damaged || r.Err != nil
			}
			if !damaged && (len(all) != len(digests) || a.Subject().Digest != subject.Digest) {
				t.Errorf("byte %d: %q is silently %v %+v", at, before[max(0, at-20):at+1], a.Subject().Digest, all)
			}
			if !damaged {
				unharmed++
			}
			a.Close()
		}
		flip(t, name, at)
	}
	if unharmed == len(before) {
		t.Error("nothing was ever noticed")
	}
}

func TestTruncatedLayouts(t *testing.T) {
	for name, c := range map[string]struct {
		damage func(t *testing.T, layout string, s modelvet.Subject)
		want   []string
	}{
		"no such folder": {func(t *testing.T, l string, _ modelvet.Subject) { remove(t, l) }, []string{"no such folder"}},
		"no oci-layout":  {func(t *testing.T, l string, _ modelvet.Subject) { remove(t, filepath.Join(l, "oci-layout")) }, []string{"oci-layout"}},
		"another version": {func(t *testing.T, l string, _ modelvet.Subject) {
			write(t, filepath.Join(l, "oci-layout"), `{"imageLayoutVersion":"2.0.0"}`)
		}, []string{"2.0.0"}},
		"no index":       {func(t *testing.T, l string, _ modelvet.Subject) { remove(t, filepath.Join(l, "index.json")) }, []string{"index.json"}},
		"an empty index": {func(t *testing.T, l string, _ modelvet.Subject) { write(t, filepath.Join(l, "index.json"), "") }, []string{"index.json"}},
		"a huge index": {func(t *testing.T, l string, _ modelvet.Subject) {
			write(t, filepath.Join(l, "index.json"), strings.Repeat(" ", 5<<20))
		}, []string{"index.json", "larger"}},
		"an index of none": {func(t *testing.T, l string, _ modelvet.Subject) {
			write(t, filepath.Join(l, "index.json"), `{"schemaVersion":2,"manifests":[]}`)
		}, []string{"index.json", "not found"}},
		"no manifest":        {func(t *testing.T, l string, s modelvet.Subject) { remove(t, blobPath(l, s.Digest)) }, []string{s0, "missing"}},
		"a manifest cut off": {func(t *testing.T, l string, s modelvet.Subject) { cut(t, blobPath(l, s.Digest)) }, []string{s0, "bytes"}},
		"no layer":           {func(t *testing.T, l string, s modelvet.Subject) { remove(t, blobPath(l, s.Files[0].Digest)) }, []string{"data/training.csv", "missing"}},
		"a layer cut off":    {func(t *testing.T, l string, s modelvet.Subject) { cut(t, blobPath(l, s.Files[0].Digest)) }, []string{"data/training.csv", "bytes"}},
		"a layer is a folder": {func(t *testing.T, l string, s modelvet.Subject) {
			remove(t, blobPath(l, s.Files[0].Digest))
			os.Mkdir(blobPath(l, s.Files[0].Digest), 0o755)
		}, []string{"data/training.csv", "regular"}},
		"blobs are elsewhere": {func(t *testing.T, l string, _ modelvet.Subject) {
			moved := t.TempDir() + "/x"
			if err := os.Rename(filepath.Join(l, "blobs"), moved); err != nil {
				t.Fatal(err)
			}
			symlink(t, moved, filepath.Join(l, "blobs"))
		}, []string{"escapes"}},
	} {
		t.Run(name, func(t *testing.T) {
			layout, s := packed(t, credit)
			c.damage(t, layout, s)
			_, err := artifact.Open(t.Context(), "oci:"+layout, artifact.Options{})
			wantError(t, err, c.want...)
		})
	}
}

const s0 = "sha256:"

func remove(t testing.TB, name string) {
	t.Helper()
	if err := os.RemoveAll(name); err != nil {
		t.Fatal(err)
	}
}

func cut(t testing.TB, name string) {
	t.Helper()
	info, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(name, info.Size()-1); err != nil {
		t.Fatal(err)
	}
}

// crafted puts a manifest of the test's making into a layout.
func crafted(t testing.TB, layout string, manifest string, tag string) {
	t.Helper()
	write(t, blobPath(layout, digest(manifest)), manifest)
	b, _ := os.ReadFile(filepath.Join(layout, "index.json"))
	var x map[string]any
	if err := json.Unmarshal(b, &x); err != nil {
		t.Fatal(err)
	}
	d := map[string]any{"mediaType": "application/vnd.oci.image.manifest.v1+json", "digest": digest(manifest), "size": len(manifest)}
	if tag != "" {
		d["annotations"] = map[string]string{"org.opencontainers.image.ref.name": tag}
	}
	x["manifests"] = append(x["manifests"].([]any), d)
	b, _ = json.Marshal(x)
	write(t, filepath.Join(layout, "index.json"), string(b))
}

func TestHostileManifests(t *testing.T) {
	layout, s := packed(t, credit)
	good := string(open(t, "oci:"+layout).Manifest())
	const p = "docs/model-card.md"
	both := func(s, to string) string { return strings.ReplaceAll(s, `":"`+p+`"`, `":"`+to+`"`) }
	for name, c := range map[string]struct{ manifest, want string }{
		"a path that leaves the folder":  {both(good, "../evil"), "../evil"},
		"an absolute path":               {both(good, "/etc/evil"), "/etc/evil"},
		"a path of Windows":              {both(good, `..\\evil`), "backslash"},
		"two names for one layer":        {strings.Replace(good, `image.title":"`+p+`"`, `image.title":"other.md"`, 1), "other.md"},
		"one name for two layers":        {both(good, "train.py"), "train.py"},
		"a file that is a folder":        {both(good, "train.py/x"), "train.py"},
		"the same key twice":             {strings.Replace(good, `{"schemaVersion":2`, `{"schemaVersion":2,"layers":[],"schemaVersion":2`, 1), "twice"},
		"a key in another spelling":      {strings.Replace(good, `"layers"`, `"Layers"`, 1), "Layers"},
		"another digest algorithm":       {strings.Replace(good, s.Files[0].Digest, "sha512:"+strings.Repeat("0", 128), 1), "sha512"},
		"a negative size":                {strings.Replace(good, fmt.Sprintf(`"size":%d`, s.Files[0].Size), `"size":-1`, 1), "negative"},
		"no layers":                      {good[:strings.Index(good, `"layers":`)] + `"layers":[],"artifactType":"application/vnd.cncf.model.manifest.v1+json"}`, "layers"},
		"not a model":                    {strings.ReplaceAll(strings.ReplaceAll(good, "vnd.cncf.model.manifest", "vnd.example"), "vnd.cncf.model.config", "vnd.example"), "not a model"},
		"something behind it":            {good + "{}", "behind"},
		"bytes that are not UTF-8":       {both(good, "\xff"), "UTF-8"},
		"a schema version of the future": {strings.Replace(good, `"schemaVersion":2`, `"schemaVersion":3`, 1), "schemaVersion"},
		"deep nesting":                   {strings.Replace(good, `{"schemaVersion":2`, `{"x":`+strings.Repeat("[", 200)+strings.Repeat("]", 200)+`,"schemaVersion":2`, 1), "nested"},
		"layers that are not its own":    {strings.Replace(good, s.Files[0].Digest, s.Files[1].Digest, 1), "diffIds"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.manifest == good {
				t.Fatal("nothing was changed")
			}
			l := filepath.Join(t.TempDir(), "l")
			if err := os.CopyFS(l, os.DirFS(layout)); err != nil {
				t.Fatal(err)
			}
			crafted(t, l, c.manifest, "evil")
			_, err := artifact.Open(t.Context(), "oci:"+l+":evil", artifact.Options{})
			wantError(t, err, c.want)
		})
	}
}

func TestHostileReferrers(t *testing.T) {
	layout, s := packed(t, credit)
	bundle := `{"b":1}`
	write(t, blobPath(layout, digest(bundle)), bundle)
	write(t, blobPath(layout, digest("{}")), "{}")
	size := len(open(t, "oci:"+layout).Manifest())
	manifest := func(subject, layers, artifactType string) string {
		return fmt.Sprintf(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":%q,"config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":%q,"size":2},"layers":[%s],"subject":{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":%q,"size":%d}}`,
			artifactType, digest("{}"), layers, subject, size)
	}
	layer := func(d string, n int) string {
		return fmt.Sprintf(`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","digest":%q,"size":%d}`, d, n)
	}
	one := layer(digest(bundle), len(bundle))
	lying := manifest(s.Digest, one, "application/vnd.oci.empty.v1+json")
	two := manifest(s.Digest, one+","+one, "application/vnd.dev.sigstore.bundle.v0.3+json")
	none := manifest(s.Digest, "", "application/vnd.dev.sigstore.bundle.v0.3+json")
	huge := manifest(s.Digest, layer(digest("huge"), 17<<20), "x")
	gone := manifest(s.Digest, layer(digest("gone"), 4), "x")
	crafted(t, layout, lying, "")
	crafted(t, layout, two, "")
	crafted(t, layout, none, "")
	crafted(t, layout, huge, "")
	crafted(t, layout, gone, "")
	crafted(t, layout, manifest(digest("another model"), one, "application/vnd.dev.sigstore.bundle.v0.3+json"), "")
	crafted(t, layout, manifest(s.Digest, strings.Replace(one, "dev.sigstore.bundle", "example.sbom", 1), "application/vnd.example.sbom"), "")
	got := bundles(t, open(t, "oci:"+layout))
	if r := got[digest(lying)]; r.Err != nil || string(r.Bundle) != bundle {
		t.Errorf("a wrong artifactType hides a bundle: %+v", r)
	}
	wantError(t, got[digest(two)].Err, "2 layers", digest(two))
	wantError(t, got[digest(none)].Err, "0 layers")
	wantError(t, got[digest(huge)].Err, "more than")
	wantError(t, got[digest(gone)].Err, "missing")
	if len(got) != 5 {
		t.Errorf("%d referrers, want 5", len(got))
	}
}

func TestReferrersThatOnlyTheBlobsKnow(t *testing.T) {
	layout, _, digests := signed(t)
	name := filepath.Join(layout, "index.json")
	var x struct {
		SchemaVersion int               `json:"schemaVersion"`
		Manifests     []json.RawMessage `json:"manifests"`
	}
	b, _ := os.ReadFile(name)
	if err := json.Unmarshal(b, &x); err != nil {
		t.Fatal(err)
	}
	x.Manifests = x.Manifests[:1] // as "cosign save" does
	b, _ = json.Marshal(x)
	write(t, name, string(b))
	got := bundles(t, open(t, "oci:"+layout))
	if len(got) != 2 || got[digests[0]].Err != nil || !bytes.Equal(got[digests[1]].Bundle, []byte(`{"two":2}`)) {
		t.Errorf("%+v", got)
	}
}

func TestAttachRefuses(t *testing.T) {
	layout, _ := packed(t, credit)
	a := open(t, "oci:"+layout)
	_, err := a.Attach(t.Context(), nil, "https://example.com/p", time.Time{})
	wantError(t, err, "empty")
	_, err = a.Attach(t.Context(), make([]byte, 16<<20+1), "https://example.com/p", time.Time{})
	wantError(t, err, "16777216")
	_, err = a.Attach(t.Context(), []byte("{}"), "", time.Time{})
	wantError(t, err, "predicate type")
}

func TestExtractStaysInItsFolder(t *testing.T) {
	layout, _ := packed(t, credit)
	a := open(t, "oci:"+layout)
	out, outside := t.TempDir(), t.TempDir()
	symlink(t, outside, filepath.Join(out, "docs"))
	wantError(t, a.Extract(t.Context(), out), "docs")
	if got := tree(t, outside); len(got) != 0 {
		t.Errorf("wrote outside: %v", got)
	}
	mine := folder(t, map[string]string{"train.py": "mine"})
	wantError(t, a.Extract(t.Context(), mine), "train.py", "exist")
	if got := tree(t, mine)["train.py"]; got != "mine" {
		t.Errorf("a file was overwritten with %q", got)
	}
}
