// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/artifact"
)

// big is a model whose weights take several parts of partSize.
func big(t testing.TB) map[string]string {
	t.Helper()
	var b strings.Builder
	for i := 0; b.Len() < 1<<20; i++ {
		fmt.Fprintf(&b, "%d ", i)
	}
	return map[string]string{"m.onnx": b.String(), "README.md": "small", "model/model.json": "{}"}
}

const partSize = 128 << 10

var inParts = artifact.Options{PartSize: partSize}

func pushed(t *testing.T, f *faulty, layout, host string, opts artifact.Options) {
	t.Helper()
	subject, err := artifact.Push(t.Context(), "oci:"+layout, host+"/m:v1", opts)
	if err != nil {
		t.Fatal(err)
	}
	f.fail, f.cut = nil, nil
	a := open(t, host+"/m:v1")
	if err := a.Verify(t.Context()); err != nil || a.Subject().Digest != subject.Digest {
		t.Errorf("what was pushed is not what was packed: %v", err)
	}
}

func TestConnectionCutAtEveryPart(t *testing.T) {
	layout, _ := packed(t, big(t))
	seen := map[string]bool{}
	var mu sync.Mutex
	f, host := startFaulty(t, &faulty{cut: func(r *http.Request) int64 {
		mu.Lock()
		defer mu.Unlock()
		key := r.URL.Query().Get("digest")
		if from, _, ok := strings.Cut(r.Header.Get("Content-Range"), "-"); ok {
			key = fmt.Sprint("part", atoi(from)/partSize)
		}
		if seen[key] || r.ContentLength == 0 {
			return -1
		}
		seen[key] = true
		return r.ContentLength / 2
	}})
	pushed(t, f, layout, host, inParts)
	if f.requests[http.MethodPatch] < 8 {
		t.Errorf("%d parts", f.requests[http.MethodPatch])
	}
	if n := f.received; n > 1<<20+256<<10 {
		t.Errorf("%d bytes were sent for 1 MiB: what had arrived was sent again", n)
	}
}

func atoi(s string) (n int64) {
	fmt.Sscan(s, &n)
	return n
}

// A registry that forgets an upload that was cut is sent it again.
func TestUploadThatIsForgottenBeginsAgain(t *testing.T) {
	layout, _ := packed(t, big(t))
	var cuts atomic.Int32
	f, host := startFaulty(t, &faulty{
		fail: func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodGet && strings.Contains(r.URL.Path, "/uploads/") {
				w.WriteHeader(http.StatusNotFound)
				return true
			}
			return false
		},
		cut: func(r *http.Request) int64 {
			if r.Method == http.MethodPatch && cuts.Add(1) == 3 {
				return 1000
			}
			return -1
		},
	})
	pushed(t, f, layout, host, inParts)
}

func TestRegistryThatTakesNoParts(t *testing.T) {
	for _, status := range []int{400, 405, 411, 413, 416, 501, 201} {
		layout, _ := packed(t, big(t))
		f, host := startFaulty(t, &faulty{fail: func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodPatch {
				io.Copy(io.Discard, r.Body)
				w.WriteHeader(status)
			}
			return r.Method == http.MethodPatch
		}})
		pushed(t, f, layout, host, inParts)
		if f.requests[http.MethodPatch] != 1 {
			t.Errorf("status %d: asked %d times", status, f.requests[http.MethodPatch])
		}
	}
}

// Every request fails once, as a busy registry's do.
func TestBusyRegistry(t *testing.T) {
	for _, status := range []int{429, 500, 502, 503} {
		layout, _, _ := signed(t)
		var mu sync.Mutex
		seen := map[string]bool{}
		f, host := startFaulty(t, &faulty{fail: func(w http.ResponseWriter, r *http.Request) bool {
			mu.Lock()
			defer mu.Unlock()
			kind, _, _ := strings.Cut(r.URL.Path, "/uploads/")
			key := r.Method + kind
			if r.URL.Path == "/v2/" || seen[key] || r.Method == http.MethodHead {
				return false
			}
			seen[key] = true
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(status)
			return true
		}})
		pushed(t, f, layout, host, inParts)
	}
}

func TestRetryAfterIsHonoured(t *testing.T) {
	layout, _ := packed(t, big(t))
	var first atomic.Int64
	f, host := startFaulty(t, &faulty{fail: func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodPut || !strings.HasSuffix(r.URL.Path, "/manifests/v1") {
			return false
		}
		if first.CompareAndSwap(0, time.Now().UnixNano()) {
			w.Header().Set("Retry-After", "1")
			w.WriteHeader(http.StatusTooManyRequests)
			return true
		}
		if waited := time.Since(time.Unix(0, first.Load())); waited < time.Second {
			t.Errorf("came back after %s", waited)
		}
		return false
	}})
	pushed(t, f, layout, host, artifact.Options{})
}

