// SPDX-License-Identifier: Apache-2.0

package webhook_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/modelvet/modelvet/webhook"
	"github.com/modelvet/modelvet/webhook/auditlog"
)

// admitted is an event of a pod that was created in a gated namespace, with the
// webhook's annotations; edits change it.
func admitted(edit func(e *auditlog.Event)) *auditlog.Event {
	e := &auditlog.Event{
		APIVersion: "audit.k8s.io/v1", Kind: "Event", AuditID: "1", Stage: "ResponseComplete", Verb: "create", RequestURI: "/api/v1/namespaces/ml/pods",
		User: auditlog.User{Username: "dev"}, Object: auditlog.Object{Resource: "pods", Namespace: "ml", Name: "a", Version: "v1"},
		Response: auditlog.Response{Code: 201}, Received: time.Now().Add(-time.Minute), At: time.Now().Add(-time.Minute),
	}
	note(e, map[string]string{"verdict": "allowed", "mode": "enforce", "stage": "production", "models": digest("a"), "references": okRef, "decisions": digest("9")})
	if edit != nil {
		edit(e)
	}
	return e
}

func note(e *auditlog.Event, notes map[string]string) {
	e.Annotations = map[string]string{}
	for k, v := range notes {
		e.Annotations[webhook.Name+"/"+k] = v
	}
}

