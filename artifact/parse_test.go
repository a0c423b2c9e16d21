// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
)

const seedManifest = `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/vnd.cncf.model.manifest.v1+json",` +
	`"config":{"mediaType":"application/vnd.cncf.model.config.v1+json","size":2,"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"},` +
	`"layers":[{"mediaType":"application/vnd.cncf.model.weight.v1.raw","size":2,"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",` +
	`"annotations":{"org.cncf.model.filepath":"a/b","org.opencontainers.image.title":"a/b"}}]}`

// Whatever a manifest says, the paths that come out are safe and distinct.
func FuzzManifest(f *testing.F) {
	f.Add([]byte(seedManifest))
	f.Add([]byte(strings.ReplaceAll(seedManifest, "cncf", "cnai")))
	f.Add([]byte(strings.ReplaceAll(seedManifest, "a/b", "../b")))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := parseManifest(raw)
		if err != nil {
			return
		}
		layers, err := parseLayers(m)
		if err != nil {
			return
		}
		seen := map[string]bool{}
		for _, l := range layers {
			if !fs.ValidPath(l.Path) || seen[l.Path] || l.Size < 0 || len(l.desc.Digest.Hex) != 64 {
				t.Errorf("%+v", l)
			}
			seen[l.Path] = true
		}
	})
}

func FuzzConfig(f *testing.F) {
	f.Add([]byte(`{"descriptor":{"name":"m"},"modelfs":{"type":"layers","diffIds":["sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"]},"config":{"format":"gguf"}}`))
	f.Add([]byte(`{}`))
	m, err := parseManifest([]byte(seedManifest))
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := parseConfig(raw, m)
		if err == nil && (len(c.ModelFS.DiffIDs) != 1 || c.ModelFS.DiffIDs[0] != m.Layers[0].Digest.String()) {
			t.Errorf("%+v", c)
		}
	})
}

func FuzzIndex(f *testing.F) {
	f.Add([]byte(`{"schemaVersion":2,"manifests":[{"mediaType":"a","size":1,"digest":"sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a"}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		x, err := parseIndex(raw)
		if err != nil {
			return
		}
		b, err := json.Marshal(x)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := parseIndex(b); err != nil {
			t.Errorf("what was read cannot be read again: %v", err)
		}
	})
}

func FuzzIgnore(f *testing.F) {
	f.Add("*.tmp\n!a\n/b/\n**/c", "x/a.tmp")
	f.Add("a*a*a*a*a*a*b", strings.Repeat("a", 100))
	f.Fuzz(func(t *testing.T, text, name string) {
		if rules, err := parseIgnore(text); err == nil && len(text) < 200 && len(name) < 200 {
			rules.ignores(name, false)
			rules.ignores(name, true)
		}
	})
}

func TestGlobs(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"*.json", "a.json", true}, {"*.json", "m/a.json", false}, {"**/*.json", "a.json", true}, {"**/*.json", "m/n/a.json", true},
		{"m/**", "m/n/a", true}, {"m/**", "n/a", false}, {"m/**/a", "m/a", true}, {"m/**/a/**/b", "m/x/a/y/z/b", true},
		{"./m/a", "m/a", true}, {"m/?", "m/a", true}, {"m/[ab]", "m/c", false}, {"**", "a/b", true}, {"a/**/b", "a/x/c", false},
	} {
		g, err := parseGlob(c.pattern)
		if err != nil || g.match(c.name) != c.want {
			t.Errorf("%q and %q: want %v, %v", c.pattern, c.name, c.want, err)
		}
	}
}

// full is a disk without space.
type full struct{ *os.File }

func (full) WriteAt([]byte, int64) (int, error) {
	return 0, &fs.PathError{Op: "write", Path: "blob", Err: syscall.ENOSPC}
}

func (full) Write([]byte) (int, error) {
	return 0, &fs.PathError{Op: "write", Path: "blob", Err: syscall.ENOSPC}
}

func TestFullDisk(t *testing.T) {
	name := t.TempDir() + "/f"
	if err := os.WriteFile(name, []byte("content"), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	_, err = readSegments(context.Background(), f, 7, full{}, nil)
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "free some space") {
		t.Error(err)
	}
	_, err = copyStream(context.Background(), full{}, f, v1.Descriptor{Size: 7}, nil)
	if !errors.Is(err, syscall.ENOSPC) || !strings.Contains(err.Error(), "free some space") {
		t.Error(err)
	}
}

// A stream is cut, goes on for ever, or breaks: never taken for the blob.
func TestStreams(t *testing.T) {
	d := v1.Descriptor{Digest: hashBytes([]byte("content")), Size: 7}
	for name, c := range map[string]struct {
		r    io.Reader
		want string
	}{
		"cut":       {strings.NewReader("conten"), "6 bytes"},
		"too long":  {io.MultiReader(strings.NewReader("content"), zeroReader{}), "more than the 7"},
		"other":     {strings.NewReader("Content"), "hashes to"},
		"broken":    {io.MultiReader(strings.NewReader("con"), brokenReader{}), "broken"},
		"the right": {strings.NewReader("content"), ""},
	} {
		_, err := copyStream(context.Background(), io.Discard, c.r, d, nil)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

type zeroReader struct{}

func (zeroReader) Read(b []byte) (int, error) { return len(b), nil }

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, errors.New("broken") }

func TestPlainHTTPOnLoopbackOnly(t *testing.T) {
	for from, to := range map[string]string{
		"10.0.0.1:5000": "http://10.0.0.1:5000/v2/", "registry.local": "http://registry.local/v2/",
		"registry.example": "http://127.0.0.1/v2/", "127.0.0.1:5000": "http://registry.example/v2/",
	} {
		repo, err := name.NewRepository(from + "/m")
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequest(http.MethodGet, to, nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := guardFor(repo).RoundTrip(req); err == nil || !strings.Contains(err.Error(), "plain http") {
			t.Errorf("from %s to %s: %v", from, to, err)
		}
	}
}