// What never gets better is an error that says what, and leaves no tag.
func TestFailuresThatStay(t *testing.T) {
	layout, subject := packed(t, big(t))
	for name, c := range map[string]struct {
		method, path string
		status       int
		want         string
	}{
		"uploads":        {http.MethodPost, "/blobs/uploads/", 503, "503"},
		"parts":          {http.MethodPatch, "/blobs/uploads/", 500, "m.onnx"},
		"forbidden":      {http.MethodPost, "/blobs/uploads/", 403, "403"},
		"the last":       {http.MethodPut, "/blobs/uploads/", 507, "507"},
		"the manifest":   {http.MethodPut, "/manifests/" + subject.Digest, 500, subject.Digest},
		"too large":      {http.MethodPut, "/manifests/" + subject.Digest, 413, "413"},
		"only the tag":   {http.MethodPut, "/manifests/v1", 500, "v1"},
		"quota":          {http.MethodPost, "/blobs/uploads/", 429, "429"},
		"not authorised": {http.MethodPut, "/manifests/v1", 401, "401"},
	} {
		t.Run(name, func(t *testing.T) {
			f, host := startFaulty(t, &faulty{fail: func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != c.method || !strings.Contains(r.URL.Path, c.path) {
					return false
				}
				w.Header().Set("Retry-After", "0")
				w.WriteHeader(c.status)
				return true
			}})
			_, err := artifact.Push(t.Context(), "oci:"+layout, host+"/m:v1", inParts)
			wantError(t, err, c.want)
			if f.tagged("m", "v1") {
				t.Error("the tag is there")
			}
		})
	}
}

func TestRegistryThatStoresSomethingElse(t *testing.T) {
	layout, subject := packed(t, big(t))
	for _, path := range []string{"/blobs/uploads/", "/manifests/" + subject.Digest} {
		f, host := startFaulty(t, &faulty{fail: func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodPut || !strings.Contains(r.URL.Path, path) {
				return false
			}
			io.Copy(io.Discard, r.Body)
			w.Header().Set("Docker-Content-Digest", digest("something else"))
			w.WriteHeader(http.StatusCreated)
			return true
		}})
		_, err := artifact.Push(t.Context(), "oci:"+layout, host+"/m:v1", inParts)
		wantError(t, err, digest("something else"))
		if f.tagged("m", "v1") {
			t.Error("the tag is there")
		}
	}
}

func TestTruncatedBlob(t *testing.T) {
	layout, subject := packed(t, big(t))
	f, host := startFaulty(t, &faulty{})
	pushed(t, f, layout, host, inParts)
	for _, length := range []string{"1000", "1048576"} { // a short blob, and a cut one
		f.fail = func(w http.ResponseWriter, r *http.Request) bool {
			if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, subject.Files[1].Digest) {
				return false
			}
			w.Header().Set("Content-Length", length)
			w.WriteHeader(http.StatusOK)
			io.WriteString(w, strings.Repeat("x", 1000))
			return true
		}
		to := filepath.Join(t.TempDir(), "l")
		_, err := artifact.Pull(t.Context(), host+"/m:v1", "oci:"+to, artifact.Options{})
		wantError(t, err, "m.onnx")
		if _, err := artifact.Open(t.Context(), "oci:"+to, artifact.Options{}); !errors.Is(err, artifact.ErrNotFound) {
			t.Errorf("half a layout can be opened: %v", err)
		}
		out := t.TempDir()
		wantError(t, open(t, host+"/m:v1").Extract(t.Context(), out), "m.onnx")
		if _, err := os.Stat(filepath.Join(out, "m.onnx")); !os.IsNotExist(err) {
			t.Error("half a file was left")
		}
	}
}

