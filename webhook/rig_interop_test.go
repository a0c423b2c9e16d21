// SPDX-License-Identifier: Apache-2.0

//go:build interop

package webhook_test

import (
	"bytes"
	"compress/gzip"
	"crypto/tls"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// rig is a control plane, a registry with gated models, and the webhook.
type rig struct {
	t, root              *testing.T // of the step, of the whole
	dir, bin             string
	api, token, ca       string
	registry             string
	modelvet             string
	webhook              *exec.Cmd
	address, health      string
	config               string
	policy               string
	ok, bad              string // HOST/REPOSITORY@sha256:...
	pending, expired     string
	okRepo               string
	client               *http.Client
	auditLog, webLog     string
	rotateEvery, overlap string
}

func (r *rig) must(err error) {
	r.t.Helper()
	if err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) start(log, name string, args ...string) *exec.Cmd {
	r.t.Helper()
	f, err := os.OpenFile(filepath.Join(r.dir, log), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	r.must(err)
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = r.dir, f, f
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := cmd.Start(); err != nil {
		r.t.Fatalf("starting %s: %v; scripts/interop-webhook.sh builds it", name, err)
	}
	r.root.Cleanup(func() { _ = cmd.Process.Kill(); _, _ = cmd.Process.Wait(); f.Close() })
	return cmd
}

func (r *rig) run(env []string, codes string, args ...string) string {
	r.t.Helper()
	cmd := exec.Command(r.modelvet, args...)
	cmd.Dir = r.dir
	cmd.Env = append(append(os.Environ(), "XDG_CONFIG_HOME="+filepath.Join(r.dir, "config"), "NO_COLOR=1", "MODELVET_PASSWORD="), env...)
	out, err := cmd.CombinedOutput()
	if code := fmt.Sprint(cmd.ProcessState.ExitCode()); !strings.Contains(codes, code) {
		r.t.Fatalf("modelvet %s: exit %s (%v)\n%s", strings.Join(args, " "), code, err, out)
	}
	return string(out)
}

func port(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, p, _ := net.SplitHostPort(l.Addr().String())
	return p
}

// hostIP is an address that the API server may dial as an endpoint of a Service.
func hostIP(t *testing.T) string {
	t.Helper()
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range addrs {
		if ip, ok := a.(*net.IPNet); ok && ip.IP.To4() != nil && !ip.IP.IsLoopback() {
			return ip.IP.String()
		}
	}
	t.Fatal("this machine has no address but loopback; a Service cannot lead to the webhook")
	return ""
}

func newRig(t *testing.T) *rig {
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	r := &rig{t: t, root: t, dir: t.TempDir(), bin: filepath.Join(cache, "modelvet", "bin"), rotateEvery: "1440h", overlap: "1m"}
	r.client = &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{InsecureSkipVerify: true}, MaxIdleConnsPerHost: 64}}
	r.modelvet = filepath.Join(r.dir, "modelvet")
	if out, err := exec.Command("go", "build", "-o", r.modelvet, "../cmd/modelvet").CombinedOutput(); err != nil {
		t.Fatalf("building modelvet: %v\n%s", err, out)
	}
	r.controlPlane()
	r.models()
	r.crds()
	return r
}

const auditPolicy = `{"apiVersion":"audit.k8s.io/v1","kind":"Policy","omitStages":["RequestReceived"],"rules":[{"level":"Metadata","verbs":["create","update","patch"]}]}`

// admissionConfig lets registrations of webhooks lie on the API server's own disk (KEP-5793).
const admissionConfig = `{"apiVersion":"apiserver.config.k8s.io/v1","kind":"AdmissionConfiguration","plugins":[{"name":"ValidatingAdmissionWebhook","configuration":{"apiVersion":"apiserver.config.k8s.io/v1","kind":"WebhookAdmissionConfiguration","staticManifestsDir":%q}}]}`

