// SPDX-License-Identifier: Apache-2.0

//go:build interop

package webhook_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/modelvet/modelvet/schemas"
	"github.com/modelvet/modelvet/webhook"
)

// tokenOf writes down a token of a service account.
func (r *rig) tokenOf(account, file string) string {
	r.t.Helper()
	code, out, _ := r.call(http.MethodPost, "/api/v1/namespaces/modelvet-system/serviceaccounts/"+account+"/token", map[string]any{"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": map[string]any{}})
	var token struct{ Status struct{ Token string } }
	if err := json.Unmarshal(out, &token); err != nil || code >= 300 {
		r.t.Fatalf("the token of %s: %d %s", account, code, out)
	}
	path := filepath.Join(r.dir, file)
	r.must(os.WriteFile(path, []byte(token.Status.Token), 0o600))
	return path
}

// keep makes a pod that stays.
func (r *rig) keep(t *testing.T, namespace, name, ref string) (int, string) {
	t.Helper()
	pod := volumePod(ref)
	pod["metadata"] = map[string]any{"name": name}
	code, out, _ := r.call(http.MethodPost, "/api/v1/namespaces/"+namespace+"/pods", pod)
	return code, string(out)
}

// withoutWebhook runs f while the webhook is not registered.
func (r *rig) withoutWebhook(t *testing.T, f func()) {
	saved := r.kubectl(nil, "get", "validatingwebhookconfiguration", "modelvet", "-o", "json")
	r.kubectl(nil, "delete", "validatingwebhookconfiguration", "modelvet")
	r.wait("the webhook is gone", 20*time.Second, func() bool {
		code, _ := r.create(t, "ml", volumePod(r.bad))
		return code == http.StatusCreated
	})
	f()
	var object map[string]any
	r.must(json.Unmarshal([]byte(saved), &object))
	object["metadata"] = map[string]any{"name": "modelvet"}
	raw, _ := json.Marshal(object)
	r.kubectl(raw, "create", "-f", "-")
	r.wait("the webhook is back", 20*time.Second, func() bool {
		code, _ := r.create(t, "ml", volumePod(r.bad))
		return code == http.StatusForbidden
	})
}

// Of what the API server itself wrote down, each admission is told from each other.
func (r *rig) testAuditLog(t *testing.T) {
	if code, out := r.keep(t, "relaxed", "warned", r.bad); code != http.StatusCreated {
		t.Fatalf("%d %s", code, out)
	}
	if code, out := r.keep(t, "ml", "approved", r.ok); code != http.StatusCreated {
		t.Fatalf("%d %s", code, out)
	}
	policy := func(value string) {
		r.kubectl(nil, "patch", "validatingwebhookconfiguration", "modelvet", "--type=json", "-p", `[{"op":"replace","path":"/webhooks/0/failurePolicy","value":"`+value+`"}]`)
	}
	policy("Ignore")
	r.stop(t)
	r.wait("the webhook fails open", 20*time.Second, func() bool {
		code, _ := r.create(t, "ml", volumePod(r.bad))
		return code == http.StatusCreated
	})
	if code, out := r.keep(t, "ml", "failed-open", r.bad); code != http.StatusCreated {
		t.Fatalf("%d %s", code, out)
	}
	policy("Fail")
	r.serve()
	r.wait("the webhook answers", 20*time.Second, func() bool {
		code, _ := r.create(t, "ml", volumePod(r.bad))
		return code == http.StatusForbidden
	})
	r.withoutWebhook(t, func() {
		if code, out := r.keep(t, "ml", "unseen", r.bad); code != http.StatusCreated {
			t.Fatalf("%d %s", code, out)
		}
	})
	time.Sleep(time.Second) // the log is written a moment after the answer
	log, err := os.ReadFile(r.auditLog)
	r.must(err)
	log = log[:bytes.LastIndexByte(log, '\n')+1]
	whole := filepath.Join(r.dir, "copy.log")
	r.must(os.WriteFile(whole, log, 0o600))
	got := r.reconcile(t, whole)
	for state, name := range map[string]string{webhook.StateUnapproved: "warned", webhook.StateFailedOpen: "failed-open", webhook.StateUnseen: "unseen"} {
		found := false
		for _, f := range got.Findings {
			found = found || f.State == state && f.Name == name && f.User == "admin"
		}
		if !found {
			t.Errorf("%s/%s is not among %+v", state, name, got.Findings)
		}
	}
	for _, state := range []string{webhook.StateApproved, webhook.StateDenied, webhook.StateDryRun} {
		if got.Counts[state] == 0 {
			t.Errorf("nothing is %s: %v", state, got.Counts)
		}
	}
	if got.Rounds == 0 || got.Counts[webhook.StateUnknown] > 0 {
		t.Errorf("%d rounds failed open, %+v", got.Rounds, got)
	}
	// Rotated, compressed, given twice and in the wrong order, and without the registry: the same.
	half := bytes.IndexByte(log[len(log)/2:], '\n') + len(log)/2 + 1
	first, second := filepath.Join(r.dir, "a.log.gz"), filepath.Join(r.dir, "b.log")
	var z bytes.Buffer
	w := gzip.NewWriter(&z)
	_, _ = w.Write(log[:half])
	r.must(w.Close())
	r.must(os.WriteFile(first, z.Bytes(), 0o600))
	r.must(os.WriteFile(second, log[half:], 0o600))
	if again := r.reconcile(t, second, first, second); !maps.Equal(again.Counts, got.Counts) {
		t.Errorf("rotated: %v, want %v", again.Counts, got.Counts)
	}
	offline := r.reconcile(t, whole, "--decisions", "credit/layout")
	if offline.Counts[webhook.StateApproved] != got.Counts[webhook.StateApproved] {
		t.Errorf("offline: %v, want %v", offline.Counts, got.Counts)
	}
	t.Logf("%d events: %v", got.Events, got.Counts)
}