// Tokens that live for a few requests only expire in the middle of everything.
func TestTokenExpiresInMidUpload(t *testing.T) {
	layout, _, _ := signed(t)
	large, _ := packed(t, big(t))
	var issued, used atomic.Int32
	var host string
	f, host := startFaulty(t, &faulty{})
	f.fail = func(w http.ResponseWriter, r *http.Request) bool {
		if r.URL.Path == "/token" {
			used.Store(0)
			fmt.Fprintf(w, `{"token":"t%d"}`, issued.Add(1))
			return true
		}
		if r.Header.Get("Authorization") == fmt.Sprintf("Bearer t%d", issued.Load()) && used.Add(1) <= 3 {
			return false
		}
		w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Bearer realm="http://%s/token",service="s",scope="repository:m:push,pull"`, host))
		w.WriteHeader(http.StatusUnauthorized)
		return true
	}
	for _, l := range []string{layout, large} {
		if _, err := artifact.Push(t.Context(), "oci:"+l, host+"/m:v1", artifact.Options{PartSize: partSize, Workers: 1}); err != nil {
			t.Fatal(err)
		}
	}
	if issued.Load() < 4 {
		t.Errorf("%d tokens were asked for", issued.Load())
	}
	f.fail = nil
	if err := open(t, host+"/m:v1").Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestTwoPushersAtOnce(t *testing.T) {
	one, first := packed(t, big(t))
	two, second := packed(t, with(big(t), "README.md", "another"))
	_, host := startFaulty(t, &faulty{})
	var wg sync.WaitGroup
	for _, layout := range []string{one, two, one, two} {
		wg.Go(func() {
			if _, err := artifact.Push(t.Context(), "oci:"+layout, host+"/m:v1", inParts); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for ref, want := range map[string][]string{"/m:v1": {first.Digest, second.Digest}, "/m@" + first.Digest: {first.Digest}, "/m@" + second.Digest: {second.Digest}} {
		a := open(t, host+ref)
		if d := a.Subject().Digest; d != want[0] && d != want[len(want)-1] {
			t.Errorf("%s is %s", ref, d)
		}
		if err := a.Verify(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// The source is damaged: the registry never gets a whole blob of it.
func TestDamagedSourceInParts(t *testing.T) {
	layout, subject := packed(t, big(t))
	flip(t, blobPath(layout, subject.Files[1].Digest), 900_000)
	f, host := startFaulty(t, &faulty{})
	_, err := artifact.Push(t.Context(), "oci:"+layout, host+"/m:v1", inParts)
	wantError(t, err, "m.onnx", "does not match")
	if !errors.Is(err, artifact.ErrChanged) || f.tagged("m", "v1") || len(f.uploads) > 0 {
		t.Errorf("%v; %d uploads are open", err, len(f.uploads))
	}
}

func TestMountInsteadOfUpload(t *testing.T) {
	layout, _ := packed(t, big(t))
	f, host := startFaulty(t, &faulty{})
	pushed(t, f, layout, host, inParts)
	before := f.received
	if _, err := artifact.Copy(t.Context(), host+"/m:v1", host+"/other:v1", inParts); err != nil {
		t.Fatal(err)
	}
	if f.received != before {
		t.Errorf("%d bytes were sent although the registry had them", f.received-before)
	}
}

// A proxy that bounds requests gets a large file in parts that it takes.
func TestProxyThatBoundsRequests(t *testing.T) {
	const bound = 5 << 20
	dir := folder(t, map[string]string{"m.onnx": strings.Repeat("0123456789abcdef", 9<<16)}) // 9 MiB
	f, host := startFaulty(t, &faulty{fail: func(w http.ResponseWriter, r *http.Request) bool {
		if r.ContentLength > bound {
			w.WriteHeader(http.StatusRequestEntityTooLarge)
		}
		return r.ContentLength > bound
	}})
	if _, err := artifact.PackTo(t.Context(), dir, modelvet.System{}, host+"/m:v1", artifact.Options{}); err != nil {
		t.Fatal(err)
	}
	if err := open(t, host+"/m:v1").Verify(t.Context()); err != nil {
		t.Error(err)
	}
	if n := f.requests[http.MethodPatch]; n != 4 {
		t.Errorf("%d requests, want one that is too large and 3", n)
	}
}

// A registry that takes a small blob at once is asked once for each; one that
// does not is tried once.
func TestSmallBlobsInOneRequest(t *testing.T) {
	for name, c := range map[string]struct {
		status, puts int
		takes        bool
	}{
		"takes it":          {takes: true, puts: 1},
		"begins an upload":  {puts: 4 + 1},
		"refuses":           {status: http.StatusBadRequest, puts: 4 + 1},
		"knows no method":   {status: http.StatusMethodNotAllowed, puts: 4 + 1},
		"is busy once":      {status: http.StatusServiceUnavailable, takes: true, puts: 1},
		"wants a signature": {status: http.StatusUnsupportedMediaType, puts: 4 + 1},
	} {
		t.Run(name, func(t *testing.T) {
			var tried atomic.Int32
			dir := folder(t, map[string]string{"a.onnx": "1", "b.onnx": "2", "c.onnx": "3"})
			f, host := startFaulty(t, &faulty{})
			f.fail = func(w http.ResponseWriter, r *http.Request) bool {
				if r.Method != http.MethodPost || !r.URL.Query().Has("digest") {
					return false
				}
				if first := tried.Add(1) == 1; c.status != 0 && (first || !c.takes) {
					w.WriteHeader(c.status)
					return true
				}
				if c.takes {
					f.inner.ServeHTTP(w, r)
				}
				return c.takes
			}
			if _, err := artifact.PackTo(t.Context(), dir, modelvet.System{}, host+"/m:v1", artifact.Options{Workers: 1}); err != nil {
				t.Fatal(err)
			}
			if err := open(t, host+"/m:v1").Verify(t.Context()); err != nil {
				t.Error(err)
			}
			if !c.takes && tried.Load() != 1 {
				t.Errorf("tried %d times", tried.Load())
			}
			if got := f.requests[http.MethodPut]; got != c.puts {
				t.Errorf("%d requests to put, want %d", got, c.puts)
			}
		})
	}
}