func reconcile(t *testing.T, j webhook.Judge, gated []string, events ...*auditlog.Event) webhook.Reconciliation {
	t.Helper()
	r := webhook.NewReconciler(reviewer(t, j, webhook.DefaultFreshness), j, []string{webhook.Name}, gated)
	for _, e := range events {
		r.Learn(e)
	}
	for _, e := range events {
		if err := r.Add(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	return r.Finish()
}

func refersTo(ref string) func(*auditlog.Event) {
	return func(e *auditlog.Event) {
		note(e, map[string]string{"verdict": "allowed", "stage": "production", "models": ref[strings.Index(ref, "sha256:"):], "references": ref})
	}
}

func failOpen(e *auditlog.Event) {
	e.Annotations = map[string]string{"failed-open.validating.webhook.admission.k8s.io/round_0_index_0": webhook.Name}
}

func withObject(e *auditlog.Event, object map[string]any) {
	e.RequestObject, _ = json.Marshal(object)
}

// Every admission is approved, or says why it is not.
func TestReconcile(t *testing.T) {
	for name, c := range map[string]struct {
		edit  func(e *auditlog.Event)
		state string
		why   string
	}{
		"approved":           {nil, "approved", ""},
		"dry run":            {func(e *auditlog.Event) { e.RequestURI += "?dryRun=All" }, "dry-run", ""},
		"denied":             {func(e *auditlog.Event) { e.Response.Code = 403; note(e, map[string]string{"verdict": "denied"}) }, "denied", ""},
		"refused by another": {func(e *auditlog.Event) { e.Response.Code = 409 }, "refused", ""},
		"names no model":     {func(e *auditlog.Event) { note(e, map[string]string{"verdict": "skipped"}) }, "no-model", ""},
		"by an exception":    {func(e *auditlog.Event) { note(e, map[string]string{"verdict": "allowed", "exceptions": "s3://x"}) }, "excepted", ""},
		"in warn mode": {func(e *auditlog.Event) {
			note(e, map[string]string{"verdict": "warned", "mode": "warn", "problems": "spec: bad"})
		}, "unapproved", "the mode warn let it in: spec: bad"},
		"in observe mode":        {func(e *auditlog.Event) { note(e, map[string]string{"verdict": "observed", "mode": "observe"}) }, "unapproved", "observe"},
		"unchecked":              {func(e *auditlog.Event) { note(e, map[string]string{"verdict": "allowed", "unchecked": "spec: pvc"}) }, "unchecked", "pvc"},
		"no decision":            {refersTo(badRef), "unapproved", "no signed decision for stage production"},
		"decision had ended":     {refersTo(expiredRef), "approved", ""}, // it ended a second ago, and this was a minute ago
		"before the decision":    {func(e *auditlog.Event) { e.At = e.At.Add(-48 * time.Hour) }, "unapproved", "no signed decision"},
		"after the decision":     {func(e *auditlog.Event) { e.At = e.At.Add(48 * time.Hour) }, "unapproved", "expired on"},
		"pending":                {refersTo(pendingRef), "unapproved", "is pending"},
		"another stage":          {func(e *auditlog.Event) { e.Annotations[webhook.Name+"/stage"] = "staging" }, "unapproved", "one is for stage production"},
		"gone from the registry": {refersTo("registry.example/gone@" + digest("f")), "unknown", "not found"},
		"list cut":               {func(e *auditlog.Event) { e.Annotations[webhook.Name+"/cut"] = "models" }, "unknown", "does not list all"},
		"no repository":          {func(e *auditlog.Event) { delete(e.Annotations, webhook.Name+"/references") }, "unknown", "which repository"},
		"verdict of the future":  {func(e *auditlog.Event) { e.Annotations[webhook.Name+"/verdict"] = "maybe" }, "unknown", "maybe"},
		"denied, and yet there":  {func(e *auditlog.Event) { e.Annotations[webhook.Name+"/verdict"] = "denied" }, "unknown", "says that it was admitted"},
		"panic":                  {func(e *auditlog.Event) { e.Stage = "Panic" }, "unknown", "panicked"},
		"failed open":            {failOpen, "failed-open", "log holds no object"},
		"failed open, another webhook": {func(e *auditlog.Event) {
			e.Annotations["failed-open.validating.webhook.admission.k8s.io/round_0_index_3"] = "other"
		}, "approved", ""},
		"failed open, bad model":      {func(e *auditlog.Event) { failOpen(e); withObject(e, volumePod(badRef)) }, "failed-open", "no signed decision"},
		"failed open, by tag":         {func(e *auditlog.Event) { failOpen(e); withObject(e, volumePod("registry.example/models/credit:v1")) }, "failed-open", "did not answer"},
		"failed open, approved model": {func(e *auditlog.Event) { failOpen(e); withObject(e, volumePod(okRef)) }, "approved", ""},
		"failed open, no model": {func(e *auditlog.Event) {
			failOpen(e)
			withObject(e, map[string]any{"kind": "Pod", "spec": map[string]any{}})
		}, "no-model", ""},
		"failed open, damaged object": {func(e *auditlog.Event) { failOpen(e); e.RequestObject = []byte(`{"kind":"Pod","spec":`) }, "failed-open", "log holds no object"},
		"unseen":                      {func(e *auditlog.Event) { e.Annotations = nil }, "unseen", "was not asked"},
		"unseen custom resource": {func(e *auditlog.Event) {
			e.Annotations = nil
			e.Object.Group, e.Object.Resource = "serving.kserve.io", "inferenceservices"
		}, "unseen", "was not asked"},
		"unseen ephemeral container": {func(e *auditlog.Event) {
			e.Annotations = nil
			e.Verb, e.Object.Subresource = "patch", "ephemeralcontainers"
		}, "unseen", "was not asked"},
		"status of a pod":  {func(e *auditlog.Event) { e.Annotations = nil; e.Verb, e.Object.Subresource = "patch", "status" }, "", ""},
		"reading":          {func(e *auditlog.Event) { e.Annotations = nil; e.Verb = "get" }, "", ""},
		"a config map":     {func(e *auditlog.Event) { e.Annotations = nil; e.Object.Resource = "configmaps" }, "", ""},
		"request received": {func(e *auditlog.Event) { e.Stage = "RequestReceived" }, "", ""},
		"impersonated notes": {func(e *auditlog.Event) {
			e.Annotations = map[string]string{"x." + webhook.Name + "/verdict": "allowed"}
		}, "unseen", ""},
	} {
		got := reconcile(t, &registry{}, []string{"ml"}, admitted(c.edit))
		want := map[string]int{}
		if c.state != "" {
			want[c.state] = 1
		}
		if !maps.Equal(got.Counts, want) {
			t.Errorf("%s: %v %+v, want %s", name, got.Counts, got.Findings, c.state)
		}
		if c.why != "" && (len(got.Findings) != 1 || got.Findings[0].State != c.state || !strings.Contains(got.Findings[0].Why, c.why)) {
			t.Errorf("%s: %+v, want %q", name, got.Findings, c.why)
		}
	}
}

// A namespace is gated since the webhook was first asked about it, in whatever
// order the files come; others concern nobody.
func TestUnseenIsWhatCameAfter(t *testing.T) {
	unseen := func(namespace string, ago time.Duration) *auditlog.Event {
		return admitted(func(e *auditlog.Event) {
			e.Annotations, e.Object.Namespace, e.At, e.AuditID = nil, namespace, time.Now().Add(-ago), fmt.Sprint(ago)
		})
	}
	got := reconcile(t, &registry{}, nil, unseen("ml", time.Second), unseen("ml", time.Hour), unseen("other", time.Second), admitted(nil))
	if got.Counts["unseen"] != 1 || len(got.Findings) != 1 {
		t.Errorf("%v %+v", got.Counts, got.Findings)
	}
}

// The same event twice, as in a file and its copy, counts once; another event
// under the same audit id, which a client may choose, counts.
func TestAuditIDsAreNotBelieved(t *testing.T) {
	same := admitted(refersTo(badRef))
	again := *same
	other := admitted(refersTo(badRef))
	other.At = other.At.Add(time.Microsecond)
	if got := reconcile(t, &registry{}, nil, same, &again, other); got.Counts["unapproved"] != 2 || got.Findings[0].Times != 2 {
		t.Errorf("%v %+v", got.Counts, got.Findings)
	}
}

func TestRegistryOutageIsUnknown(t *testing.T) {
	j := &registry{}
	down := errors.New("503")
	j.fail.Store(&down)
	if got := reconcile(t, j, nil, admitted(nil)); got.Counts["unknown"] != 1 {
		t.Errorf("%v", got.Counts)
	}
}

// What the webhook writes is what the comparison reads.
func TestReviewsReconcile(t *testing.T) {
	r := reviewer(t, &registry{}, webhook.DefaultFreshness)
	for _, c := range []struct{ namespace, ref, state string }{
		{"ml", okRef, "approved"}, {"warned", badRef, "unapproved"}, {"watched", badRef, "unapproved"},
		{"warned", "registry.example/models/credit:v1", "unapproved"},
	} {
		v := review(t, r, c.namespace, volumePod(c.ref))
		e := admitted(func(e *auditlog.Event) { note(e, v.Response.AuditAnnotations) })
		if got := reconcile(t, &registry{}, nil, e); got.Counts[c.state] != 1 {
			t.Errorf("%s in %s: %v %+v", c.ref, c.namespace, got.Counts, v.Response.AuditAnnotations)
		}
	}
}
