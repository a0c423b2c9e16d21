// SPDX-License-Identifier: Apache-2.0

//go:build interop

package webhook_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"go.yaml.in/yaml/v3"
)

type row struct {
	Row     string
	Checked *bool
	Passes  bool
	Stub    bool
	Object  map[string]any
}

func rows(t *testing.T, ref string) []row {
	t.Helper()
	raw, err := os.ReadFile("references/testdata/rows.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var out []row
	if err := yaml.Unmarshal([]byte(strings.ReplaceAll(string(raw), "REF", ref)), &out); err != nil {
		t.Fatal(err)
	}
	return out
}

func (x row) gvk() (group, version, kind string) {
	api := x.Object["apiVersion"].(string)
	group, version, ok := strings.Cut(api, "/")
	if !ok {
		group, version = "", api
	}
	return group, version, x.Object["kind"].(string)
}

func (x row) path() string {
	group, version, kind := x.gvk()
	base := "/api/" + version
	if group != "" {
		base = "/apis/" + group + "/" + version
	}
	plural := strings.ToLower(kind) + "s"
	if kind == "ClusterServingRuntime" {
		return base + "/" + plural
	}
	return base + "/namespaces/ml/" + plural
}

// TestInteropCluster is one walk through a cluster's life: building it is what takes the time.
func TestInteropCluster(t *testing.T) {
	r := newRig(t)
	r.install()
	r.step(t, "rows", r.testRows)
	r.step(t, "bypass", r.testBypass)
	r.step(t, "denial", r.testDenial)
	r.step(t, "tag moved", r.testTagMoved)
	r.step(t, "index", r.testIndex)
	r.step(t, "tampered", r.testTampered)
	r.step(t, "update and ephemeral containers", r.testUpdate)
	r.step(t, "deployment to pod", r.testDeployment)
	r.step(t, "dry run and audit log", r.testAudit)
	r.step(t, "label and second layer", r.testSecondLayer)
	r.step(t, "least privilege", r.testPrivilege)
	r.step(t, "configuration", r.testConfiguration)
	r.step(t, "down, slow, restarted", r.testDown)
	r.step(t, "typed artifact as an image volume", r.testEmptyMount)
	r.step(t, "registry busy, broken, gone", r.testRegistry)
	r.step(t, "registry with a rate limit", r.testRateLimit)
	r.step(t, "judge full", r.testFull)
	r.step(t, "audit log", r.testAuditLog)
	r.step(t, "what runs already", r.testWhatRuns)
	r.step(t, "pinning", r.testPin)
	r.step(t, "gatekeeper", r.testGatekeeper)
	r.step(t, "static registration", r.testStatic)
	r.step(t, "rotation under load", r.testRotation)
}

// step is one part of the walk; what it starts lives on after it.
func (r *rig) step(t *testing.T, name string, f func(*testing.T)) {
	t.Run(name, func(t *testing.T) { r.t = t; f(t) })
	r.t = t
}

// install applies what modelvet prints, and runs the webhook as the Service's only endpoint,
// with the token of the service account that the manifests make.
func (r *rig) install() {
	r.config = filepath.Join(r.dir, "webhook.yaml")
	r.must(os.WriteFile(r.config, []byte("namespaces:\n  - {match: [relaxed], stage: production, mode: warn}\n  - {match: ['*'], stage: production, mode: enforce}\n"), 0o644))
	r.kubectl(nil, "create", "namespace", "modelvet-system")
	manifests := r.run(nil, "0", "k8s", "render", "--policy", r.policy, "--config", r.config, "--set", "audit=10m")
	r.kubectl([]byte(manifests), "apply", "-f", "-")
	r.kubectl([]byte(manifests), "apply", "--dry-run=server", "-f", "-") // twice is once
	for _, ns := range []string{"ml", "relaxed"} {
		r.kubectl(nil, "create", "namespace", ns)
		r.kubectl(nil, "label", "namespace", ns, "modelvet/enforce=true")
	}
	r.tokenOf("modelvet", "sa.token")
	ip := hostIP(r.t)
	p := port(r.t)
	r.address, r.health = ip+":"+p, "127.0.0.1:"+port(r.t)
	slice := fmt.Sprintf(`{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"modelvet-1","namespace":"modelvet-system","labels":{"kubernetes.io/service-name":"modelvet"}},"addressType":"IPv4","ports":[{"name":"webhook","port":%s}],"endpoints":[{"addresses":[%q],"conditions":{"ready":true}}]}`, p, ip)
	r.kubectl([]byte(slice), "apply", "-f", "-")
	r.serve()
	r.wait("the webhook is called", 30*time.Second, func() bool {
		code, out := r.create(r.t, "ml", volumePod(r.bad))
		return code == http.StatusForbidden && strings.Contains(out, "modelvet:")
	})
}

// serve starts the webhook and waits until it is ready.
func (r *rig) serve(more ...string) {
	args := append([]string{"webhook", "--policy", r.policy, "--config", r.config, "--listen", r.address, "--health", r.health,
		"--certificate-secret", "modelvet-certificates", "--kube-api", r.api, "--kube-token", filepath.Join(r.dir, "sa.token"), "--kube-ca", r.ca,
		"--drain", "1s", "--rotate-every", r.rotateEvery, "--rotate-overlap", r.overlap}, more...)
	r.webhook = r.start("webhook.log", r.modelvet, args...)
	r.wait("the webhook is ready", 60*time.Second, func() bool { return r.get("/readyz") == 200 })
}

func (r *rig) get(path string) int {
	resp, err := http.Get("http://" + r.health + path)
	if err != nil {
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

func (r *rig) stop(t *testing.T) {
	t.Helper()
	_ = r.webhook.Process.Signal(syscall.SIGTERM)
	if err := r.webhook.Wait(); err != nil {
		t.Errorf("stopped with %v, want 0", err)
	}
}

// create makes a pod without keeping it.
func (r *rig) create(t *testing.T, namespace string, pod map[string]any) (int, string) {
	t.Helper()
	pod["metadata"] = merge(pod["metadata"], map[string]any{"generateName": "t-", "name": nil})
	code, out, _ := r.call(http.MethodPost, "/api/v1/namespaces/"+namespace+"/pods?dryRun=All", pod)
	return code, string(out)
}

func merge(v any, more map[string]any) map[string]any {
	m, _ := v.(map[string]any)
	if m == nil {
		m = map[string]any{}
	}
	for k, x := range more {
		if x == nil {
			delete(m, k)
		} else {
			m[k] = x
		}
	}
	return m
}

// Every row: allowed with a decision, denied without.
func (r *rig) testRows(t *testing.T) {
	good, bad := rows(t, r.ok), rows(t, r.bad)
	checked := 0
	for i, x := range good {
		if x.Stub {
			continue // the fields are not in the definitions of this KServe release; the unit test has them
		}
		for _, c := range []struct {
			x    row
			want bool
		}{{x, x.Checked == nil || x.Passes}, {bad[i], x.Passes}} {
			c.x.Object["metadata"] = merge(c.x.Object["metadata"], map[string]any{"name": fmt.Sprintf("row-%d", i)})
			code, out, _ := r.call(http.MethodPost, c.x.path()+"?dryRun=All&fieldValidation=Strict", c.x.Object)
			denied := code == http.StatusForbidden && bytes.Contains(out, []byte("modelvet:"))
			switch {
			case c.want && code != http.StatusCreated:
				t.Errorf("%s %s: %d %.600s; want it admitted", x.Row, x.Object["kind"], code, out)
			case !c.want && !denied:
				t.Errorf("%s %s: %d %.600s; want it denied by modelvet", x.Row, x.Object["kind"], code, out)
			}
			checked++
		}
	}
	t.Logf("%d reviews of %d rows", checked, len(good))
}

func (r *rig) testBypass(t *testing.T) {
	hex := func(ref string) string { return ref[strings.Index(ref, "sha256:")+7:] }
	all := tricks(t, strings.NewReplacer("OKREPO", r.okRepo, "OKHEX", hex(r.ok), "BADHEX", hex(r.bad), "PENDING", r.pending, "EXPIRED", r.expired, "OK", r.ok, "BAD", r.bad))
	by := map[string]int{}
	for i, x := range all {
		code, out := r.create(t, "ml", x.pod(fmt.Sprintf("trick-%d", i)))
		who := "the API server's own checks"
		switch {
		case code < 300:
			t.Errorf("%s: admitted", x.Name)
			who = "nobody"
		case strings.Contains(out, `admission webhook \"models.modelvet.github.io\"`):
			who = "the webhook"
		case strings.Contains(out, "ValidatingAdmissionPolicy 'modelvet-digest'"):
			who = "modelvet's policy in the API server"
		default:
			t.Logf("%s: refused by the API server's own checks: %d %.300s", x.Name, code, out)
		}
		by[who]++
	}
	t.Logf("%d tricks, refused by: %v", len(all), by)
}

func (r *rig) testDenial(t *testing.T) {
	for _, c := range []struct{ ref, want string }{
		{r.bad, "no signed decision for stage production"},
		{r.pending, "is pending: 1 of 1 approvals by a model-risk-officer are missing"},
		{r.expired, "the decision expired on"},
		{r.okRepo + ":v1", "write: " + r.ok},
	} {
		pod := map[string]any{"apiVersion": "v1", "kind": "Pod", "spec": map[string]any{"containers": []any{
			map[string]any{"name": "a", "image": "srv"}, map[string]any{"name": "modelcar", "image": c.ref}}}}
		code, out := r.create(t, "ml", pod)
		if code != http.StatusForbidden || !strings.Contains(out, c.want) {
			t.Errorf("%s: %d %s; want %q", c.ref, code, out, c.want)
		}
		code, _, warnings := r.call(http.MethodPost, "/api/v1/namespaces/relaxed/pods?dryRun=All", merge(pod, nil))
		if code != http.StatusCreated || !strings.Contains(strings.Join(warnings, " "), "modelvet:") {
			t.Errorf("warn mode: %d %v", code, warnings)
		}
	}
}

// The tag leads elsewhere after the approval: what was approved stays approved, nothing else does.
func (r *rig) testTagMoved(t *testing.T) {
	r.run(nil, "0", "push", "oci:bare", r.okRepo+":v1")
	moved := r.okRepo + "@" + r.digestOf(r.okRepo+":v1")
	if moved == r.ok {
		t.Fatal("the tag did not move")
	}
	if code, out := r.create(t, "ml", volumePod(r.okRepo+":v1")); code < 400 {
		t.Errorf("the moved tag: %d %s", code, out)
	}
	if code, out := r.create(t, "ml", volumePod(moved)); code != http.StatusForbidden {
		t.Errorf("what the tag leads to now: %d %s", code, out)
	}
	if code, out := r.create(t, "ml", volumePod(r.ok)); code != http.StatusCreated {
		t.Errorf("the approved digest: %d %s", code, out)
	}
}

// An index is not the manifest that was approved, whatever it lists.
func (r *rig) testIndex(t *testing.T) {
	_, d, _ := strings.Cut(r.ok, "@")
	resp, err := http.Get("http://" + strings.Replace(r.okRepo, "/", "/v2/", 1) + "/manifests/" + d)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	var size bytes.Buffer
	_, _ = size.ReadFrom(resp.Body)
	index := fmt.Sprintf(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":%q,"size":%d}]}`, d, size.Len())
	req, _ := http.NewRequest(http.MethodPut, "http://"+strings.Replace(r.okRepo, "/", "/v2/", 1)+"/manifests/multi", strings.NewReader(index))
	req.Header.Set("Content-Type", "application/vnd.oci.image.index.v1+json")
	put, err := http.DefaultClient.Do(req)
	if err != nil || put.StatusCode != http.StatusCreated {
		t.Fatalf("%v %v", put, err)
	}
	if code, out := r.create(t, "ml", volumePod(r.okRepo+"@"+put.Header.Get("Docker-Content-Digest"))); code != http.StatusForbidden && code != http.StatusServiceUnavailable {
		t.Errorf("the index: %d %s", code, out)
	} else {
		t.Logf("%.400s", out)
	}
}

// A decision whose bytes were changed, and one that was moved to another model, count for nothing.
func (r *rig) testTampered(t *testing.T) {
	_, d, _ := strings.Cut(r.ok, "@")
	forged := r.statementOf(t, r.okRepo, d)
	for name, edit := range map[string]func([]byte) []byte{
		"payload": func(b []byte) []byte { return bytes.Replace(b, []byte(`"payload":"ey`), []byte(`"payload":"eY`), 1) },
		"whole":   func(b []byte) []byte { return b },
	} {
		_, bare, _ := strings.Cut(r.bad, "@")
		r.attach(t, r.registry+"/models/bare", bare, edit(forged))
		r.stop(t)
		r.serve()
		r.wait("the webhook answers", 20*time.Second, func() bool {
			code, _ := r.create(t, "ml", volumePod(r.ok))
			return code == http.StatusCreated
		})
		if code, out := r.create(t, "ml", volumePod(r.bad)); code != http.StatusForbidden || !strings.Contains(out, "is not believed") {
			t.Errorf("%s: %d %s", name, code, out)
		}
	}
}

// statementOf fetches the allowing decision's bundle of a model.
func (r *rig) statementOf(t *testing.T, repo, digest string) []byte {
	t.Helper()
	var index struct{ Manifests []struct{ Digest string } }
	r.getJSON(t, repo, "referrers/"+digest, &index)
	for _, m := range index.Manifests {
		var manifest struct {
			Annotations map[string]string
			Layers      []struct{ Digest string }
		}
		r.getJSON(t, repo, "manifests/"+m.Digest, &manifest)
		if strings.Contains(fmt.Sprint(manifest.Annotations), "predicates/decision/v1") {
			return r.fetch(t, repo, "blobs/"+manifest.Layers[0].Digest)
		}
	}
	t.Fatalf("%s has no decision", repo)
	return nil
}

func (r *rig) fetch(t *testing.T, repo, path string) []byte {
	t.Helper()
	req, _ := http.NewRequest(http.MethodGet, "http://"+strings.Replace(repo, "/", "/v2/", 1)+"/"+path, nil)
	req.Header.Set("Accept", "application/vnd.oci.image.manifest.v1+json, application/vnd.oci.image.index.v1+json")
	resp, err := http.DefaultClient.Do(req)
	r.must(err)
	defer resp.Body.Close()
	var b bytes.Buffer
	_, _ = b.ReadFrom(resp.Body)
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s", path, resp.Status)
	}
	return b.Bytes()
}

func (r *rig) getJSON(t *testing.T, repo, path string, out any) {
	t.Helper()
	r.must(json.Unmarshal(r.fetch(t, repo, path), out))
}

// attach puts a bundle beside a model as whoever can write to the registry could.
func (r *rig) attach(t *testing.T, repo, subject string, bundle []byte) {
	t.Helper()
	put := func(path, contentType string, body []byte) {
		req, _ := http.NewRequest(http.MethodPut, path, bytes.NewReader(body))
		req.Header.Set("Content-Type", contentType)
		resp, err := http.DefaultClient.Do(req)
		r.must(err)
		defer resp.Body.Close()
		if resp.StatusCode != http.StatusCreated {
			t.Fatalf("PUT %s: %s", path, resp.Status)
		}
	}
	base := "http://" + strings.Replace(repo, "/", "/v2/", 1)
	blob := func(b []byte) string {
		resp, err := http.Post(base+"/blobs/uploads/", "application/octet-stream", nil)
		r.must(err)
		defer resp.Body.Close()
		at, err := resp.Request.URL.Parse(resp.Header.Get("Location"))
		r.must(err)
		q := at.Query()
		sum := fmt.Sprintf("sha256:%x", sha256.Sum256(b))
		q.Set("digest", sum)
		at.RawQuery = q.Encode()
		put(at.String(), "application/octet-stream", b)
		return sum
	}
	empty := []byte("{}")
	size := len(r.fetch(t, repo, "manifests/"+subject))
	manifest := fmt.Sprintf(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","artifactType":"application/vnd.dev.sigstore.bundle.v0.3+json","config":{"mediaType":"application/vnd.oci.empty.v1+json","digest":%q,"size":2},"layers":[{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","digest":%q,"size":%d}],"subject":{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":%q,"size":%d}}`,
		blob(empty), blob(bundle), len(bundle), subject, size)
	put(fmt.Sprintf("%s/manifests/sha256:%x", base, sha256.Sum256([]byte(manifest))), "application/vnd.oci.image.manifest.v1+json", []byte(manifest))
}

func (r *rig) testUpdate(t *testing.T) {
	pod := map[string]any{"apiVersion": "v1", "kind": "Pod", "metadata": map[string]any{"name": "live"}, "spec": map[string]any{"containers": []any{
		map[string]any{"name": "a", "image": "srv"}, map[string]any{"name": "modelcar", "image": r.ok}}}}
	if code, out, _ := r.call(http.MethodPost, "/api/v1/namespaces/ml/pods", pod); code != http.StatusCreated {
		t.Fatalf("%d %s", code, out)
	}
	patch := func(sub, body string) (int, string) {
		code, out, _ := r.callAs(r.token, http.MethodPatch, "/api/v1/namespaces/ml/pods/live"+sub, "application/strategic-merge-patch+json", []byte(body))
		return code, string(out)
	}
	if code, out := patch("", `{"spec":{"containers":[{"name":"modelcar","image":"`+r.bad+`"}]}}`); code != http.StatusForbidden {
		t.Errorf("swapping the modelcar of a running pod: %d %s", code, out)
	}
	if code, out := patch("/ephemeralcontainers", `{"spec":{"ephemeralContainers":[{"name":"modelcar-2","image":"`+r.bad+`"}]}}`); code != http.StatusForbidden {
		t.Errorf("an ephemeral modelcar: %d %s", code, out)
	}
	if code, out := patch("/ephemeralcontainers", `{"spec":{"ephemeralContainers":[{"name":"shell","image":"busybox"}]}}`); code != http.StatusOK {
		t.Errorf("an ordinary debug container: %d %s", code, out)
	}
	if code, out := patch("", `{"metadata":{"labels":{"a":"b"}}}`); code != http.StatusOK {
		t.Errorf("a label: %d %s", code, out)
	}
}

// A deployment from before the gate was there: its pods are refused, and the reason reaches its status.
func (r *rig) testDeployment(t *testing.T) {
	r.kubectl(nil, "create", "namespace", "late")
	template := volumePod(r.bad)
	delete(template, "apiVersion")
	delete(template, "kind")
	template["metadata"] = map[string]any{"labels": map[string]any{"a": "b"}}
	d := map[string]any{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": "old"}, "spec": map[string]any{"replicas": 0, "selector": map[string]any{"matchLabels": map[string]any{"a": "b"}}, "template": template}}
	if code, out, _ := r.call(http.MethodPost, "/apis/apps/v1/namespaces/late/deployments", d); code != http.StatusCreated {
		t.Fatalf("%d %s", code, out)
	}
	r.wait("the replica set", 20*time.Second, func() bool {
		return strings.Contains(r.kubectl(nil, "-n", "late", "get", "rs", "-o", "name"), "old")
	})
	r.kubectl(nil, "label", "namespace", "late", "modelvet/enforce=true")
	r.wait("the namespace is gated", 20*time.Second, func() bool {
		code, _ := r.create(t, "late", volumePod(r.bad))
		return code == http.StatusForbidden
	})
	r.kubectl(nil, "-n", "late", "scale", "deployment/old", "--replicas=1")
	r.wait("the refusal in the deployment's status", 30*time.Second, func() bool {
		return strings.Contains(r.kubectl(nil, "-n", "late", "get", "deployment", "old", "-o", "json"), "modelvet:")
	})
	if pods := r.kubectl(nil, "-n", "late", "get", "pods", "-o", "name"); strings.TrimSpace(pods) != "" {
		t.Errorf("a pod runs: %s", pods)
	}
}

func (r *rig) testAudit(t *testing.T) {
	r.create(t, "ml", volumePod(r.ok))
	want := []string{"models.modelvet.github.io/decisions", "models.modelvet.github.io/models", "models.modelvet.github.io/policy", `"models.modelvet.github.io/verdict":"allowed"`, r.ok[strings.Index(r.ok, "sha256:"):]}
	r.wait("the audit log", 10*time.Second, func() bool {
		log, _ := os.ReadFile(r.auditLog)
		for _, line := range bytes.Split(log, []byte("\n")) {
			n := 0
			for _, w := range want {
				if bytes.Contains(line, []byte(w)) {
					n++
				}
			}
			if n == len(want) {
				return true
			}
		}
		return false
	})
}

func (r *rig) testSecondLayer(t *testing.T) {
	grant := `{"apiVersion":"rbac.authorization.k8s.io/v1","kind":"ClusterRoleBinding","metadata":{"name":"dev"},"roleRef":{"apiGroup":"rbac.authorization.k8s.io","kind":"ClusterRole","name":"cluster-admin"},"subjects":[{"kind":"User","name":"dev","apiGroup":"rbac.authorization.k8s.io"}]}`
	r.kubectl([]byte(grant), "apply", "-f", "-")
	for _, patch := range []string{`{"metadata":{"labels":{"modelvet/enforce":null}}}`, `{"metadata":{"labels":{"modelvet/enforce":"false"}}}`} {
		code, out, _ := r.callAs("user", http.MethodPatch, "/api/v1/namespaces/ml", "application/merge-patch+json", []byte(patch))
		if code < 300 || !bytes.Contains(out, []byte("only an administrator may take the label")) {
			t.Errorf("taking the label: %d %s", code, out)
		}
	}
	// With the webhook's configuration gone, the API server itself still wants digests.
	saved := r.kubectl(nil, "get", "validatingwebhookconfiguration", "modelvet", "-o", "json")
	r.kubectl(nil, "delete", "validatingwebhookconfiguration", "modelvet")
	r.wait("the second layer alone", 20*time.Second, func() bool {
		code, out := r.create(t, "ml", volumePod(r.okRepo+":v1"))
		return code >= 400 && strings.Contains(out, "ValidatingAdmissionPolicy")
	})
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

// The webhook's own account may do what it needs and nothing else.
func (r *rig) testPrivilege(t *testing.T) {
	token, err := os.ReadFile(filepath.Join(r.dir, "sa.token"))
	r.must(err)
	for _, path := range []string{"/api/v1/secrets", "/api/v1/namespaces/modelvet-system/secrets", "/api/v1/namespaces/ml/secrets/x", "/api/v1/pods", "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations", "/api/v1/namespaces"} {
		if code, _, _ := r.callAs(string(token), http.MethodGet, path, "application/json", nil); code != http.StatusForbidden {
			t.Errorf("GET %s: %d, want 403", path, code)
		}
	}
	if code, _, _ := r.callAs(string(token), http.MethodGet, "/api/v1/namespaces/modelvet-system/secrets/modelvet-certificates", "application/json", nil); code != http.StatusOK {
		t.Errorf("its own secret: %d", code)
	}
}

// A revocation takes effect without a restart, and a broken file changes nothing.
func (r *rig) testConfiguration(t *testing.T) {
	before, err := os.ReadFile(r.config)
	r.must(err)
	_, d, _ := strings.Cut(r.ok, "@")
	r.must(os.WriteFile(r.config, []byte(string(before)+"revoked: [{digest: '"+d+"', reason: recalled}]\n"), 0o644))
	r.wait("the revocation", 30*time.Second, func() bool {
		code, out := r.create(t, "ml", volumePod(r.ok))
		return code == http.StatusForbidden && strings.Contains(out, "recalled")
	})
	r.must(os.WriteFile(r.config, []byte("namespaces: []\n"), 0o644))
	time.Sleep(11 * time.Second)
	if code, _ := r.create(t, "ml", volumePod(r.ok)); code != http.StatusForbidden {
		t.Errorf("a broken configuration opened the gate: %d", code)
	}
	r.must(os.WriteFile(r.config, before, 0o644))
	r.wait("the revocation is gone", 30*time.Second, func() bool {
		code, _ := r.create(t, "ml", volumePod(r.ok))
		return code == http.StatusCreated
	})
}

func (r *rig) testDown(t *testing.T) {
	_ = r.webhook.Process.Signal(syscall.SIGSTOP) // hangs, and answers nothing
	start := time.Now()
	if code, out := r.create(t, "ml", volumePod(r.ok)); code < 400 || time.Since(start) > 15*time.Second {
		t.Errorf("a webhook that hangs: %d %s after %s", code, out, time.Since(start))
	}
	_ = r.webhook.Process.Signal(syscall.SIGCONT)
	r.stop(t)
	if code, out := r.create(t, "ml", volumePod(r.ok)); code != http.StatusInternalServerError || !strings.Contains(out, "failed calling webhook") {
		t.Errorf("a webhook that is down: %d %s", code, out)
	}
	r.serve()
	r.wait("the webhook after its restart", 20*time.Second, func() bool {
		code, _ := r.create(t, "ml", volumePod(r.ok))
		return code == http.StatusCreated
	})
}

// The certificate changes every few seconds under load, while two replicas
// serve, of which one is replaced: no call fails.
func (r *rig) testRotation(t *testing.T) {
	r.stop(t)
	r.rotateEvery, r.overlap = "4s", "1s"
	r.serve()
	second := r.replica(t)
	r.wait("the webhook answers", 20*time.Second, func() bool {
		code, _ := r.create(t, "ml", volumePod(r.ok))
		return code == http.StatusCreated
	})
	seen := map[string]bool{}
	var calls, failed atomic.Int32
	var first atomic.Pointer[string]
	var wg sync.WaitGroup
	end := time.Now().Add(20 * time.Second)
	wg.Go(func() { // what a rolling update does
		time.Sleep(6 * time.Second)
		second.replace(t)
	})
	for range 8 {
		wg.Go(func() {
			for time.Now().Before(end) {
				if code, out := r.create(t, "ml", volumePod(r.ok)); code != http.StatusCreated {
					failed.Add(1)
					first.CompareAndSwap(nil, &out)
				}
				calls.Add(1)
				time.Sleep(30 * time.Millisecond)
			}
		})
	}
	for time.Now().Before(end) {
		_, out, _ := r.call(http.MethodGet, "/api/v1/namespaces/modelvet-system/secrets/modelvet-certificates", nil)
		var s struct{ Data map[string]string }
		_ = json.Unmarshal(out, &s)
		cert, _ := base64.StdEncoding.DecodeString(s.Data["tls.crt"])
		seen[string(cert)] = true
		time.Sleep(200 * time.Millisecond)
	}
	wg.Wait()
	if failed.Load() > 0 {
		t.Errorf("%d of %d calls failed: %s", failed.Load(), calls.Load(), *first.Load())
	}
	if n := second.reviews(); n == 0 {
		t.Error("the second replica was never asked")
	}
	if len(seen) < 3 {
		t.Errorf("only %d certificates in 20 s", len(seen))
	}
	t.Logf("%d calls through %d certificates, %d failed", calls.Load(), len(seen), failed.Load())
}

// replica is a second webhook behind the same Service, and its endpoint.
type replica struct {
	r               *rig
	cmd             *exec.Cmd
	address, health string
}

func (r *rig) replica(t *testing.T) *replica {
	ip := hostIP(t)
	second := &replica{r: r, address: ip + ":" + port(t), health: "127.0.0.1:" + port(t)}
	second.serve(t)
	return second
}

func (p *replica) serve(t *testing.T) {
	r := p.r
	p.cmd = r.start("webhook2.log", r.modelvet, "webhook", "--policy", r.policy, "--config", r.config, "--listen", p.address, "--health", p.health,
		"--certificate-secret", "modelvet-certificates", "--kube-api", r.api, "--kube-token", filepath.Join(r.dir, "sa.token"), "--kube-ca", r.ca,
		"--drain", "3s", "--rotate-every", r.rotateEvery, "--rotate-overlap", r.overlap)
	r.wait("the second replica is ready", 30*time.Second, func() bool {
		resp, err := http.Get("http://" + p.health + "/readyz")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
	p.endpoint(t, true)
}

// endpoint says to the API server, as kubelets and controllers do, whether to come.
func (p *replica) endpoint(t *testing.T, ready bool) {
	ip, number, _ := strings.Cut(p.address, ":")
	slice := fmt.Sprintf(`{"apiVersion":"discovery.k8s.io/v1","kind":"EndpointSlice","metadata":{"name":"modelvet-2","namespace":"modelvet-system","labels":{"kubernetes.io/service-name":"modelvet"}},"addressType":"IPv4","ports":[{"name":"webhook","port":%s}],"endpoints":[{"addresses":[%q],"conditions":{"ready":%v}}]}`, number, ip, ready)
	path := "/apis/discovery.k8s.io/v1/namespaces/modelvet-system/endpointslices/modelvet-2?fieldManager=t&force=true"
	if code, out, _ := p.r.callAs(p.r.token, http.MethodPatch, path, "application/apply-patch+yaml", []byte(slice)); code >= 300 {
		t.Errorf("the endpoint: %d %s", code, out)
	}
}

// replace stops it as a kubelet does, and starts another one.
func (p *replica) replace(t *testing.T) {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	p.endpoint(t, false)
	if err := p.cmd.Wait(); err != nil {
		t.Errorf("the second replica ended with %v", err)
	}
	p.serve(t)
}

func (p *replica) reviews() int {
	resp, err := http.Get("http://" + p.health + "/metrics")
	if err != nil {
		return 0
	}
	defer resp.Body.Close()
	var b bytes.Buffer
	_, _ = b.ReadFrom(resp.Body)
	_, after, _ := strings.Cut(b.String(), "modelvet_admission_review_seconds_count ")
	n := 0
	_, _ = fmt.Sscan(after, &n)
	return n
}
