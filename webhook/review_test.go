// SPDX-License-Identifier: Apache-2.0

package webhook_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
	admission "k8s.io/api/admission/v1"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/webhook"
	"github.com/modelvet/modelvet/webhook/references"
)

const policyDigest = "sha256:aaaa"

func digest(c string) string { return "sha256:" + strings.Repeat(c, 64) }

var (
	okRef      = "registry.example/models/credit@" + digest("a")
	badRef     = "registry.example/models/other@" + digest("b")
	pendingRef = "registry.example/models/credit@" + digest("c")
	expiredRef = "registry.example/models/credit@" + digest("d")
)

// registry is a judge that knows four models.
type registry struct {
	calls atomic.Int32
	fail  atomic.Pointer[error]
	slow  time.Duration
	trust string
}

func (r *registry) Trust() string { return r.trust }

func (r *registry) Facts(ctx context.Context, ref string) (webhook.Facts, error) {
	r.calls.Add(1)
	if err := r.fail.Load(); err != nil && *err != nil {
		return webhook.Facts{}, *err
	}
	if r.slow > 0 {
		select {
		case <-time.After(r.slow):
		case <-ctx.Done():
			return webhook.Facts{}, ctx.Err()
		}
	}
	d := webhook.Decision{Digest: digest("9"), Outcome: modelvet.Allowed, Stage: "production", At: time.Now().Add(-time.Hour), Expires: time.Now().Add(time.Hour), Policy: policyDigest}
	f := webhook.Facts{Decisions: []webhook.Decision{d}}
	switch ref {
	case okRef, "registry.example/models/credit:v1", "registry.example/models/credit":
		f.Digest = digest("a")
	case badRef:
		return webhook.Facts{Digest: digest("b")}, nil
	case pendingRef:
		f.Digest, f.Decisions[0].Outcome = digest("c"), modelvet.Pending
		f.Decisions[0].Failed = []webhook.Failed{{Rule: "safety.x", Controls: []string{"euaia-art-15.5"}}}
	case expiredRef:
		f.Digest, f.Decisions[0].Expires = digest("d"), time.Now().Add(-time.Second)
	default:
		return webhook.Facts{}, webhook.Definitive(errors.New("not found"))
	}
	f.Decisions[0].Subject = f.Digest
	return f, nil
}

var demands = webhook.Config{ReportURL: "https://docs.example/rules/%s", Namespaces: []webhook.Namespace{
	{Match: []string{"warned"}, Stage: "production", Mode: webhook.Warn},
	{Match: []string{"watched"}, Stage: "production", Mode: webhook.Observe},
	{Match: []string{"staging"}, Stage: "staging", Mode: webhook.Enforce},
	{Match: []string{"narrow"}, Stage: "production", Mode: webhook.Enforce, Repositories: []string{"registry.example/models/cred"}},
	{Match: []string{"ml*", ""}, Stage: "production", Mode: webhook.Enforce},
}}

func reviewer(t testing.TB, j webhook.Judge, f webhook.Freshness) *webhook.Reviewer {
	t.Helper()
	table, err := references.Load()
	if err != nil {
		t.Fatal(err)
	}
	return webhook.NewReviewer(table, policyDigest, demands, j, f, 100, nil)
}

func review(t testing.TB, r *webhook.Reviewer, namespace string, object map[string]any) webhook.Review {
	t.Helper()
	return r.Review(t.Context(), request(t, namespace, admission.Create, object, nil))
}

func request(t testing.TB, namespace string, op admission.Operation, object, old map[string]any) *admission.AdmissionRequest {
	t.Helper()
	req := &admission.AdmissionRequest{UID: "u", Namespace: namespace, Operation: op}
	kind, _ := object["kind"].(string)
	req.Kind.Kind = kind
	if v, _ := object["apiVersion"].(string); strings.Contains(v, "/") {
		req.Kind.Group, _, _ = strings.Cut(v, "/")
	}
	req.Object.Raw, _ = json.Marshal(object)
	if old != nil {
		req.OldObject.Raw, _ = json.Marshal(old)
	}
	return req
}

func volumePod(ref string) map[string]any {
	return map[string]any{"apiVersion": "v1", "kind": "Pod", "spec": map[string]any{
		"containers": []any{map[string]any{"name": "a", "image": "srv"}},
		"volumes":    []any{map[string]any{"name": "m", "image": map[string]any{"reference": ref}}},
	}}
}

