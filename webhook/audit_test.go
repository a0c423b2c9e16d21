// SPDX-License-Identifier: Apache-2.0

package webhook_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modelvet/modelvet/schemas"
	"github.com/modelvet/modelvet/webhook"
)

// cluster answers requests from a map, and writes down what was sent.
type cluster struct {
	answers map[string]string // by path, without limit and continue but for the pages
	fail    map[string]int
	sent    map[string]string // method and path to body
}

type answer int

func (a answer) Error() string { return fmt.Sprint("status ", int(a)) }
func (a answer) Status() int   { return int(a) }

func (c *cluster) Do(_ context.Context, method, path, _ string, in, out any) error {
	key := path
	if strings.HasSuffix(key, "limit=100&continue=") {
		key = strings.TrimRight(strings.TrimSuffix(key, "limit=100&continue="), "?&")
	}
	if s := c.fail[key]; s != 0 {
		return answer(s)
	}
	if method != http.MethodGet {
		body, err := json.Marshal(in)
		if err != nil {
			return err
		}
		c.sent[method+" "+path] = string(body)
		return nil
	}
	text, ok := c.answers[key]
	if !ok {
		return answer(http.StatusNotFound)
	}
	if out == nil {
		return nil
	}
	return json.Unmarshal([]byte(text), out)
}

