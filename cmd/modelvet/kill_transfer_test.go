// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
)

// weights is how large the large file of the model is that is pushed and pulled.
const weights = 8 << 20

// slow is a registry that stops in the middle of the weights, the first time
// that they are sent or fetched, and says so.
type slow struct {
	http.Handler
	hex       string // of the weights
	stopped   chan struct{}
	armed     atomic.Bool
	sent, got atomic.Int64 // bytes of bodies, since the last reset
}

func startSlow(t *testing.T, hex string) (*slow, string) {
	t.Helper()
	s := &slow{Handler: registry.New(registry.Logger(log.New(io.Discard, "", 0))), hex: hex, stopped: make(chan struct{})}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return s, strings.TrimPrefix(server.URL, "http://")
}

func (s *slow) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.ContentLength > weights/2 && s.armed.CompareAndSwap(true, false):
		_, _ = io.CopyN(io.Discard, r.Body, weights/2)
		close(s.stopped)
		_, _ = io.Copy(io.Discard, r.Body)
		<-r.Context().Done() // no answer
	case r.Method == http.MethodGet && strings.HasSuffix(r.URL.Path, "/blobs/sha256:"+s.hex):
		s.serve(w, r)
	default:
		b, _ := io.ReadAll(r.Body)
		s.sent.Add(int64(len(b)))
		r.Body = io.NopCloser(bytes.NewReader(b))
		s.Handler.ServeHTTP(w, r)
	}
}

// serve gives the weights from a byte on, as registries do.
func (s *slow) serve(w http.ResponseWriter, r *http.Request) {
	whole := httptest.NewRecorder()
	s.Handler.ServeHTTP(whole, httptest.NewRequest(http.MethodGet, r.URL.Path, nil))
	if s.armed.CompareAndSwap(true, false) {
		w.Header().Set("Content-Length", fmt.Sprint(weights))
		_, _ = w.Write(whole.Body.Bytes()[:weights/2])
		w.(http.Flusher).Flush()
		time.Sleep(100 * time.Millisecond) // for it to be written there
		close(s.stopped)
		<-r.Context().Done()
		return
	}
	http.ServeContent(counting{w, &s.got}, r, "", time.Time{}, bytes.NewReader(whole.Body.Bytes()))
}

type counting struct {
	http.ResponseWriter
	n *atomic.Int64
}

func (c counting) Write(b []byte) (int, error) {
	c.n.Add(int64(len(b)))
	return c.ResponseWriter.Write(b)
}

func modelToSend(t *testing.T) (dir, hex string) {
	t.Helper()
	dir, b := t.TempDir(), make([]byte, weights)
	source := rand.NewChaCha8([32]byte{1})
	_, _ = source.Read(b)
	for name, content := range map[string][]byte{
		"model.gguf":    b,
		"modelvet.yaml": []byte("name: m\nversion: 1.0.0\npurpose: It exists to be sent and fetched.\nprovider: {name: Nobody}\nrole: provider\nriskClass: minimal\nmodel: {format: gguf, files: [model.gguf]}\n"),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, fmt.Sprintf("%x", sha256.Sum256(b))
}

// verb runs modelvet in a process of its own.
func verb(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), "MODELVET_TEST_MAIN=1", "XDG_CONFIG_HOME="+t.TempDir(), "DOCKER_CONFIG="+t.TempDir())
	return cmd
}

// killed runs it until the registry has stopped, and kills it there.
func killed(t *testing.T, s *slow, args ...string) {
	t.Helper()
	s.armed.Store(true)
	s.stopped = make(chan struct{})
	cmd := verb(t, args...)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.stopped:
	case <-time.After(30 * time.Second):
		s.armed.Store(false)
		t.Error("the registry was never asked for the weights")
	}
	_ = cmd.Process.Kill()
	if err := cmd.Wait(); err == nil {
		t.Fatal("it ended by itself")
	}
}

func again(t *testing.T, args ...string) {
	t.Helper()
	if out, err := verb(t, args...).CombinedOutput(); err != nil {
		t.Fatalf("the second run: %v\n%s", err, out)
	}
}

// Killed while it sends the weights, push leaves nothing under the tag; the next
// one sends what is missing only.
func TestKilledPushIsFinishedByTheNext(t *testing.T) {
	dir, hex := modelToSend(t)
	layout := "oci:" + filepath.Join(t.TempDir(), "layout")
	again(t, "pack", dir, "--out", strings.TrimPrefix(layout, "oci:"))
	for name, from := range map[string]string{"folder": dir, "layout": layout} {
		t.Run(name, func(t *testing.T) {
			s, host := startSlow(t, hex)
			ref := host + "/team/m:v1"
			killed(t, s, "push", from, ref)
			if resp, err := http.Get("http://" + host + "/v2/team/m/manifests/v1"); err != nil || resp.StatusCode != http.StatusNotFound {
				t.Fatalf("something stands under the tag: %v, %v", resp.Status, err)
			}
			if s.sent.Load() > weights/2 {
				t.Fatalf("%d bytes were sent before the weights", s.sent.Load())
			}
			again(t, "push", from, ref)
			s.sent.Store(0)
			again(t, "push", from, host+"/team/m:v2")
			if n := s.sent.Load(); n > 1<<20 {
				t.Errorf("%d bytes were sent although the registry had them", n)
			}
			again(t, "pull", ref, filepath.Join(t.TempDir(), "back"))
		})
	}
}

// Killed while it fetches the weights, pull leaves nothing under their name;
// the next one fetches what is missing only.
func TestKilledPullIsFinishedByTheNext(t *testing.T) {
	dir, hex := modelToSend(t)
	s, host := startSlow(t, hex)
	ref := host + "/team/m:v1"
	again(t, "push", dir, ref)
	for name, to := range map[string]string{"folder": filepath.Join(t.TempDir(), "out"), "layout": "oci:" + filepath.Join(t.TempDir(), "layout")} {
		t.Run(name, func(t *testing.T) {
			killed(t, s, "pull", ref, to)
			target := strings.TrimPrefix(to, "oci:")
			for _, half := range []string{"model.gguf", "index.json", filepath.Join("blobs", "sha256", hex)} {
				if _, err := os.Lstat(filepath.Join(target, half)); err == nil {
					t.Errorf("%s is there", half)
				}
			}
			s.got.Store(0)
			again(t, "pull", ref, to)
			if n := s.got.Load(); n == 0 || n > weights/2+1<<20 {
				t.Errorf("%d bytes were fetched again", n)
			}
			again(t, "pull", ref, to)
			if left, _ := filepath.Glob(filepath.Join(target, ".partial-*")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
			if _, err := os.Stat(filepath.Join(target, ".ingest")); err == nil {
				t.Error("left behind: .ingest")
			}
			whole := filepath.Join(target, "model.gguf")
			if strings.HasPrefix(to, "oci:") {
				whole = filepath.Join(target, "blobs", "sha256", hex)
			}
			b, err := os.ReadFile(whole)
			if err != nil || fmt.Sprintf("%x", sha256.Sum256(b)) != hex {
				t.Errorf("the weights differ: %v", err)
			}
		})
	}
}
