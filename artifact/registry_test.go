// SPDX-License-Identifier: Apache-2.0

package artifact_test

import (
	"encoding/json"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/modelvet/modelvet/artifact"
)

// serve is a registry on loopback, with or without the referrers API, behind
// whatever the test puts before it.
func serve(t testing.TB, referrers bool, before func(w http.ResponseWriter, r *http.Request) (done bool)) string {
	t.Helper()
	inner := registry.New(registry.WithReferrersSupport(referrers), registry.Logger(log.New(io.Discard, "", 0)))
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if before == nil || !before(w, r) {
			inner.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

func copied(t testing.TB, from, to string) {
	t.Helper()
	if _, err := artifact.Copy(t.Context(), from, to, artifact.Options{}); err != nil {
		t.Fatal(err)
	}
}

func TestPushAndPullTakeTheStatementsAlong(t *testing.T) {
	for _, api := range []bool{true, false} {
		t.Run(fmt.Sprintf("referrers API %v", api), func(t *testing.T) {
			layout, subject, digests := signed(t)
			host := serve(t, api, nil)
			there, elsewhere := host+"/team/credit:v1", host+"/other/credit:v2"
			copied(t, "oci:"+layout, there)
			copied(t, "oci:"+layout, there) // again, which changes nothing
			copied(t, there, elsewhere)
			back := filepath.Join(t.TempDir(), "back")
			copied(t, elsewhere, "oci:"+back)
			for _, ref := range []string{there, elsewhere, host + "/team/credit@" + subject.Digest, "oci:" + back, "oci:" + back + ":v2"} {
				a := open(t, ref)
				if a.Subject().Digest != subject.Digest || !slices.Equal(a.Subject().Files, subject.Files) {
					t.Errorf("%s is %+v", ref, a.Subject())
				}
				if err := a.Verify(t.Context()); err != nil {
					t.Errorf("%s: %v", ref, err)
				}
				got := bundles(t, a)
				if len(got) != 2 || string(got[digests[0]].Bundle) != `{"one":1}` || got[digests[1]].Err != nil || got[digests[1]].PredicateType != "https://example.com/two" {
					t.Errorf("%s has %+v", ref, got)
				}
			}
			out := t.TempDir()
			if err := open(t, there).Extract(t.Context(), out); err != nil || !maps.Equal(tree(t, out), credit) {
				t.Errorf("extracting gave %v, %v", err, tree(t, out))
			}
			if before, after := tree(t, layout+"/blobs"), tree(t, back+"/blobs"); !maps.Equal(before, after) {
				t.Errorf("%d blobs were pushed, %d came back", len(before), len(after))
			}
		})
	}
}

func TestPushAndPullKnowTheirDirections(t *testing.T) {
	layout, subject := packed(t, credit)
	ref := serve(t, true, nil) + "/m:v1"
	_, err := artifact.Pull(t.Context(), "oci:"+layout, ref, artifact.Options{})
	wantError(t, err, "push takes")
	if _, err := artifact.Push(t.Context(), "oci:"+layout, ref, artifact.Options{}); err != nil {
		t.Fatal(err)
	}
	_, err = artifact.Push(t.Context(), ref, ref, artifact.Options{})
	wantError(t, err, "push takes")
	if s, err := artifact.Pull(t.Context(), ref, "oci:"+t.TempDir()+"/l", artifact.Options{}); err != nil || s.Digest != subject.Digest {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestCopyBetweenLayouts(t *testing.T) {
	layout, subject, _ := signed(t)
	to := filepath.Join(t.TempDir(), "to")
	copied(t, "oci:"+layout, "oci:"+to+":v7")
	if a := open(t, "oci:"+to+":v7"); a.Subject().Digest != subject.Digest || len(bundles(t, a)) != 2 {
		t.Errorf("%+v", a.Subject())
	}
	_, err := artifact.Copy(t.Context(), "oci:"+layout, "oci:"+to+"@"+digest("x"), artifact.Options{})
	wantError(t, err, digest("x"))
}

func TestAttachToARegistry(t *testing.T) {
	for _, api := range []bool{true, false} {
		layout, _ := packed(t, credit)
		host := serve(t, api, nil)
		copied(t, "oci:"+layout, host+"/credit:v1")
		var wg sync.WaitGroup
		for i := range 6 {
			wg.Go(func() {
				a, err := artifact.Open(t.Context(), host+"/credit:v1", artifact.Options{})
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := a.Attach(t.Context(), fmt.Appendf(nil, `{"n":%d}`, i), "https://example.com/p", time.Time{}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if n := len(bundles(t, open(t, host+"/credit:v1"))); n != 6 {
			t.Errorf("referrers API %v: %d bundles of 6 are listed", api, n)
		}
	}
}

func TestDamagedSourcesAreNotCopied(t *testing.T) {
	layout, subject, digests := signed(t)
	for name, want := range map[string]string{
		subject.Files[0].Digest: subject.Files[0].Path,
		digests[0]:              digests[0],
		digest(`{"one":1}`):     "a statement",
	} {
		host := serve(t, true, nil) // an empty one each time: what a registry holds already is not read again
		flip(t, blobPath(layout, name), 3)
		_, err := artifact.Copy(t.Context(), "oci:"+layout, host+"/credit:v1", artifact.Options{})
		wantError(t, err, want, "does not match")
		to := filepath.Join(t.TempDir(), "to")
		_, err = artifact.Copy(t.Context(), "oci:"+layout, "oci:"+to, artifact.Options{})
		wantError(t, err, want, "does not match")
		if _, err := os.Stat(to); !os.IsNotExist(err) {
			t.Error("half a layout was left")
		}
		_, err = artifact.Open(t.Context(), host+"/credit:v1", artifact.Options{})
		wantError(t, err, "not found")
		flip(t, blobPath(layout, name), 3)
	}
}

// A registry that answers with other bytes than it was asked for.
func TestLyingRegistry(t *testing.T) {
	layout, subject, digests := signed(t)
	var lie atomic.Value
	lie.Store("nothing")
	host := serve(t, true, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, lie.Load().(string)) {
			return false
		}
		io.WriteString(w, "something else")
		return true
	})
	ref := host + "/credit:v1"
	copied(t, "oci:"+layout, ref)
	lie.Store("/manifests/" + subject.Digest)
	_, err := artifact.Open(t.Context(), host+"/credit@"+subject.Digest, artifact.Options{})
	wantError(t, err, "does not match")
	lie.Store("/blobs/" + subject.Files[1].Digest)
	wantError(t, open(t, ref).Verify(t.Context()), subject.Files[1].Path, "does not match")
	wantError(t, open(t, ref).Extract(t.Context(), t.TempDir()), subject.Files[1].Path)
	_, err = artifact.Copy(t.Context(), ref, "oci:"+filepath.Join(t.TempDir(), "l"), artifact.Options{})
	wantError(t, err, subject.Files[1].Path, "does not match")
	for _, what := range []string{"/manifests/" + digests[1], "/blobs/" + digest(`{"two":2}`)} {
		lie.Store(what)
		got := bundles(t, open(t, ref))
		if got[digests[0]].Err != nil {
			t.Error(got[digests[0]].Err)
		}
		wantError(t, got[digests[1]].Err, digests[1], "does not match")
	}
	lie.Store("/referrers/" + subject.Digest)
	if got := bundles(t, open(t, ref)); len(got) != 0 {
		t.Errorf("%+v", got)
	}
}

// The connection breaks in the middle, and the registry is busy: the download
// goes on where it was.
func TestDownloadsAreResumed(t *testing.T) {
	layout, subject := packed(t, map[string]string{"m.onnx": strings.Repeat("w", 3<<20), "model/model.json": ""})
	big := subject.Files[0]
	if big.Path != "m.onnx" {
		t.Fatal(big)
	}
	var failures, ranged atomic.Int32
	host := serve(t, true, func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, big.Digest) {
			return false
		}
		from := 0
		if s, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes="); ok {
			from, _ = strconv.Atoi(strings.TrimSuffix(s, "-"))
			ranged.Add(1)
		}
		switch failures.Add(1) {
		case 2:
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
		case 1, 3:
			w.Header().Set("Content-Length", strconv.Itoa(3<<20-from))
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, 3<<20-1, 3<<20))
			w.WriteHeader(http.StatusPartialContent)
			io.WriteString(w, strings.Repeat("w", 1<<20))
			panic(http.ErrAbortHandler)
		default:
			r.Header.Del("Range") // from the beginning, whatever was asked for
			return false
		}
		return true
	})
	copied(t, "oci:"+layout, host+"/m:v1")
	if err := open(t, host+"/m:v1").Verify(t.Context()); err != nil {
		t.Error(err)
	}
	if ranged.Load() < 2 {
		t.Errorf("%d requests asked for the rest", ranged.Load())
	}
}

// Pages of the referrers API are all read, and a content type with a parameter
// is the same type.
func TestReferrersInPages(t *testing.T) {
	layout, subject, digests := signed(t)
	var pages atomic.Bool
	var descs []json.RawMessage
	host := serve(t, true, func(w http.ResponseWriter, r *http.Request) bool {
		if !pages.Load() || !strings.Contains(r.URL.Path, "/referrers/") {
			return false
		}
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		if n+1 < len(descs) {
			w.Header().Set("Link", fmt.Sprintf(`<%s?n=%d>; rel="next"`, r.URL.Path, n+1))
		}
		w.Header().Set("Content-Type", "application/vnd.oci.image.index.v1+json; charset=utf-8")
		fmt.Fprintf(w, `{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[%s]}`, descs[n])
		return true
	})
	ref := host + "/credit:v1"
	copied(t, "oci:"+layout, ref)
	resp, err := http.Get("http://" + host + "/v2/credit/referrers/" + subject.Digest)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var x struct{ Manifests []json.RawMessage }
	if err := json.NewDecoder(resp.Body).Decode(&x); err != nil {
		t.Fatal(err)
	}
	descs = x.Manifests
	pages.Store(true)
	got := bundles(t, open(t, ref))
	if len(got) != 2 || got[digests[0]].Err != nil || got[digests[1]].Err != nil {
		t.Errorf("%+v", got)
	}
}

func TestRegistryFailuresAreNotEmptyLists(t *testing.T) {
	layout, _, _ := signed(t)
	var status atomic.Int32
	host := serve(t, true, func(w http.ResponseWriter, r *http.Request) bool {
		if status.Load() == 0 || !strings.Contains(r.URL.Path, "/referrers/") {
			return false
		}
		w.Header().Set("Retry-After", "0")
		w.WriteHeader(int(status.Load()))
		return true
	})
	copied(t, "oci:"+layout, host+"/credit:v1")
	a := open(t, host+"/credit:v1")
	for _, code := range []int{401, 403, 500, 503} {
		status.Store(int32(code))
		if r, err := a.Referrers(t.Context()); err == nil {
			t.Errorf("status %d gives %d referrers and no error", code, len(r))
		}
	}
}

func TestHugeManifestIsRefused(t *testing.T) {
	host := serve(t, true, func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/manifests/") {
			return false
		}
		w.Header().Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
		io.WriteString(w, strings.Repeat(" ", 4<<20+1))
		return true
	})
	_, err := artifact.Open(t.Context(), host+"/m:v1", artifact.Options{})
	wantError(t, err, "4194304")
}

func TestRedirectsStayOutside(t *testing.T) {
	var target atomic.Value
	host := serve(t, true, func(w http.ResponseWriter, r *http.Request) bool {
		if !strings.Contains(r.URL.Path, "/manifests/") {
			return false
		}
		http.Redirect(w, r, target.Load().(string), http.StatusTemporaryRedirect)
		return true
	})
	for to, want := range map[string]string{"http://example.invalid/x": "plain http", "https://169.254.169.254/x": "private address"} {
		target.Store(to)
		_, err := artifact.Open(t.Context(), host+"/m:v1", artifact.Options{})
		wantError(t, err, want)
	}
}
