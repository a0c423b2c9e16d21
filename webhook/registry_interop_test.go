// SPDX-License-Identifier: Apache-2.0

//go:build interop

package webhook_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// front stands before the real registry, and has its bad days.
type front struct {
	host   string
	asked  atomic.Int32
	mood   atomic.Pointer[func(http.ResponseWriter, *http.Request)] // nil: passes on
	server *http.Server
}

func (f *front) be(mood func(http.ResponseWriter, *http.Request)) {
	if mood == nil {
		f.mood.Store(nil)
		return
	}
	f.mood.Store(&mood)
}

func newFront(r *rig) *front {
	f := &front{}
	proxy := httputil.NewSingleHostReverseProxy(&url.URL{Scheme: "http", Host: r.registry})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	r.must(err)
	f.host = l.Addr().String()
	f.server = &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		f.asked.Add(1)
		if mood := f.mood.Load(); mood != nil {
			(*mood)(w, req)
			return
		}
		proxy.ServeHTTP(w, req)
	})}
	go func() { _ = f.server.Serve(l) }()
	r.root.Cleanup(func() { _ = f.server.Close() })
	return f
}

func status(code int, header ...string) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i+1 < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(code)
	}
}

func (r *rig) metric(t *testing.T, name string) string {
	t.Helper()
	resp, err := http.Get("http://" + r.health + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, _ := io.ReadAll(resp.Body)
	for line := range strings.Lines(string(b)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// A registry that is busy, broken or gone: what was verified is used for a
// while, visibly; what is not known is refused with 503; nothing that passes is
// remembered.
func (r *rig) testRegistry(t *testing.T) {
	f := newFront(r)
	known, unknown := f.host+strings.TrimPrefix(r.ok, r.registry), f.host+strings.TrimPrefix(r.bad, r.registry)
	r.stop(t)
	r.serve("--fresh", "500ms", "--stale", "12s")
	warned := func(ref string) (int, string) {
		pod := volumePod(ref)
		pod["metadata"] = map[string]any{"generateName": "t-"}
		code, out, warnings := r.call(http.MethodPost, "/api/v1/namespaces/ml/pods?dryRun=All", pod)
		return code, string(out) + strings.Join(warnings, " ")
	}
	r.wait("the model through the front", 20*time.Second, func() bool { code, _ := warned(known); return code == http.StatusCreated })
	verified := time.Now()
	for name, mood := range map[string]func(http.ResponseWriter, *http.Request){
		"429": status(429, "Retry-After", "0"), "500": status(500), "502": status(502), "503": status(503, "Retry-After", "0"),
		"cut short": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(`{"schemaVersion":2`))
		},
	} {
		f.be(mood)
		time.Sleep(600 * time.Millisecond) // no longer fresh
		if code, out := warned(unknown); code != http.StatusServiceUnavailable {
			t.Errorf("%s: a model that is not known: %d %s; want 503", name, code, out)
		}
		code, out := warned(known)
		inTime := time.Since(verified) < 12*time.Second // else the machine is too busy for this window
		if inTime && (code != http.StatusCreated || !strings.Contains(out, "the registry does not answer; decided by what was verified")) {
			t.Errorf("%s: a model that is known: %d %s; want it admitted with a warning", name, code, out)
		}
		f.be(nil)
		asked := f.asked.Load()
		if code, out := warned(unknown); code != http.StatusForbidden || f.asked.Load() == asked {
			t.Errorf("%s, and then well: %d %s; want 403 at once, nothing remembered", name, code, out)
		}
		if code, out := warned(known); code != http.StatusCreated || strings.Contains(out, "does not answer") {
			t.Errorf("%s, and then well: %d %s", name, code, out)
		}
		if n := r.metric(t, `modelvet_facts_lookups_total{result="stale"}`); inTime && (n == "" || n == "0") {
			t.Errorf("%s: the metric of stale answers: %q", name, n)
		}
		r.forgetNegative(t, f)
		verified = time.Now()
	}
	r.wait("the stale answer in the audit log", 10*time.Second, func() bool {
		log, _ := os.ReadFile(r.auditLog)
		return bytes.Contains(log, []byte(`"models.modelvet.github.io/stale"`))
	})
	// A registry that asks for more patience than a review has.
	f.be(status(429, "Retry-After", "30"))
	body := envelope(t, request(t, "ml", "CREATE", volumePod(f.host+"/models/none@"+digest("7")), nil))
	start := time.Now()
	out := r.review(t, body, "2s")
	if took := time.Since(start); took > 2*time.Second || !strings.Contains(out, `"code":503`) {
		t.Errorf("answered after %s: %s", took, out)
	}
	// Gone, for longer than the window.
	_ = f.server.Close()
	time.Sleep(time.Until(verified.Add(13 * time.Second)))
	if code, out := warned(known); code != http.StatusServiceUnavailable {
		t.Errorf("after the stale window: %d %s; want 503", code, out)
	}
}

// forgetNegative waits until a definitive no is asked for again (15 s), by
// restarting the webhook, which is faster; the known model is read again.
func (r *rig) forgetNegative(t *testing.T, f *front) {
	r.stop(t)
	r.serve("--fresh", "500ms", "--stale", "12s")
	r.wait("the model through the front", 20*time.Second, func() bool {
		code, _ := r.create(t, "ml", volumePod(f.host+strings.TrimPrefix(r.ok, r.registry)))
		return code == http.StatusCreated
	})
}

// review asks the webhook itself.
func (r *rig) review(t *testing.T, body []byte, timeout string) string {
	t.Helper()
	resp, err := r.client.Post("https://"+r.address+"/validate?timeout="+timeout, "application/json", bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	out, _ := io.ReadAll(resp.Body)
	return string(out)
}

// A real registry that limits how often it is asked: everybody gets an answer,
// and none of them is wrong.
func (r *rig) testRateLimit(t *testing.T) {
	p := port(t)
	store := []string{"serve", "--addr", "127.0.0.1", "--port", p, "--store-type", "dir", "--dir", filepath.Join(r.dir, "limited")}
	first := r.start("limited.log", filepath.Join(r.bin, "olareg"), store...)
	host := "127.0.0.1:" + p
	up := func() bool {
		resp, err := http.Get("http://" + host + "/v2/")
		return err == nil && resp.Body.Close() == nil
	}
	r.wait("the second registry", 20*time.Second, up)
	r.run(nil, "0", "push", "oci:"+filepath.Join("credit", "layout"), host+"/models/credit:v1")
	_ = first.Process.Kill()
	_, _ = first.Process.Wait()
	r.start("limited.log", filepath.Join(r.bin, "olareg"), append(store, "--store-ro", "--rate-limit", "3")...)
	r.wait("the second registry", 20*time.Second, up)
	var wg sync.WaitGroup
	var yes, later, wrong atomic.Int32
	for range 20 {
		wg.Go(func() {
			switch code, out := r.create(t, "ml", volumePod(host+strings.TrimPrefix(r.ok, r.registry))); code {
			case http.StatusCreated:
				yes.Add(1)
			case http.StatusServiceUnavailable:
				later.Add(1)
			default:
				wrong.Add(1)
				t.Errorf("%d %.400s", code, out)
			}
		})
	}
	wg.Wait()
	r.wait("the limited registry gives its answer", 60*time.Second, func() bool {
		code, _ := r.create(t, "ml", volumePod(host+strings.TrimPrefix(r.ok, r.registry)))
		return code == http.StatusCreated
	})
	t.Logf("20 reviews of a model in a registry with 3 requests a second: %d admitted, %d told to come back, %d wrong", yes.Load(), later.Load(), wrong.Load())
}

// --judge full needs no decision: it evaluates the evidence itself.
func (r *rig) testFull(t *testing.T) {
	undecided := r.undecided(t)
	for _, c := range []struct {
		how, ref, want string
		code           int
	}{
		{"decision", r.ok, "", http.StatusCreated},
		{"decision", undecided, "no signed decision", http.StatusForbidden},
		{"full", r.ok, "", http.StatusCreated},
		{"full", undecided, "", http.StatusCreated},
		{"full", r.pending, "is pending", http.StatusForbidden},
		{"full", r.bad, "is denied", http.StatusForbidden},
	} {
		if c.ref == r.ok {
			r.stop(t)
			r.serve("--judge", c.how)
		}
		var code int
		var out string
		r.wait(c.how+" answers about "+c.ref, 40*time.Second, func() bool {
			code, out = r.create(t, "ml", volumePod(c.ref))
			return code != http.StatusInternalServerError && code != http.StatusServiceUnavailable
		})
		if code != c.code || !strings.Contains(out, c.want) {
			t.Errorf("--judge %s, %s: %d %.600s; want %d %q", c.how, c.ref, code, out, c.code, c.want)
		}
	}
	r.stop(t)
	r.serve()
}

// undecided is the approved model with its evidence, and without any decision.
func (r *rig) undecided(t *testing.T) string {
	t.Helper()
	dir := filepath.Join(r.dir, "undecided")
	r.must(exec.Command("cp", "-r", filepath.Join(r.dir, "credit", "layout"), dir).Run())
	raw, err := os.ReadFile(filepath.Join(dir, "index.json"))
	r.must(err)
	var index map[string]any
	r.must(json.Unmarshal(raw, &index))
	all := index["manifests"].([]any)
	kept := slices.DeleteFunc(slices.Clone(all), func(m any) bool { return strings.Contains(fmt.Sprint(m), "predicates/decision/v1") })
	if len(kept) == len(all) {
		t.Fatal("the layout lists no decision")
	}
	for _, m := range all {
		if strings.Contains(fmt.Sprint(m), "predicates/decision/v1") {
			_, hex, _ := strings.Cut(m.(map[string]any)["digest"].(string), ":")
			r.must(os.Remove(filepath.Join(dir, "blobs", "sha256", hex)))
		}
	}
	index["manifests"] = kept
	raw, _ = json.Marshal(index)
	r.must(os.WriteFile(filepath.Join(dir, "index.json"), raw, 0o644))
	ref := r.registry + "/models/undecided"
	r.run(nil, "0", "push", "oci:undecided", ref+":v1")
	return ref + "@" + r.digestOf(ref+":v1")
}

// A typed artifact mounts as an empty folder on containerd: whoever uses it as
// an image volume is told so, at once.
func (r *rig) testEmptyMount(t *testing.T) {
	pod := volumePod(r.ok)
	pod["metadata"] = map[string]any{"generateName": "t-"}
	code, out, warnings := r.call(http.MethodPost, "/api/v1/namespaces/ml/pods?dryRun=All", pod)
	if code != http.StatusCreated || !strings.Contains(strings.Join(warnings, " "), "EMPTY folder") {
		t.Errorf("an image volume of a ModelPack artifact: %d %s, warnings %q", code, out, warnings)
	}
	csi := map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"generateName": "t-"}, "spec": map[string]any{
		"containers": []any{map[string]any{"name": "a", "image": "srv"}},
		"volumes": []any{map[string]any{"name": "m", "csi": map[string]any{"driver": "model.csi.modelpack.org", "volumeAttributes": map[string]any{
			"model.csi.modelpack.org/reference": r.ok}}}}}}
	code, out, warnings = r.call(http.MethodPost, "/api/v1/namespaces/ml/pods?dryRun=All", csi)
	if code != http.StatusCreated || strings.Contains(strings.Join(warnings, " "), "EMPTY folder") {
		t.Errorf("the same by the ModelPack driver: %d %s, warnings %q", code, out, warnings)
	}
}