func list(t *testing.T, next string, objects ...map[string]any) string {
	t.Helper()
	b, err := json.Marshal(map[string]any{"metadata": map[string]any{"continue": next}, "items": objects})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func podNamed(name, ref string) map[string]any {
	p := volumePod(ref)
	delete(p, "apiVersion") // as the API server lists them
	delete(p, "kind")
	p["metadata"] = map[string]any{"name": name, "uid": "uid-" + name}
	return p
}

const gatedNamespaces = "/api/v1/namespaces?labelSelector=modelvet%2Fenforce%3Dtrue"

func newCluster(t *testing.T) *cluster {
	ended := podNamed("ended", badRef)
	ended["status"] = map[string]any{"phase": "Succeeded"}
	old := map[string]any{"metadata": map[string]any{"name": "old", "uid": "o"}, "spec": map[string]any{"replicas": 0, "template": volumePod(badRef)}}
	return &cluster{fail: map[string]int{}, sent: map[string]string{}, answers: map[string]string{
		gatedNamespaces:                    list(t, "", map[string]any{"metadata": map[string]any{"name": "warned"}}, map[string]any{"metadata": map[string]any{"name": "ml"}}),
		"/api/v1":                          `{"resources":[{"name":"pods","kind":"Pod","namespaced":true,"verbs":["list"]},{"name":"pods/status","kind":"Pod","namespaced":true,"verbs":["get"]},{"name":"secrets","kind":"Secret","namespaced":true,"verbs":["list"]}]}`,
		"/apis/apps":                       `{"preferredVersion":{"version":"v1"},"versions":[{"version":"v1"}]}`,
		"/apis/apps/v1":                    `{"resources":[{"name":"replicasets","kind":"ReplicaSet","namespaced":true,"verbs":["list"]}]}`,
		"/apis/serving.kserve.io":          `{"preferredVersion":{"version":"v1beta1"},"versions":[{"version":"v1beta1"},{"version":"v1alpha1"}]}`,
		"/apis/serving.kserve.io/v1beta1":  `{"resources":[{"name":"inferenceservices","kind":"InferenceService","namespaced":true,"verbs":["list"]}]}`,
		"/apis/serving.kserve.io/v1alpha1": `{"resources":[{"name":"inferenceservices","kind":"InferenceService","namespaced":true,"verbs":["list"]},{"name":"localmodelcaches","kind":"LocalModelCache","namespaced":false,"verbs":["list"]}]}`,
		"/api/v1/namespaces/ml/pods":       list(t, "2", podNamed("good", okRef), podNamed("bad", badRef), ended),
		"/api/v1/namespaces/ml/pods?limit=100&continue=2":                     list(t, "", podNamed("expired", expiredRef), podNamed("tag", "registry.example/models/credit:v1"), map[string]any{"metadata": map[string]any{"name": "plain", "uid": "p"}, "spec": map[string]any{}}),
		"/api/v1/namespaces/warned/pods":                                      list(t, "", podNamed("pending", pendingRef)),
		"/apis/apps/v1/namespaces/ml/replicasets":                             list(t, "", old),
		"/apis/apps/v1/namespaces/warned/replicasets":                         list(t, ""),
		"/apis/serving.kserve.io/v1beta1/namespaces/ml/inferenceservices":     list(t, "", map[string]any{"metadata": map[string]any{"name": "isvc", "uid": "i"}, "spec": map[string]any{"predictor": map[string]any{"model": map[string]any{"storageUri": "s3://bucket/x"}}}}),
		"/apis/serving.kserve.io/v1beta1/namespaces/warned/inferenceservices": list(t, ""),
		"/apis/serving.kserve.io/v1alpha1/localmodelcaches":                   list(t, "", map[string]any{"metadata": map[string]any{"name": "cache", "uid": "c"}, "spec": map[string]any{"sourceModelUri": "oci://" + badRef}}),
	}}
}

func auditor(t *testing.T, c *cluster, j *registry) *webhook.Auditor {
	t.Helper()
	f := webhook.DefaultFreshness
	f.Stale = 0
	return &webhook.Auditor{Reviewer: reviewer(t, j, f), API: c, Selector: "modelvet/enforce=true"}
}

func causesOf(a webhook.Audit) map[string]string {
	out := map[string]string{}
	for _, h := range a.Held {
		out[h.Kind+"/"+h.Name] = fmt.Sprint(h.Result, h.Causes)
	}
	return out
}

// Every object of the gated namespaces and of the cluster is looked at, and
// judged as admission would.
func TestAuditOfWhatRuns(t *testing.T) {
	c := newCluster(t)
	a := auditor(t, c, &registry{})
	got, err := a.Run(t.Context())
	if err != nil || len(got.Problems) > 0 {
		t.Fatal(err, got.Problems)
	}
	want := map[string]string{
		"Pod/bad": "fail[never-approved]", "Pod/expired": "fail[expired]", "Pod/tag": "fail[unpinned]", "Pod/pending": "fail[refused]",
		"InferenceService/isvc": "fail[unchecked]", "LocalModelCache/cache": "fail[never-approved]",
	}
	if !maps.Equal(causesOf(got), want) {
		t.Errorf("held %v\nwant %v", causesOf(got), want)
	}
	if got.Objects != 8 || got.Results["pass"] != 1 || got.Results["none"] != 1 || !slices.Equal(got.Namespaces, []string{"ml", "warned"}) {
		t.Errorf("%+v", got)
	}
	raw, _ := json.Marshal(struct {
		Schema string `json:"schema"`
		webhook.Audit
	}{"https://github.com/modelvet/modelvet/schemas/audit/v1", got})
	if err := schemas.Validate("audit", raw); err != nil {
		t.Error(err)
	}
	revoking := demands
	revoking.Revoked = []webhook.Revocation{{Digest: digest("a"), Reason: "recalled"}}
	a.Configure(revoking)
	if got, _ := a.Run(t.Context()); causesOf(got)["Pod/good"] != "fail[revoked]" {
		t.Errorf("after the revocation: %v", causesOf(got))
	}
}

// What could not be looked at is said, and never counts as in order.
func TestAuditSaysWhatItCouldNotSee(t *testing.T) {
	for path, status := range map[string]int{
		"/api/v1": 503, "/apis/serving.kserve.io": 403, "/apis/apps/v1": 500, "/api/v1/namespaces/ml/pods": 403, "/api/v1/namespaces/ml/pods?limit=100&continue=2": 410,
	} {
		c := newCluster(t)
		c.fail[path] = status
		got, err := auditor(t, c, &registry{}).Run(t.Context())
		if err != nil || len(got.Problems) != 1 || !strings.Contains(got.Problems[0], fmt.Sprint(status)) {
			t.Errorf("%s: %v, problems %q", path, err, got.Problems)
		}
	}
	c := newCluster(t)
	c.fail[gatedNamespaces] = 403
	if _, err := auditor(t, c, &registry{}).Run(t.Context()); err == nil {
		t.Error("without the list of namespaces there is a result")
	}
	j := &registry{}
	down := errors.New("503")
	j.fail.Store(&down)
	got, err := auditor(t, newCluster(t), j).Run(t.Context())
	if err != nil || got.Results["pass"] != 0 || got.Results["error"] != 6 || got.Causes[webhook.Unavailable] != 6 {
		t.Errorf("registry down: %v %v %v", err, got.Results, got.Causes)
	}
}

func TestPolicyReports(t *testing.T) {
	c := newCluster(t)
	a := auditor(t, c, &registry{})
	found, err := a.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Report(t.Context(), found); !errors.Is(err, webhook.ErrNoReports) {
		t.Errorf("without the definitions: %v", err)
	}
	c.answers["/apis/wgpolicyk8s.io/v1alpha2"] = `{}`
	if err := a.Report(t.Context(), found); err != nil {
		t.Fatal(err)
	}
	const ml = "PATCH /apis/wgpolicyk8s.io/v1alpha2/namespaces/ml/policyreports/modelvet?fieldManager=modelvet&force=true"
	for _, want := range []string{`"kind":"PolicyReport"`, `"summary":{"pass":1,"fail":4,"warn":0,"error":0,"skip":0}`, `"rule":"expired"`, `"result":"fail"`, `"name":"bad","uid":"uid-bad"`, `"policy":"modelvet/production"`} {
		if !strings.Contains(c.sent[ml], want) {
			t.Errorf("%s\nlacks %s", c.sent[ml], want)
		}
	}
	before := c.sent[ml]
	again, _ := a.Run(t.Context())
	if err := a.Report(t.Context(), again); err != nil || c.sent[ml] != before {
		t.Errorf("the same cluster gives another report: %v\n%s", err, c.sent[ml])
	}
	again.Problems = []string{"pods: 403"}
	if _ = a.Report(t.Context(), again); !strings.Contains(c.sent[ml], `"rule":"incomplete"`) {
		t.Error("an incomplete audit reports as if it were whole")
	}
	if len(c.sent) != 3 {
		t.Errorf("%d reports, want two namespaces and the cluster", len(c.sent))
	}
}

func TestAuditEvents(t *testing.T) {
	c := newCluster(t)
	a := auditor(t, c, &registry{})
	found, err := a.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Events(t.Context(), found); err != nil {
		t.Fatal(err)
	}
	body := c.sent["POST /api/v1/namespaces/ml/events"]
	if !strings.Contains(body, `"type":"Warning"`) || !strings.Contains(body, `"reason":"Model`) || !strings.Contains(body, `"involvedObject":{"apiVersion":`) {
		t.Errorf("%s", body)
	}
	c.fail["/api/v1/namespaces/ml/events"] = http.StatusConflict
	if err := a.Events(t.Context(), found); err != nil {
		t.Errorf("an event that is there already: %v", err)
	}
	c.fail["/api/v1/namespaces/ml/events"] = http.StatusForbidden
	if err := a.Events(t.Context(), found); err == nil {
		t.Error("events that nobody may write")
	}
}

func TestAuditMetrics(t *testing.T) {
	a := auditor(t, newCluster(t), &registry{})
	found, err := a.Run(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	m := &webhook.AuditMetrics{}
	text := func() string {
		var b strings.Builder
		m.Write(&b)
		return b.String()
	}
	if strings.Contains(text(), "last_success_timestamp_seconds ") {
		t.Error("a success before the first audit")
	}
	m.Ran(found, time.Second, nil)
	for _, want := range []string{`modelvet_audit_objects{namespace="ml",result="fail"} 4`, `modelvet_audit_objects{namespace="ml",result="pass"} 1`, `modelvet_audit_causes{cause="expired"} 1`, "modelvet_audit_problems 0", "last_success_timestamp_seconds "} {
		if !strings.Contains(text(), want) {
			t.Errorf("%s\nlacks %s", text(), want)
		}
	}
	m.Ran(webhook.Audit{}, time.Second, errors.New("down"))
	if !strings.Contains(text(), "failed_runs_total 1") || !strings.Contains(text(), `result="fail"} 4`) {
		t.Errorf("after a failure: %s", text())
	}
}
