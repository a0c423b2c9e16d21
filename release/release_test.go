// SPDX-License-Identifier: Apache-2.0

package release

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/CycloneDX/cyclonedx-go"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/validate"
)

// aRelease has programs that are none, and what true ones say of themselves.
func aRelease(t *testing.T) Release {
	t.Helper()
	self := filepath.Join(t.TempDir(), "modelvet")
	if err := os.WriteFile(self, bytes.Repeat([]byte("program "), 1000), 0o600); err != nil {
		t.Fatal(err)
	}
	sum := "h1:" + base64.StdEncoding.EncodeToString(make([]byte, 32))
	info := &debug.BuildInfo{GoVersion: "go1.26.8", Deps: []*debug.Module{{Path: "github.com/CycloneDX/cyclonedx-go", Version: "v0.12.0", Sum: sum},
		{Path: "github.com/duckdb/duckdb-go-bindings/lib/linux-amd64", Version: "v0.10506.0", Sum: sum}, {Path: "a/b", Version: "v1.0.0", Replace: &debug.Module{Path: "c/d", Version: "v2.0.0"}}}}
	return Release{Version: "v9.8.7-rc.1", At: time.Unix(1795521600, 5), Licence: []byte("ours"), Others: []byte("theirs"),
		Programs: []Program{{OS: "linux", Arch: "arm64", Path: self}, {OS: "linux", Arch: "amd64", Path: self}, {OS: "darwin", Arch: "arm64", Path: self}},
		Statics:  []Static{{Name: "glibc", Version: "2.36", PURL: "pkg:deb/debian/libc6-dev@2.36?arch=amd64", OS: "linux", Arch: "amd64"}},
		inspect: func(path string) (*debug.BuildInfo, error) {
			if path != self {
				return nil, errors.New("no program")
			}
			return info, nil
		}}
}

func write(t *testing.T, r Release) (dir string, files []File) {
	t.Helper()
	dir = t.TempDir()
	files, err := r.Write(dir)
	if err != nil {
		t.Fatal(err)
	}
	return dir, files
}

func TestTheSameProgramsGiveTheSameBytes(t *testing.T) {
	r := aRelease(t)
	_, first := write(t, r)
	r.At = r.At.Add(time.Millisecond).In(time.FixedZone("x", 7200)) // neither part of a second nor a zone tells
	slices.Reverse(r.Programs)
	dir, again := write(t, r)
	if !slices.Equal(first, again) {
		t.Errorf("%v\n%v", first, again)
	}
	var names []string
	for _, f := range again {
		names = append(names, f.Name)
	}
	if want := []string{"modelvet_9.8.7-rc.1_darwin_arm64.tar.gz", "modelvet_9.8.7-rc.1_linux_amd64.tar.gz", "modelvet_9.8.7-rc.1_linux_arm64.tar.gz", "modelvet_9.8.7-rc.1.cdx.json", "checksums.txt"}; !slices.Equal(names, want) {
		t.Errorf("%v", names)
	}
	sums, err := os.ReadFile(filepath.Join(dir, "checksums.txt"))
	if err != nil || !strings.Contains(string(sums), again[1].SHA256+"  "+again[1].Name+"\n") {
		t.Errorf("%s %v", sums, err)
	}
	if _, err := r.Write(dir); !errors.Is(err, os.ErrExist) {
		t.Errorf("an earlier release was overwritten: %v", err)
	}
}