func (r *rig) controlPlane() {
	ep, ep2, ap := port(r.t), port(r.t), port(r.t)
	etcd := "http://127.0.0.1:" + ep
	r.must(os.WriteFile(filepath.Join(r.dir, "tokens.csv"), []byte("admintoken,admin,admin-uid,\"system:masters\"\nuser,dev,dev-uid,\"developers\"\n"), 0o600))
	r.must(os.WriteFile(filepath.Join(r.dir, "audit.json"), []byte(auditPolicy), 0o600))
	if out, err := exec.Command("openssl", "genrsa", "-out", filepath.Join(r.dir, "sa.key"), "2048").CombinedOutput(); err != nil {
		r.t.Fatalf("openssl: %v %s", err, out)
	}
	r.auditLog = filepath.Join(r.dir, "audit.log")
	r.must(os.Mkdir(filepath.Join(r.dir, "static"), 0o755))
	r.must(os.WriteFile(filepath.Join(r.dir, "admission.json"), fmt.Appendf(nil, admissionConfig, filepath.Join(r.dir, "static")), 0o600))
	r.start("etcd.log", filepath.Join(r.bin, "etcd"), "--data-dir", "etcd-data", "--listen-client-urls", etcd, "--advertise-client-urls", etcd,
		"--listen-peer-urls", "http://127.0.0.1:"+ep2, "--initial-advertise-peer-urls", "http://127.0.0.1:"+ep2, "--initial-cluster", "default=http://127.0.0.1:"+ep2, "--unsafe-no-fsync", "--log-level", "warn")
	r.start("apiserver.log", filepath.Join(r.bin, "kube-apiserver"), "--etcd-servers="+etcd, "--secure-port="+ap, "--bind-address=127.0.0.1", "--cert-dir=certs",
		"--service-account-issuer=https://kubernetes.default.svc", "--service-account-key-file=sa.key", "--service-account-signing-key-file=sa.key",
		"--token-auth-file=tokens.csv", "--authorization-mode=RBAC", "--disable-admission-plugins=ServiceAccount", "--service-cluster-ip-range=10.96.0.0/24",
		"--enable-aggregator-routing=true", "--admission-control-config-file=admission.json", "--audit-policy-file=audit.json", "--audit-log-path="+r.auditLog, "--max-requests-inflight=2000", "--max-mutating-requests-inflight=1000")
	r.api, r.token, r.ca = "https://127.0.0.1:"+ap, "admintoken", filepath.Join(r.dir, "certs", "apiserver.crt")
	r.wait("the API server", 60*time.Second, func() bool {
		code, body, _ := r.call(http.MethodGet, "/readyz", nil)
		return code == 200 && string(body) == "ok"
	})
	kubeconfig := fmt.Sprintf(`{"apiVersion":"v1","kind":"Config","clusters":[{"name":"c","cluster":{"server":%q,"insecure-skip-tls-verify":true}}],"users":[{"name":"u","user":{"token":"admintoken"}}],"contexts":[{"name":"x","context":{"cluster":"c","user":"u"}}],"current-context":"x"}`, r.api)
	r.must(os.WriteFile(filepath.Join(r.dir, "kubeconfig"), []byte(kubeconfig), 0o600))
	r.start("controllers.log", filepath.Join(r.bin, "kube-controller-manager"), "--kubeconfig=kubeconfig", "--leader-elect=false", "--secure-port=0",
		"--controllers=deployment-controller,replicaset-controller,job-controller,cronjob-controller,statefulset-controller,serviceaccount-controller,namespace-controller")
}

func (r *rig) wait(what string, most time.Duration, ok func() bool) {
	r.t.Helper()
	for end := time.Now().Add(most); !ok(); time.Sleep(100 * time.Millisecond) {
		if time.Now().After(end) {
			log, _ := os.ReadFile(filepath.Join(r.dir, "webhook.log"))
			r.t.Fatalf("%s: not after %s\n%.4000s", what, most, log)
		}
	}
}

// call asks the API server; the third answer are the warnings.
func (r *rig) call(method, path string, body any) (int, []byte, []string) {
	return r.callAs(r.token, method, path, "application/json", body)
}

func (r *rig) callAs(token, method, path, contentType string, body any) (int, []byte, []string) {
	var in io.Reader
	switch b := body.(type) {
	case nil:
	case []byte:
		in = bytes.NewReader(b)
	default:
		raw, _ := json.Marshal(b)
		in = bytes.NewReader(raw)
	}
	req, _ := http.NewRequest(method, r.api+path, in)
	req.Header.Set("Authorization", "Bearer "+token)
	req.Header.Set("Content-Type", contentType)
	resp, err := r.client.Do(req)
	if err != nil {
		return 0, []byte(err.Error()), nil
	}
	defer resp.Body.Close()
	out, _ := io.ReadAll(resp.Body)
	return resp.StatusCode, out, resp.Header.Values("Warning")
}

