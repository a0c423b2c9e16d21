// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-containerregistry/pkg/registry"
)

// faulty is a registry that takes uploads in parts and knows how far they came,
// as the distribution registry does, in front of go-containerregistry's. It
// fails as the test says, and watches that no tag ever leads to a manifest whose
// blobs are not all there.
type faulty struct {
	t     *testing.T
	inner http.Handler
	// fail may answer a request instead of the registry.
	fail func(w http.ResponseWriter, r *http.Request) bool
	// cut says how many bytes of a request's body are read before the
	// connection breaks; a negative number: all.
	cut func(r *http.Request) int64

	mu       sync.Mutex
	uploads  map[string][]byte
	received int64
	begun    int
	requests map[string]int
}

func startFaulty(t *testing.T, f *faulty) (*faulty, string) {
	t.Helper()
	f.t, f.uploads, f.requests = t, map[string][]byte{}, map[string]int{}
	f.inner = registry.New(registry.WithReferrersSupport(true), registry.Logger(log.New(io.Discard, "", 0)))
	s := httptest.NewServer(f)
	t.Cleanup(s.Close)
	return f, strings.TrimPrefix(s.URL, "http://")
}

func (f *faulty) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	f.requests[r.Method]++
	f.mu.Unlock()
	if f.fail != nil && f.fail(w, r) {
		return
	}
	_, id, ok := strings.Cut(r.URL.Path, "/blobs/uploads/")
	switch {
	case ok && r.Method == http.MethodPost && !r.URL.Query().Has("mount"):
		f.mu.Lock()
		f.begun++
		id = fmt.Sprint("u", f.begun)
		f.uploads[id] = nil
		f.mu.Unlock()
		f.answer(w, r.URL.Path+id, id, http.StatusAccepted)
	case ok && id != "":
		f.upload(w, r, id)
	case r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/manifests/"):
		f.manifest(w, r)
	default:
		f.inner.ServeHTTP(w, r)
	}
}

func (f *faulty) answer(w http.ResponseWriter, location, id string, status int) {
	f.mu.Lock()
	n := len(f.uploads[id])
	f.mu.Unlock()
	w.Header().Set("Location", location)
	w.Header().Set("Range", fmt.Sprintf("0-%d", max(0, n-1)))
	w.WriteHeader(status)
}

func (f *faulty) upload(w http.ResponseWriter, r *http.Request, id string) {
	f.mu.Lock()
	have, ok := f.uploads[id]
	f.mu.Unlock()
	if !ok {
		w.WriteHeader(http.StatusNotFound)
		return
	}
	if r.Method == http.MethodGet {
		f.answer(w, r.URL.Path, id, http.StatusNoContent)
		return
	}
	if r.Method == http.MethodDelete {
		f.mu.Lock()
		delete(f.uploads, id)
		f.mu.Unlock()
		w.WriteHeader(http.StatusNoContent)
		return
	}
	from := -1
	if fmt.Sscanf(r.Header.Get("Content-Range"), "%d-", &from); from >= 0 && from != len(have) {
		w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
		return
	}
	limit := int64(-1)
	if f.cut != nil {
		limit = f.cut(r)
	}
	in := io.Reader(r.Body)
	if limit >= 0 {
		in = io.LimitReader(in, limit)
	}
	b, err := io.ReadAll(in)
	f.mu.Lock()
	f.received += int64(len(b))
	f.uploads[id] = append(have, b...)
	all := f.uploads[id]
	f.mu.Unlock()
	if err != nil || limit >= 0 {
		panic(http.ErrAbortHandler)
	}
	if r.Method == http.MethodPatch {
		f.answer(w, r.URL.Path, id, http.StatusAccepted)
		return
	}
	f.mu.Lock()
	delete(f.uploads, id)
	f.mu.Unlock()
	repo, _, _ := strings.Cut(r.URL.Path, "/blobs/uploads/")
	again := httptest.NewRequest(http.MethodPost, repo+"/blobs/uploads/?digest="+r.URL.Query().Get("digest"), bytes.NewReader(all))
	f.inner.ServeHTTP(w, again)
}

// manifest lets a tag appear only where everything below it is there.
func (f *faulty) manifest(w http.ResponseWriter, r *http.Request) {
	raw, _ := io.ReadAll(r.Body)
	var m struct {
		Config *struct{ Digest string }
		Layers []struct{ Digest string }
	}
	if err := json.Unmarshal(raw, &m); err != nil {
		f.t.Errorf("half a manifest was put: %s", raw)
	}
	blobs := m.Layers
	if m.Config != nil {
		blobs = append(blobs, *m.Config)
	}
	repo, _, _ := strings.Cut(r.URL.Path, "/manifests/")
	for _, b := range blobs {
		rec := httptest.NewRecorder()
		f.inner.ServeHTTP(rec, httptest.NewRequest(http.MethodHead, repo+"/blobs/"+b.Digest, nil))
		if rec.Code != http.StatusOK {
			f.t.Errorf("%s was put before its blob %s", r.URL.Path, b.Digest)
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(raw))
	f.inner.ServeHTTP(w, r)
}

// tagged tells whether a tag leads anywhere.
func (f *faulty) tagged(repo, tag string) bool {
	rec := httptest.NewRecorder()
	f.inner.ServeHTTP(rec, httptest.NewRequest(http.MethodHead, "/v2/"+repo+"/manifests/"+tag, nil))
	return rec.Code == http.StatusOK
}