func TestAnArchiveHoldsTheProgramAndTheLicences(t *testing.T) {
	r := aRelease(t)
	dir, files := write(t, r)
	f, err := os.Open(filepath.Join(dir, files[0].Name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]int64{}
	for tr := tar.NewReader(z); ; {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got[h.Name] = h.Mode
		if h.ModTime.Unix() != r.At.Unix() || h.Uid != 0 || h.Uname != "" {
			t.Errorf("%+v", h)
		}
	}
	if len(got) != 3 || got["modelvet"] != 0o755 || got["LICENSE"] != 0o644 || got["THIRD-PARTY-LICENSES"] != 0o644 {
		t.Errorf("%v", got)
	}
}

func TestTheBillNamesEveryModule(t *testing.T) {
	dir, files := write(t, aRelease(t))
	data, err := os.ReadFile(filepath.Join(dir, files[3].Name))
	if err != nil {
		t.Fatal(err)
	}
	var bom cyclonedx.BOM
	if err := json.Unmarshal(data, &bom); err != nil {
		t.Fatal(err)
	}
	seen := map[string]cyclonedx.Component{}
	for _, c := range *bom.Components {
		seen[c.Name] = c
	}
	for _, name := range []string{"stdlib", "c/d", "github.com/CycloneDX/cyclonedx-go", "glibc", "duckdb"} {
		if seen[name].Version == "" || seen[name].PackageURL == "" {
			t.Errorf("%s: %+v", name, seen[name])
		}
	}
	if seen["duckdb"].Version != "v1.5.6" {
		t.Errorf("DuckDB %s", seen["duckdb"].Version)
	}
	if h := seen["github.com/CycloneDX/cyclonedx-go"].Hashes; h == nil || len((*h)[0].Value) != 64 {
		t.Error("a module without its hash")
	}
	if p := seen["glibc"].Properties; p == nil || len(*p) != 1 || (*p)[0].Value != "linux/amd64" {
		t.Errorf("%+v", seen["glibc"])
	}
	if len(*(*bom.Dependencies)[0].Dependencies) != len(*bom.Components) {
		t.Error("a component that nothing depends on")
	}
}

func TestTheImage(t *testing.T) {
	r := aRelease(t)
	dir := filepath.Join(t.TempDir(), "a")
	digest, err := r.Image(dir)
	if err != nil {
		t.Fatal(err)
	}
	if again, err := r.Image(filepath.Join(t.TempDir(), "b")); err != nil || again != digest {
		t.Errorf("made again it is %s, not %s (%v)", again, digest, err)
	}
	if _, err := r.Image(dir); err == nil {
		t.Error("an earlier image was overwritten")
	}
	top, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	manifest, err := top.IndexManifest()
	if err != nil || len(manifest.Manifests) != 1 || manifest.Manifests[0].Digest.String() != digest || manifest.Manifests[0].Annotations["org.opencontainers.image.ref.name"] != "9.8.7-rc.1" {
		t.Fatalf("%+v %v", manifest, err)
	}
	index, err := top.ImageIndex(manifest.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Error(err)
	}
	list, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	var platforms []string
	for _, m := range list.Manifests {
		platforms = append(platforms, m.Platform.String())
		image, err := index.Image(m.Digest)
		if err != nil {
			t.Fatal(err)
		}
		checkImage(t, image, m.Platform)
	}
	if !slices.Equal(platforms, []string{"linux/arm64", "linux/amd64"}) && !slices.Equal(platforms, []string{"linux/amd64", "linux/arm64"}) {
		t.Errorf("%v", platforms)
	}
}

func checkImage(t *testing.T, image v1.Image, platform *v1.Platform) {
	t.Helper()
	file, err := image.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	c := file.Config
	if c.User != "65532:65532" || len(c.Entrypoint) != 1 || c.Entrypoint[0] != "/usr/local/bin/modelvet" || file.Architecture != platform.Architecture || file.OS != "linux" {
		t.Errorf("%+v", file)
	}
	layers, err := image.Layers()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, l := range layers {
		read, err := l.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		for tr := tar.NewReader(read); ; {
			h, err := tr.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			got[h.Name] = true
			if h.Mode&0o6000 != 0 || h.Mode&0o022 != 0 && h.Name != "tmp/" {
				t.Errorf("%s may be written to, or is setuid: %o", h.Name, h.Mode)
			}
			if h.Name == "etc/ssl/certs/ca-certificates.crt" {
				pem, err := io.ReadAll(tr)
				if n := bytes.Count(pem, []byte("BEGIN CERTIFICATE")); err != nil || n < 50 {
					t.Errorf("%d certificates, %v", n, err)
				}
			}
		}
		_ = read.Close()
	}
	for _, name := range []string{"usr/local/bin/modelvet", "etc/passwd", "tmp/", "THIRD-PARTY-LICENSES"} {
		if !got[name] {
			t.Errorf("no %s", name)
		}
	}
}

func TestAHalfReleaseIsNone(t *testing.T) {
	for want, change := range map[string]func(*Release){
		"version":  func(r *Release) { r.Version = "1.2" },
		"date":     func(r *Release) { r.At = time.Time{} },
		"program":  func(r *Release) { r.Programs = nil },
		"licences": func(r *Release) { r.Others = nil },
	} {
		r := aRelease(t)
		change(&r)
		if _, err := r.Write(t.TempDir()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: expected %q", err, want)
		}
		if _, err := r.Image(filepath.Join(t.TempDir(), "i")); err == nil {
			t.Errorf("an image without %s", want)
		}
	}
	r := aRelease(t)
	r.Programs[0].Path = "release_test.go"
	if _, err := r.Write(t.TempDir()); err == nil || !strings.Contains(err.Error(), "built from") {
		t.Errorf("a text was packed as a program: %v", err)
	}
	if _, err := aRelease(t).Licences(nil); err == nil || !strings.Contains(err.Error(), "module cache") {
		t.Errorf("a module without a licence was let through: %v", err)
	}
	if _, err := licence(t.TempDir()); err == nil {
		t.Error("a folder without a licence was let through")
	}
}

func TestAProgramIsForItsPlatform(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	text := aRelease(t).Programs[0].Path
	for _, p := range []Program{{OS: "linux", Arch: "arm64", Path: text}, {OS: "darwin", Arch: "arm64", Path: text}, {OS: "darwin", Arch: "amd64", Path: self}, {OS: "linux", Arch: "riscv64", Path: self}, {OS: "windows", Arch: "amd64", Path: self}, {OS: "linux", Arch: "amd64", Path: "nowhere"}} {
		if err := Examine(p); err == nil || !strings.Contains(err.Error(), p.Platform()) {
			t.Errorf("%s: %v", p.Platform(), err)
		}
	}
}
