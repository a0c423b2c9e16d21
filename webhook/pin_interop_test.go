// SPDX-License-Identifier: Apache-2.0

//go:build interop

package webhook_test

import (
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	admission "k8s.io/api/admission/v1"
)

// The digest is written in place of a tag, judged again by the validation and by
// the policy in the API server, and also where another webhook put the tag.
func (r *rig) testPin(t *testing.T) {
	tag := r.registry + "/models/pinned:v1"
	r.run(nil, "0", "push", "oci:"+filepath.Join("credit", "layout"), tag)
	pinned := r.registry + "/models/pinned@" + r.ok[strings.Index(r.ok, "sha256:"):]
	if code, out := r.create(t, "ml", volumePod(tag)); code < 400 {
		t.Fatalf("without pinning a tag is admitted: %d %s", code, out)
	}
	manifests := r.run(nil, "0", "k8s", "render", "--policy", r.policy, "--config", r.config, "--set", "audit=10m", "--set", "pin=true")
	r.kubectl([]byte(manifests), "apply", "-f", "-")
	r.stop(t)
	r.serve("--pin")
	r.wait("the tag is pinned", 40*time.Second, func() bool {
		code, out := r.create(t, "ml", volumePod(tag))
		return code == http.StatusCreated && strings.Contains(out, pinned)
	})
	pod := volumePod(tag)
	pod["metadata"] = map[string]any{"name": "by-tag"}
	code, out, warnings := r.call(http.MethodPost, "/api/v1/namespaces/ml/pods", pod)
	if code != http.StatusCreated || !strings.Contains(strings.Join(warnings, " "), "pinned to sha256:") {
		t.Errorf("%d %s, warnings %q", code, out, warnings)
	}
	if got := r.kubectl(nil, "-n", "ml", "get", "pod", "by-tag", "-o", "jsonpath={.spec.volumes[*].image.reference}"); got != pinned {
		t.Errorf("what was kept is %s, want %s", got, pinned)
	}
	r.wait("the pin in the audit log", 10*time.Second, func() bool {
		log, _ := os.ReadFile(r.auditLog)
		return strings.Contains(string(log), `"pin.modelvet.github.io/pinned":"`+pinned+`"`)
	})
	if code, out := r.create(t, "ml", volumePod(r.registry+"/models/bare:v1")); code < 400 || strings.Contains(out, "models/bare@") && !strings.Contains(out, "denied") {
		t.Errorf("a tag that nobody approved: %d %s", code, out)
	}
	r.pinDeployment(t, tag, pinned)
	r.pinAgain(t, tag, pinned)
	r.kubectl(nil, "delete", "mutatingwebhookconfiguration", "modelvet")
	r.stop(t)
	r.serve()
}

// Applying the same manifest twice is applying it once.
func (r *rig) pinDeployment(t *testing.T, tag, pinned string) {
	template := volumePod(tag)
	delete(template, "apiVersion")
	delete(template, "kind")
	template["metadata"] = map[string]any{"labels": map[string]any{"a": "b"}}
	d, _ := json.Marshal(map[string]any{"apiVersion": "apps/v1", "kind": "Deployment", "metadata": map[string]any{"name": "by-tag", "namespace": "ml"},
		"spec": map[string]any{"replicas": 1, "selector": map[string]any{"matchLabels": map[string]any{"a": "b"}}, "template": template}})
	generation := ""
	for range 2 {
		r.kubectl(d, "apply", "-f", "-")
		if got := r.kubectl(nil, "-n", "ml", "get", "deployment", "by-tag", "-o", "jsonpath={.spec.template.spec.volumes[*].image.reference}"); got != pinned {
			t.Errorf("the deployment says %s, want %s", got, pinned)
		}
		now := r.kubectl(nil, "-n", "ml", "get", "deployment", "by-tag", "-o", "jsonpath={.metadata.generation}")
		if generation != "" && now != generation {
			t.Errorf("the second apply changed the deployment: generation %s, then %s", generation, now)
		}
		generation = now
	}
	r.wait("its pod", 20*time.Second, func() bool {
		return strings.Contains(r.kubectl(nil, "-n", "ml", "get", "pods", "-l", "a=b", "-o", "jsonpath={.items[*].spec.volumes[*].image.reference}"), pinned)
	})
}

// Another webhook, which comes later, puts a tag in: ours is asked again.
func (r *rig) pinAgain(t *testing.T, tag, pinned string) {
	injected := 0
	other := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		var a admission.AdmissionReview
		body, _ := io.ReadAll(req.Body)
		_ = json.Unmarshal(body, &a)
		a.Response = &admission.AdmissionResponse{UID: a.Request.UID, Allowed: true}
		if !strings.Contains(string(a.Request.Object.Raw), `"injected"`) {
			kind := admission.PatchTypeJSONPatch
			a.Response.PatchType = &kind
			a.Response.Patch = fmt.Appendf(nil, `[{"op":"add","path":"/spec/volumes/-","value":{"name":"injected","image":{"reference":%q}}}]`, tag)
			injected++
		}
		a.Request = nil
		_ = json.NewEncoder(w).Encode(a)
	}))
	defer other.Close()
	ca := base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: other.Certificate().Raw}))
	config := fmt.Sprintf(`{"apiVersion":"admissionregistration.k8s.io/v1","kind":"MutatingWebhookConfiguration","metadata":{"name":"zz-inject"},"webhooks":[{"name":"inject.example.test","admissionReviewVersions":["v1"],"sideEffects":"None","failurePolicy":"Fail","clientConfig":{"url":%q,"caBundle":%q},"objectSelector":{"matchLabels":{"inject":"yes"}},"rules":[{"apiGroups":[""],"apiVersions":["v1"],"operations":["CREATE"],"resources":["pods"]}]}]}`, other.URL, ca)
	r.kubectl([]byte(config), "apply", "-f", "-")
	defer r.kubectl(nil, "delete", "mutatingwebhookconfiguration", "zz-inject")
	var out string
	r.wait("the other webhook", 20*time.Second, func() bool {
		pod := volumePod(r.ok)
		pod["metadata"] = map[string]any{"labels": map[string]any{"inject": "yes"}}
		_, out = r.create(t, "ml", pod)
		return injected > 0
	})
	if strings.Contains(out, tag) || !strings.Contains(out, pinned) {
		t.Errorf("the injected tag was not pinned: %s", out)
	}
}