func TestApprovedIsAdmittedAndTheRestSaysWhy(t *testing.T) {
	r := reviewer(t, &registry{}, webhook.DefaultFreshness)
	for _, c := range []struct{ namespace, ref, want string }{
		{"ml", okRef, ""},
		{"ml", badRef, "no signed decision for stage production"},
		{"ml", pendingRef, "is pending"},
		{"ml", pendingRef, "failed safety.x (euaia-art-15.5) https://docs.example/rules/safety.x"},
		{"ml", expiredRef, "expired on"},
		{"ml", "registry.example/models/credit:v1", "write: " + okRef},
		{"staging", okRef, "no signed decision for stage staging: one is for stage production"},
		{"narrow", okRef, "registry.example/models/cred only"},
		{"unknown", okRef, `says nothing about namespace "unknown"`},
		{"ml", "registry.example/nothing@" + digest("e"), "not found"},
	} {
		v := review(t, r, c.namespace, volumePod(c.ref))
		message := ""
		if v.Response.Result != nil {
			message = v.Response.Result.Message
		}
		if v.Response.Allowed != (c.want == "") || !strings.Contains(message, c.want) {
			t.Errorf("%s in %s: allowed %v, %q; want %q", c.ref, c.namespace, v.Response.Allowed, message, c.want)
		}
	}
	v := review(t, r, "ml", volumePod(okRef))
	if a := v.Response.AuditAnnotations; a["decisions"] != digest("9") || a["models"] != digest("a") || a["verdict"] != "allowed" {
		t.Errorf("audit annotations: %v", a)
	}
}

func TestModes(t *testing.T) {
	r := reviewer(t, &registry{}, webhook.DefaultFreshness)
	if v := review(t, r, "warned", volumePod(badRef)); !v.Response.Allowed || len(v.Response.Warnings) != 1 {
		t.Errorf("warn: %+v", v.Response)
	}
	if v := review(t, r, "watched", volumePod(badRef)); !v.Response.Allowed || len(v.Response.Warnings) != 0 || v.Response.AuditAnnotations["verdict"] != "observed" {
		t.Errorf("observe: %+v", v.Response)
	}
}

func TestRevocationAndForeignPolicy(t *testing.T) {
	r := reviewer(t, &registry{}, webhook.DefaultFreshness)
	for _, revoked := range []string{digest("a"), digest("9")} {
		c := demands
		c.Revoked = []webhook.Revocation{{Digest: revoked, Reason: "leaked training data"}}
		r.Configure(c)
		if v := review(t, r, "ml", volumePod(okRef)); v.Response.Allowed || !strings.Contains(v.Response.Result.Message, "leaked training data") {
			t.Errorf("%s: %+v", revoked, v.Response)
		}
	}
	r.Configure(demands)
	r.Policy = "sha256:bbbb"
	if v := review(t, r, "ml", volumePod(okRef)); v.Response.Allowed || !strings.Contains(v.Response.Result.Message, "which does not count here") {
		t.Errorf("%+v", v.Response)
	}
}

func TestExceptionsAreVisibleAndEnd(t *testing.T) {
	r := reviewer(t, &registry{}, webhook.DefaultFreshness)
	object := map[string]any{"apiVersion": "mlops.seldon.io/v1alpha1", "kind": "Model", "spec": map[string]any{"storageUri": "s3://bucket/model"}}
	c := demands
	c.Exceptions = []webhook.Exception{{Reference: "s3://bucket/*", Reason: "moving", Until: time.Now().Add(time.Hour)}}
	r.Configure(c)
	if v := review(t, r, "ml", object); !v.Response.Allowed || len(v.Response.Warnings) != 1 || v.Response.AuditAnnotations["exceptions"] == "" {
		t.Errorf("%+v", v.Response)
	}
	c.Exceptions[0].Until = time.Now().Add(-time.Second)
	r.Configure(c)
	if v := review(t, r, "ml", object); v.Response.Allowed {
		t.Error("an exception that has ended still counts")
	}
}

// An update that adds no model passes, so that finalizers can be removed; one that adds any does not.
func TestUpdates(t *testing.T) {
	r := reviewer(t, &registry{}, webhook.DefaultFreshness)
	v := r.Review(t.Context(), request(t, "ml", admission.Update, volumePod(expiredRef), volumePod(expiredRef)))
	if !v.Response.Allowed || len(v.Response.Warnings) == 0 {
		t.Errorf("unchanged: %+v", v.Response)
	}
	if v := r.Review(t.Context(), request(t, "ml", admission.Update, volumePod(badRef), volumePod(okRef))); v.Response.Allowed {
		t.Error("a changed reference passed")
	}
	if v := r.Review(t.Context(), request(t, "ml", admission.Update, volumePod(badRef), nil)); v.Response.Allowed {
		t.Error("an update without the old object passed")
	}
}

