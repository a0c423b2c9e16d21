// SPDX-License-Identifier: Apache-2.0

//go:build interop

package artifact_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/artifact"
)

// peer finds a program in PATH or in the cache that scripts/interop-artifact.sh
// fills. That it is missing is a failure: a skipped peer proves nothing.
func peer(t *testing.T, name string) string {
	t.Helper()
	if p, err := exec.LookPath(name); err == nil {
		return p
	}
	cache, err := os.UserCacheDir()
	p := filepath.Join(cache, "modelvet", "bin", name)
	if _, statErr := os.Stat(p); err != nil || statErr != nil {
		t.Fatalf("%s is missing; run scripts/interop-artifact.sh", name)
	}
	return p
}

func run(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, peer(t, name), args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "HOME="+t.TempDir(), "COSIGN_PASSWORD=")
	var out, msg bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &msg
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v\n%s%s", name, strings.Join(args, " "), err, &out, &msg)
	}
	return out.String()
}

func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// registries are the real ones: olareg has the referrers API, the others have not.
var registries = map[string]func(t *testing.T, dir string, port int) []string{
	"olareg": func(_ *testing.T, dir string, port int) []string {
		return []string{"serve", "--dir", dir, "--addr", "127.0.0.1", "--port", fmt.Sprint(port)}
	},
	"crane": func(_ *testing.T, _ string, port int) []string {
		return []string{"registry", "serve", "--address", fmt.Sprintf("127.0.0.1:%d", port)}
	},
	"registry": func(t *testing.T, dir string, port int) []string {
		config := filepath.Join(t.TempDir(), "config.yml")
		write(t, config, fmt.Sprintf("version: 0.1\nlog:\n  level: error\nstorage:\n  filesystem:\n    rootdirectory: %s\nhttp:\n  addr: 127.0.0.1:%d\n", dir, port))
		return []string{"serve", config}
	},
}