// apply is kubectl apply --server-side of one document, YAML or JSON.
func (r *rig) kubectl(stdin []byte, args ...string) string {
	r.t.Helper()
	cmd := exec.Command(filepath.Join(r.bin, "kubectl"), append([]string{"--kubeconfig", filepath.Join(r.dir, "kubeconfig")}, args...)...)
	cmd.Stdin = bytes.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		r.t.Fatalf("kubectl %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// models gates the demo's model for real and puts what came of it into a registry.
func (r *rig) models() {
	p := port(r.t)
	r.start("registry.log", filepath.Join(r.bin, "olareg"), "serve", "--addr", "127.0.0.1", "--port", p, "--store-type", "mem")
	r.registry = "127.0.0.1:" + p
	for _, k := range []string{"pipeline", "officer"} {
		r.run(nil, "0", "keygen", "--out", k)
	}
	out, err := exec.Command("../scripts/policy.sh", filepath.Join(r.dir, "pipeline.pub"), filepath.Join(r.dir, "officer.pub")).Output()
	r.must(err)
	r.policy = filepath.Join(r.dir, "policy.yaml")
	r.must(os.WriteFile(r.policy, out, 0o644))
	r.must(os.Mkdir(filepath.Join(r.dir, "project"), 0o755))
	for _, sub := range []string{"modelvet.yaml", "model", "data", "docs"} {
		if out, err := exec.Command("cp", "-r", "../testdata/credit/"+sub, r.dir+"/project/").CombinedOutput(); err != nil && sub != "docs" {
			r.t.Fatalf("copying the model: %v %s", err, out)
		}
	}
	r.okRepo = r.registry + "/models/credit"
	r.ok = r.gated("credit", time.Now().Add(-time.Hour), true)
	r.pending = r.gated("pending", time.Now().Add(-time.Hour), false)
	r.expired = r.gated("expired", time.Now().AddDate(0, 0, -370), true)
	r.must(os.WriteFile(filepath.Join(r.dir, "project", "model", "notes.txt"), []byte("another model\n"), 0o644))
	r.run(nil, "0", "pack", "project")
	r.must(exec.Command("cp", "-r", filepath.Join(r.dir, "project", ".modelvet", "packed"), filepath.Join(r.dir, "bare")).Run())
	r.run(nil, "0", "push", "oci:bare", r.registry+"/models/bare:v1")
	r.bad = r.registry + "/models/bare@" + r.digestOf(r.registry+"/models/bare:v1")
}

func (r *rig) gated(name string, at time.Time, approve bool) string {
	env := []string{fmt.Sprintf("SOURCE_DATE_EPOCH=%d", at.Unix())}
	r.run(env, "4", "gate", "project", "--policy", "policy.yaml", "--key", "pipeline.key", "--out", name)
	if approve {
		r.run(env, "0", "approve", name, "--role", "model-risk-officer", "--policy", "policy.yaml", "--key", "officer.key")
		r.run(env, "0", "judge", name, "--policy", "policy.yaml", "--key", "pipeline.key", "--out", name)
	}
	ref := r.registry + "/models/" + name
	r.run(nil, "0", "push", "oci:"+filepath.Join(name, "layout"), ref+":v1")
	return ref + "@" + r.digestOf(ref+":v1")
}

func (r *rig) digestOf(ref string) string {
	r.t.Helper()
	host, rest, _ := strings.Cut(ref, "/")
	repo, tag, _ := strings.Cut(rest, ":")
	req, _ := http.NewRequest(http.MethodGet, "http://"+host+"/v2/"+repo+"/manifests/"+tag, nil)
	req.Header.Set("Accept", "application/vnd.oci.image.manifest.v1+json")
	resp, err := http.DefaultClient.Do(req)
	r.must(err)
	defer resp.Body.Close()
	d := resp.Header.Get("Docker-Content-Digest")
	if d == "" {
		r.t.Fatalf("%s has no digest: %s", ref, resp.Status)
	}
	return d
}

// crds puts KServe's own definitions in, and stubs of the others'.
func (r *rig) crds() {
	files, err := filepath.Glob("testdata/kserve-crds/*.gz")
	r.must(err)
	for _, f := range files {
		z, err := os.Open(f)
		r.must(err)
		g, err := gzip.NewReader(z)
		r.must(err)
		raw, err := io.ReadAll(g)
		r.must(err)
		name := strings.TrimSuffix(filepath.Base(f), ".yaml.gz")
		group, plural := "serving.kserve.io", strings.TrimPrefix(name, "serving.kserve.io_")
		code, out, _ := r.callAs(r.token, http.MethodPatch, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions/"+plural+"."+group+"?fieldManager=t&force=true", "application/apply-patch+yaml", raw)
		if code >= 300 {
			r.t.Fatalf("%s: %d %.500s", f, code, out)
		}
	}
	seen := map[string]bool{"InferenceService": true, "ServingRuntime": true, "ClusterServingRuntime": true, "InferenceGraph": true}
	for _, x := range rows(r.t, "x@"+digest("a")) {
		group, version, kind := x.gvk()
		if !strings.Contains(group, ".") || seen[kind] && kind != "Model" && kind != "Service" || seen[group+kind] {
			continue
		}
		seen[group+kind] = true
		plural := strings.ToLower(kind) + "s"
		crd := map[string]any{"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": map[string]any{
			"name": plural + "." + group, "annotations": map[string]any{"api-approved.kubernetes.io": "unapproved, experimental-only"}},
			"spec": map[string]any{"group": group, "scope": "Namespaced", "names": map[string]any{"kind": kind, "plural": plural, "singular": strings.ToLower(kind), "listKind": kind + "List"},
				"versions": []any{map[string]any{"name": version, "served": true, "storage": true, "schema": map[string]any{"openAPIV3Schema": map[string]any{"type": "object", "x-kubernetes-preserve-unknown-fields": true}}}}}}
		if code, out, _ := r.call(http.MethodPost, "/apis/apiextensions.k8s.io/v1/customresourcedefinitions", crd); code >= 300 {
			r.t.Fatalf("%s %s: %d %.500s", group, kind, code, out)
		}
	}
	r.wait("the definitions", 60*time.Second, func() bool {
		a, _, _ := r.call(http.MethodGet, "/apis/serving.kserve.io/v1beta1/inferenceservices", nil)
		b, _, _ := r.call(http.MethodGet, "/apis/model.aibrix.ai/v1alpha1/modeladapters", nil)
		return a == 200 && b == 200
	})
}