func TestOutages(t *testing.T) {
	j := &registry{}
	f := webhook.Freshness{Fresh: time.Nanosecond, Stale: time.Hour, Negative: time.Minute, Fetch: time.Second}
	r := reviewer(t, j, f)
	if v := review(t, r, "ml", volumePod(okRef)); !v.Response.Allowed {
		t.Fatalf("%+v", v.Response)
	}
	down := errors.New("429 Too Many Requests")
	j.fail.Store(&down)
	v := review(t, r, "ml", volumePod(okRef))
	if !v.Response.Allowed || v.Response.AuditAnnotations["stale"] == "" || !strings.Contains(fmt.Sprint(v.Response.Warnings), "the registry does not answer") {
		t.Errorf("stale: %+v", v.Response)
	}
	v = review(t, r, "ml", volumePod(badRef))
	if v.Response.Allowed || v.Response.Result.Code != http.StatusServiceUnavailable {
		t.Errorf("unknown model in an outage: %+v", v.Response)
	}
	calls := j.calls.Load()
	review(t, r, "ml", volumePod(badRef))
	if j.calls.Load() == calls {
		t.Error("a passing error was kept")
	}
	j.fail.Store(new(error))
	j.trust = "another policy"
	j.fail.Store(&down)
	if v := review(t, r, "ml", volumePod(okRef)); v.Response.Allowed {
		t.Error("facts of another trust root were used")
	}
}

func TestDefinitiveNegativesAreKeptAndQuestionsAreShared(t *testing.T) {
	j := &registry{slow: 50 * time.Millisecond}
	r := reviewer(t, j, webhook.DefaultFreshness)
	missing := "registry.example/nothing@" + digest("e")
	review(t, r, "ml", volumePod(missing))
	review(t, r, "ml", volumePod(missing))
	if n := j.calls.Load(); n != 1 {
		t.Errorf("a definitive no was asked for %d times", n)
	}
	done := make(chan bool)
	for range 50 {
		go func() { done <- review(t, r, "ml", volumePod(okRef)).Response.Allowed }()
	}
	for range 50 {
		if !<-done {
			t.Error("denied")
		}
	}
	if n := j.calls.Load(); n != 2 {
		t.Errorf("50 reviews of one model asked %d times", n-1)
	}
}

func TestSlowRegistryIsAnsweredInTime(t *testing.T) {
	h := webhook.NewHandler(reviewer(t, &registry{slow: time.Minute}, webhook.DefaultFreshness), nil, nil)
	start := time.Now()
	v := post(t, h, "/validate?timeout=1s", envelope(t, request(t, "ml", admission.Create, volumePod(okRef), nil)))
	if took := time.Since(start); took > time.Second {
		t.Errorf("answered after %s, the API server had gone", took)
	}
	if v.Response.Allowed || v.Response.Result.Code != http.StatusServiceUnavailable {
		t.Errorf("%+v", v.Response)
	}
}

func envelope(t testing.TB, req *admission.AdmissionRequest) []byte {
	t.Helper()
	a := admission.AdmissionReview{Request: req}
	a.APIVersion, a.Kind = "admission.k8s.io/v1", "AdmissionReview"
	b, err := json.Marshal(a)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func post(t testing.TB, h http.Handler, path string, body []byte) admission.AdmissionReview {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, path, bytes.NewReader(body)))
	var out admission.AdmissionReview
	if err := json.Unmarshal(w.Body.Bytes(), &out); err != nil || out.Response == nil {
		t.Fatalf("%d %s: %v", w.Code, w.Body, err)
	}
	return out
}

// Large, deep and crowded objects get an answer, in time, and it is no yes.
func TestHugeObjects(t *testing.T) {
	h := webhook.NewHandler(reviewer(t, &registry{}, webhook.DefaultFreshness), nil, nil)
	big := volumePod(badRef)
	big["metadata"] = map[string]any{"annotations": map[string]any{"a": strings.Repeat("oci://", 500_000)}}
	crowd := volumePod(badRef)
	var many []any
	for i := range 500 {
		many = append(many, map[string]any{"name": fmt.Sprintf("modelcar-%d", i), "image": fmt.Sprintf("registry.example/m%d@%s", i, digest("f"))})
	}
	crowd["spec"].(map[string]any)["containers"] = many
	deep := volumePod(okRef)
	var v any = "x"
	for range 5000 {
		v = map[string]any{"a": v}
	}
	deep["spec"].(map[string]any)["deep"] = v
	for name, object := range map[string]map[string]any{"3 MB": big, "500 containers": crowd, "deep": deep} {
		start := time.Now()
		out := post(t, h, "/validate?timeout=5s", envelope(t, request(t, "ml", admission.Create, object, nil)))
		if out.Response.Allowed || time.Since(start) > 4*time.Second {
			t.Errorf("%s: allowed %v after %s", name, out.Response.Allowed, time.Since(start))
		}
		if n := len(out.Response.Result.Message); n > 4000 {
			t.Errorf("%s: a message of %d bytes", name, n)
		}
	}
}