// start runs a registry until the test ends, and returns its host.
func start(t *testing.T, name string) string {
	t.Helper()
	port := freePort(t)
	cmd := exec.Command(peer(t, name), registries[name](t, t.TempDir(), port)...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	host := fmt.Sprintf("127.0.0.1:%d", port)
	for range 200 {
		if resp, err := http.Get("http://" + host + "/v2/"); err == nil {
			resp.Body.Close()
			return host
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("%s does not answer", name)
	return ""
}

func TestInteropRegistriesHoldArtifactsAndStatements(t *testing.T) {
	layout, subject, digests := signed(t)
	for name := range registries {
		t.Run(name, func(t *testing.T) {
			host := start(t, name)
			ref := host + "/team/credit:v1"
			copied(t, "oci:"+layout, ref)
			back := filepath.Join(t.TempDir(), "back")
			copied(t, ref, "oci:"+back)
			if before, after := tree(t, layout+"/blobs"), tree(t, back+"/blobs"); !maps.Equal(before, after) {
				t.Errorf("%d blobs were pushed, %d came back", len(before), len(after))
			}
			a := open(t, ref)
			if _, err := a.Attach(t.Context(), []byte(`{"three":3}`), "https://example.com/three", time.Time{}); err != nil {
				t.Fatal(err)
			}
			if got := bundles(t, a); len(got) != 3 || got[digests[0]].Err != nil {
				t.Errorf("%+v", got)
			}
			if got := strings.TrimSpace(run(t, "", "crane", "digest", ref)); got != subject.Digest {
				t.Errorf("crane says %s, we %s", got, subject.Digest)
			}
			if out := run(t, "", "oras", "discover", "--plain-http", "--format", "json", ref); strings.Count(out, "application/vnd.dev.sigstore.bundle.v0.3+json") < 3 && name != "olareg" {
				t.Errorf("oras discovers %s", out)
			} else if !strings.Contains(out, digests[0]) || !strings.Contains(out, digests[1]) {
				t.Errorf("oras discovers %s", out)
			}
		})
	}
}

// What we push, the others pull, byte for byte.
func TestInteropPeersPullWhatWePush(t *testing.T) {
	layout, _ := packed(t, credit)
	host := start(t, "crane")
	ref := host + "/team/credit:v1"
	copied(t, "oci:"+layout, ref)
	t.Run("oras", func(t *testing.T) {
		out := t.TempDir()
		run(t, out, "oras", "pull", "--plain-http", ref)
		same(t, out)
	})
	t.Run("oras from the layout", func(t *testing.T) {
		out := t.TempDir()
		run(t, out, "oras", "pull", "--oci-layout", layout+":latest")
		same(t, out)
	})
	t.Run("modctl", func(t *testing.T) {
		out, storage := t.TempDir(), t.TempDir()
		run(t, "", "modctl", "--storage-dir", storage, "pull", "--plain-http", "--extract-from-remote", "--extract-dir", out, ref)
		same(t, out)
		run(t, "", "modctl", "--storage-dir", storage, "pull", "--plain-http", ref)
		if got := run(t, "", "modctl", "--storage-dir", storage, "inspect", ref); !strings.Contains(got, "xgboost-json") {
			t.Errorf("modctl sees %s", got)
		}
	})
	t.Run("crane", func(t *testing.T) {
		run(t, "", "crane", "validate", "--remote", ref, "--fast")
	})
}

// 10,000 files make a manifest that the registry takes and that both pull.
func TestInteropPeersPullManyFiles(t *testing.T) {
	dir, want := t.TempDir(), map[string]string{}
	for i := range 10_000 {
		name := fmt.Sprintf("shard-%03d/expert-%05d-of-10000.safetensors", i/100, i)
		want[name] = fmt.Sprint("file ", i)
		write(t, filepath.Join(dir, name), want[name])
	}
	ref := start(t, "crane") + "/team/many:v1"
	if _, err := artifact.PackTo(t.Context(), dir, modelvet.System{}, ref, artifact.Options{}); err != nil {
		t.Fatal(err)
	}
	if n := len(open(t, ref).Manifest()); n < 3<<20 {
		t.Errorf("the manifest has %d bytes only", n)
	}
	for name, args := range map[string][]string{
		"oras":   {"pull", "--plain-http", ref},
		"modctl": {"--storage-dir", t.TempDir(), "pull", "--plain-http", "--extract-from-remote", "--extract-dir", ".", ref},
	} {
		out := t.TempDir()
		run(t, out, name, args...)
		if got := tree(t, out); !maps.Equal(got, want) {
			t.Errorf("%s pulled %d files, not the %d as they are", name, len(got), len(want))
		}
	}
}

func same(t *testing.T, dir string) {
	t.Helper()
	if got := tree(t, dir); !maps.Equal(got, credit) {
		t.Errorf("pulled %v, want %v", got, credit)
	}
}

// What the others push, we read.
func TestInteropWeReadWhatPeersPush(t *testing.T) {
	dir := folder(t, with(credit, "Modelfile", "NAME credit\nARCH gbtree\nFORMAT onnx\nMODEL sub/dir/weights.onnx\nMODEL model/model.json\nDOC docs/model-card.md\nCODE train.py\n"))
	host := start(t, "crane")
	ref, storage := host+"/team/theirs:v1", t.TempDir()
	run(t, dir, "modctl", "--storage-dir", storage, "build", "-t", ref, ".")
	run(t, dir, "modctl", "--storage-dir", storage, "push", "--plain-http", ref)
	a := open(t, ref)
	if err := a.Verify(t.Context()); err != nil {
		t.Error(err)
	}
	out := t.TempDir()
	if err := a.Extract(t.Context(), out); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sub/dir/weights.onnx", "model/model.json", "docs/model-card.md", "train.py"} {
		if tree(t, out)[name] != credit[name] {
			t.Errorf("%s differs", name)
		}
	}
}

// cosign and we see the same statements, and write the same manifest.
func TestInteropCosignAttachesAsWeDo(t *testing.T) {
	layout, subject := packed(t, credit)
	host, dir := start(t, "olareg"), t.TempDir()
	ref := host + "/team/credit"
	copied(t, "oci:"+layout, ref+":v1")
	write(t, filepath.Join(dir, "predicate.json"), `{"a":1}`)
	run(t, dir, "cosign", "generate-key-pair")
	run(t, dir, "cosign", "signing-config", "create", "--no-default-fulcio", "--no-default-rekor", "--no-default-tsa", "--no-default-oidc", "--out", "sc.json")
	run(t, dir, "cosign", "attest", "--yes", "--key", "cosign.key", "--signing-config", "sc.json", "--predicate", "predicate.json", "--type", "https://example.com/p", ref+"@"+subject.Digest)
	a := open(t, ref+":v1")
	for d, r := range bundles(t, a) {
		if r.Err != nil || r.PredicateType != "https://example.com/p" {
			t.Fatalf("%+v", r)
		}
		theirs := run(t, dir, "crane", "manifest", ref+"@"+d)
		var m struct{ Annotations map[string]string }
		if err := json.Unmarshal([]byte(theirs), &m); err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse(time.RFC3339, m.Annotations["org.opencontainers.image.created"])
		if err != nil {
			t.Fatal(err)
		}
		ours, err := a.Attach(t.Context(), r.Bundle, r.PredicateType, at)
		if err != nil || ours != d {
			t.Errorf("we wrote %s (%v), cosign %s:\n%s", ours, err, d, theirs)
		}
		second, err := artifact.Open(t.Context(), "oci:"+layout, artifact.Options{})
		if err != nil {
			t.Fatal(err)
		}
		defer second.Close()
		if again, err := second.Attach(t.Context(), r.Bundle, r.PredicateType, at); err != nil || again != d {
			t.Errorf("%s, %v", again, err)
		}
	}
	run(t, dir, "cosign", "verify-attestation", "--key", "cosign.pub", "--insecure-ignore-tlog", "--type", "https://example.com/p", ref+"@"+subject.Digest)
	run(t, dir, "cosign", "verify-attestation", "--key", "cosign.pub", "--insecure-ignore-tlog", "--type", "https://example.com/p", "--local-image", layout)
	saved := filepath.Join(t.TempDir(), "saved")
	run(t, dir, "cosign", "save", "--dir", saved, ref+":v1")
	if n := len(bundles(t, open(t, "oci:"+saved))); n != 1 {
		t.Errorf("of what cosign saved we read %d statements", n)
	}
}

// The image is an image to everybody: crane exports its file system, oras
// copies it, and each registry holds it.
func TestInteropImageIsAnImage(t *testing.T) {
	layout, subject := packedImage(t, credit)
	for name := range registries {
		t.Run(name, func(t *testing.T) {
			host := start(t, name)
			copied(t, "oci:"+layout, host+"/team/credit:image")
			if got := strings.TrimSpace(run(t, "", "crane", "digest", host+"/team/credit:image")); got != subject.Digest {
				t.Errorf("crane says %s, we %s", got, subject.Digest)
			}
			out := t.TempDir()
			run(t, out, "crane", "export", host+"/team/credit:image", "fs.tar")
			found := untarred(t, filepath.Join(out, "fs.tar"))
			for p, content := range credit {
				if found["models/"+p] != content {
					t.Errorf("models/%s differs", p)
				}
			}
			run(t, "", "oras", "cp", "--from-plain-http", "--to-plain-http", host+"/team/credit:image", host+"/other/credit:image")
			if err := open(t, host+"/other/credit:image").Verify(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
}