func (r *rig) reconcile(t *testing.T, args ...string) webhook.Reconciliation {
	t.Helper()
	out := r.run(nil, "3", append([]string{"k8s", "audit-log", "--policy", r.policy, "--config", r.config, "--output", "json"}, args...)...)
	if err := schemas.Validate("audit-log", []byte(out)); err != nil {
		t.Errorf("the schema: %v\n%.2000s", err, out)
	}
	var got struct {
		webhook.Reconciliation
		Unreadable int
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil || got.Unreadable > 0 {
		t.Fatalf("%v, %d unreadable\n%.2000s", err, got.Unreadable, out)
	}
	return got.Reconciliation
}

// What was there before the gate is found by an account that may do nothing else.
func (r *rig) testWhatRuns(t *testing.T) {
	r.kubectl(nil, "create", "namespace", "before")
	for name, ref := range map[string]string{"fine": r.ok, "never": r.bad, "ended": r.expired, "tag": r.registry + "/models/expired:v1"} {
		if code, out := r.keep(t, "before", name, ref); code != http.StatusCreated {
			t.Fatalf("%d %s", code, out)
		}
	}
	r.kubectl(nil, "label", "namespace", "before", "modelvet/enforce=true")
	token := r.tokenOf("modelvet-audit", "audit.token")
	args := func(more ...string) []string {
		return append([]string{"k8s", "audit", "--policy", r.policy, "--config", r.config, "--kube-api", r.api, "--kube-token", token, "--kube-ca", r.ca}, more...)
	}
	if out := r.run(nil, "3", args("--report")...); !strings.Contains(out, "has no PolicyReports") || !strings.Contains(out, "Pod/never") {
		t.Errorf("without the definitions: %s", out)
	}
	definitions, err := os.ReadFile("testdata/policyreports.yaml")
	r.must(err)
	r.kubectl(definitions, "apply", "-f", "-")
	r.wait("the definitions", 30*time.Second, func() bool {
		code, _, _ := r.call(http.MethodGet, "/apis/wgpolicyk8s.io/v1alpha2/clusterpolicyreports", nil)
		return code == http.StatusOK
	})
	out := r.run(nil, "3", args("--report", "--events", "--output", "json")...)
	if err := schemas.Validate("audit", []byte(out)); err != nil {
		t.Errorf("the schema: %v\n%.2000s", err, out)
	}
	var got webhook.Audit
	r.must(json.Unmarshal([]byte(out), &got))
	seen := map[string]string{}
	for _, h := range got.Held {
		if h.Namespace == "before" {
			seen[h.Name] = string(h.Causes[0])
		}
	}
	if want := map[string]string{"never": "never-approved", "ended": "expired", "tag": "expired"}; !maps.Equal(seen, want) {
		t.Errorf("held %v, want %v\n%.3000s", seen, want, out)
	}
	if len(got.Problems) > 0 || got.Results["pass"] < 2 {
		t.Errorf("%v, problems %v", got.Results, got.Problems)
	}
	report := r.kubectl(nil, "-n", "before", "get", "policyreport", "modelvet", "-o", "json")
	for _, want := range []string{`"rule": "expired"`, `"rule": "never-approved"`, `"fail": 3`, `"pass": 1`} {
		if !strings.Contains(report, want) {
			t.Errorf("the report lacks %s: %s", want, report)
		}
	}
	if events := r.kubectl(nil, "-n", "before", "get", "events"); !strings.Contains(events, "ModelExpired") || !strings.Contains(events, "pod/never") {
		t.Errorf("events: %s", events)
	}
	version := r.kubectl(nil, "-n", "before", "get", "policyreport", "modelvet", "-o", "jsonpath={.metadata.resourceVersion}")
	r.run(nil, "3", args("--report", "--events")...)
	if again := r.kubectl(nil, "-n", "before", "get", "policyreport", "modelvet", "-o", "jsonpath={.metadata.resourceVersion}"); again != version {
		t.Error("a second audit of the same cluster wrote the report anew")
	}
	r.auditPrivilege(t, token)
	r.auditLoop(t, args)
}

func (r *rig) auditPrivilege(t *testing.T, tokenFile string) {
	token, err := os.ReadFile(tokenFile)
	r.must(err)
	for _, path := range []string{"/api/v1/secrets", "/api/v1/configmaps", "/api/v1/namespaces/ml/pods/live", "/api/v1/namespaces/ml/pods/live/log", "/api/v1/events", "/apis/rbac.authorization.k8s.io/v1/clusterroles", "/apis/wgpolicyk8s.io/v1alpha2/policyreports"} {
		if code, _, _ := r.callAs(string(token), http.MethodGet, path, "application/json", nil); code != http.StatusForbidden {
			t.Errorf("GET %s: %d, want 403", path, code)
		}
	}
	if code, out, _ := r.callAs(string(token), http.MethodDelete, "/api/v1/namespaces/before/pods/fine?dryRun=All", "application/json", nil); code != http.StatusForbidden {
		t.Errorf("the audit may delete pods: %d %s", code, out)
	}
}

// The loop is ready after its first audit, shows a revocation in its metrics, and ends with 0.
func (r *rig) auditLoop(t *testing.T, args func(...string) []string) {
	config, err := os.ReadFile(r.config)
	r.must(err)
	own := filepath.Join(r.dir, "audited.yaml")
	r.must(os.WriteFile(own, config, 0o644))
	health := "127.0.0.1:" + port(t)
	cmd := r.start("auditor.log", r.modelvet, args("--config", own, "--every", "500ms", "--health", health, "--report")...)
	metrics := func() string {
		resp, err := http.Get("http://" + health + "/metrics")
		if err != nil {
			return ""
		}
		defer resp.Body.Close()
		b, _ := io.ReadAll(resp.Body)
		return string(b)
	}
	r.wait("the first audit", 30*time.Second, func() bool {
		resp, err := http.Get("http://" + health + "/readyz")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK && strings.Contains(metrics(), `modelvet_audit_objects{namespace="before",result="fail"} 3`)
	})
	_, d, _ := strings.Cut(r.ok, "@")
	r.must(os.WriteFile(own, append(config, []byte("revoked: [{digest: '"+d+"', reason: recalled}]\n")...), 0o644))
	r.wait("the revocation in the report", 30*time.Second, func() bool {
		return strings.Contains(metrics(), `modelvet_audit_objects{namespace="before",result="fail"} 4`) &&
			strings.Contains(r.kubectl(nil, "-n", "before", "get", "policyreport", "modelvet", "-o", "json"), `"rule": "revoked"`)
	})
	_ = cmd.Process.Signal(os.Interrupt)
	if err := cmd.Wait(); err != nil {
		t.Errorf("stopped with %v, want 0", err)
	}
}