func TestMalformedReviewsAreErrors(t *testing.T) {
	h := webhook.NewHandler(reviewer(t, &registry{}, webhook.DefaultFreshness), nil, nil)
	for _, body := range []string{``, `null`, `{}`, `[]`, `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}`, `{"apiVersion":"admission.k8s.io/v1beta1","kind":"AdmissionReview","request":{"uid":"a"}}`} {
		w := httptest.NewRecorder()
		h.ServeHTTP(w, httptest.NewRequest(http.MethodPost, "/validate", strings.NewReader(body)))
		if w.Code != http.StatusBadRequest {
			t.Errorf("%q: %d %s", body, w.Code, w.Body)
		}
	}
	for _, raw := range []string{``, `null`, `[]`, `"x"`, `{"spec":`} {
		req := &admission.AdmissionRequest{UID: "u", Namespace: "ml", Operation: admission.Create}
		req.Kind.Kind = "Pod"
		req.Object.Raw = []byte(raw)
		if v := reviewer(t, &registry{}, webhook.DefaultFreshness).Review(t.Context(), req); v.Response.Allowed {
			t.Errorf("object %q was admitted", raw)
		}
	}
}

type trick struct {
	Name                string
	Labels, Annotations map[string]any
	Spec                map[string]any
}

func tricks(t testing.TB, replace *strings.Replacer) []trick {
	t.Helper()
	raw, err := os.ReadFile("testdata/bypass.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var out []trick
	if err := yaml.Unmarshal([]byte(replace.Replace(string(raw))), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func (x trick) pod(name string) map[string]any {
	if x.Spec == nil {
		x.Spec = map[string]any{}
	}
	if x.Spec["containers"] == nil {
		x.Spec["containers"] = []any{map[string]any{"name": "a", "image": "srv"}}
	}
	meta := map[string]any{"name": name}
	if x.Labels != nil {
		meta["labels"] = x.Labels
	}
	if x.Annotations != nil {
		meta["annotations"] = x.Annotations
	}
	return map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": x.Spec}
}

// No trick gets a model in that nobody approved.
func TestBypass(t *testing.T) {
	hex := func(s string) string { return strings.Repeat(s, 64) }
	all := tricks(t, strings.NewReplacer("OKREPO", "registry.example/models/credit", "OKHEX", hex("a"), "BADHEX", hex("b"), "PENDING", pendingRef, "EXPIRED", expiredRef, "OK", okRef, "BAD", badRef))
	if len(all) < 40 {
		t.Errorf("only %d tricks", len(all))
	}
	r := reviewer(t, &registry{}, webhook.DefaultFreshness)
	for _, x := range all {
		if v := review(t, r, "ml", x.pod("x")); v.Response.Allowed {
			t.Errorf("%s: admitted; %+v", x.Name, v.Response)
		}
		template := map[string]any{"apiVersion": "apps/v1", "kind": "Deployment", "spec": map[string]any{"template": x.pod("x")}}
		if v := review(t, r, "ml", template); v.Response.Allowed {
			t.Errorf("%s in a Deployment: admitted", x.Name)
		}
	}
}

func FuzzAdmissionReview(f *testing.F) {
	h := webhook.NewHandler(reviewer(f, &registry{}, webhook.DefaultFreshness), nil, nil)
	f.Add(envelope(f, request(f, "ml", admission.Create, volumePod(badRef), nil)))
	f.Add(envelope(f, request(f, "ml", admission.Update, volumePod(okRef), volumePod(badRef))))
	ray, _ := os.ReadFile("references/testdata/rows.yaml")
	f.Add(ray)
	f.Fuzz(func(t *testing.T, body []byte) {
		out, err := h.Answer(t.Context(), body)
		if err != nil {
			return
		}
		var a admission.AdmissionReview
		if err := json.Unmarshal(out, &a); err != nil || a.Response == nil || a.Response.UID == "" {
			t.Fatalf("answer %s: %v", out, err)
		}
		if !a.Response.Allowed && (a.Response.Result == nil || a.Response.Result.Message == "") {
			t.Fatalf("a denial without a reason: %s", out)
		}
	})
}

func BenchmarkWarmReview(b *testing.B) {
	h := webhook.NewHandler(reviewer(b, &registry{}, webhook.DefaultFreshness), nil, nil)
	body := envelope(b, request(b, "ml", admission.Create, volumePod(okRef), nil))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := h.Answer(b.Context(), body); err != nil {
			b.Fatal(err)
		}
	}
}
