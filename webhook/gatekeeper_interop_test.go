// SPDX-License-Identifier: Apache-2.0

//go:build interop

package webhook_test

import (
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/modelvet/modelvet/webhook/certs"
)

// regoResponse is what Gatekeeper hands to a policy.
type regoResponse struct {
	Responses, Errors [][]any
	StatusCode        int    `json:"status_code"`
	SystemError       string `json:"system_error"`
}

// Gatekeeper's own client asks a webhook that runs beside it.
func (r *rig) testGatekeeper(t *testing.T) {
	r.must(os.WriteFile(filepath.Join(r.dir, "gk-client-ca.crt"), r.clientFiles(t), 0o600))
	p, _ := r.beside(t, "gk", "--gatekeeper", "gk-client-ca.crt")
	url := "https://" + p + "/gatekeeper?namespace=ml"
	got, out := r.gatekeeper(t, url, "gk-client.crt", "gk-client.key", r.ok, r.bad, r.expired, "s3://bucket/model")
	if len(got.Responses) != 1 || got.Responses[0][0] != r.ok || !strings.Contains(fmt.Sprint(got.Responses[0][1]), "pinned:true") || len(got.Errors) != 3 || got.SystemError != "" || got.StatusCode != 200 {
		t.Errorf("%s", out)
	}
	for i, want := range []string{"no signed decision", "expired on", "nothing pins the bytes"} {
		if !strings.Contains(fmt.Sprint(got.Errors[i]), want) {
			t.Errorf("%v, want %q", got.Errors[i], want)
		}
	}
	got, out = r.gatekeeper(t, url+"&value=reference", "gk-client.crt", "gk-client.key", r.registry+"/models/expired:v1", r.registry+"/models/pending:v1")
	if len(got.Responses) != 0 || len(got.Errors) != 2 {
		t.Errorf("tags of what is not approved: %s", out)
	}
	// A registry that is not there: no item at all, and the system error.
	got, out = r.gatekeeper(t, url, "gk-client.crt", "gk-client.key", "127.0.0.1:1"+strings.TrimPrefix(r.ok, r.registry))
	if len(got.Responses)+len(got.Errors) != 0 || got.SystemError == "" {
		t.Errorf("a registry that is down: %s", out)
	}
	if _, out := r.gatekeeper(t, url, "gk-serving.crt", "gk-serving.key", r.ok); !strings.Contains(out, "unmarshal") {
		t.Errorf("a client of another authority was answered: %s", out)
	}
}

// beside starts a webhook with certificates from files, which no Service leads to.
func (r *rig) beside(t *testing.T, name string, more ...string) (address string, cmd *exec.Cmd) {
	t.Helper()
	serving, err := certs.Issue([]string{"localhost"}, time.Now(), time.Hour)
	r.must(err)
	for suffix, content := range map[string][]byte{"-serving.crt": serving.Cert, "-serving.key": serving.Key, "-ca.crt": serving.CA} {
		r.must(os.WriteFile(filepath.Join(r.dir, name+suffix), content, 0o600))
	}
	p, health := port(t), "127.0.0.1:"+port(t)
	cmd = r.start(name+".log", r.modelvet, append([]string{"webhook", "--policy", r.policy, "--config", r.config, "--listen", "127.0.0.1:" + p, "--health", health,
		"--tls-cert", name + "-serving.crt", "--tls-key", name + "-serving.key"}, more...)...)
	r.wait(name+" is ready", 30*time.Second, func() bool {
		resp, err := http.Get("http://" + health + "/readyz")
		return err == nil && resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
	})
	return "localhost:" + p, cmd
}

// The registration on the API server's own disk holds when all others are gone,
// and no administrator of the cluster can see it or take it away.
func (r *rig) testStatic(t *testing.T) {
	address, _ := r.beside(t, "static")
	manifest := r.run(nil, "0", "k8s", "render", "--static", "https://"+address+"/validate", "--static-ca", "static-ca.crt")
	file := filepath.Join(r.dir, "static", "modelvet.yaml")
	r.withoutWebhook(t, func() {
		r.must(os.WriteFile(file, []byte(manifest), 0o644))
		r.wait("the static registration", 30*time.Second, func() bool {
			code, out := r.create(t, "ml", volumePod(r.bad))
			return code == http.StatusForbidden && strings.Contains(out, "no signed decision")
		})
		if code, out := r.create(t, "ml", volumePod(r.ok)); code != http.StatusCreated {
			t.Errorf("an approved model: %d %s", code, out)
		}
		const path = "/apis/admissionregistration.k8s.io/v1/validatingwebhookconfigurations"
		if code, out, _ := r.call(http.MethodDelete, path+"/modelvet.static.k8s.io", nil); code != http.StatusNotFound {
			t.Errorf("deleting it: %d %s", code, out)
		}
		if code, out, _ := r.call(http.MethodDelete, path, nil); code != http.StatusOK {
			t.Errorf("deleting all of them: %d %s", code, out)
		}
		if code, out := r.create(t, "ml", volumePod(r.bad)); code != http.StatusForbidden {
			t.Errorf("after everything was deleted: %d %s", code, out)
		}
		r.must(os.Remove(file))
	})
}

// clientFiles writes a client certificate and key, and returns its authority as PEM.
func (r *rig) clientFiles(t *testing.T) []byte {
	t.Helper()
	ca, cert := issue(t, x509.ExtKeyUsageClientAuth)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(cert.PrivateKey)
	r.must(err)
	r.must(os.WriteFile(filepath.Join(r.dir, "gk-client.crt"), pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Certificate[0]}), 0o600))
	r.must(os.WriteFile(filepath.Join(r.dir, "gk-client.key"), pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}), 0o600))
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca})
}

func (r *rig) gatekeeper(t *testing.T, url, cert, key string, refs ...string) (got regoResponse, out string) {
	t.Helper()
	cmd := exec.Command(filepath.Join(r.bin, "gatekeeper-ask"), append([]string{url, "gk-ca.crt", cert, key}, refs...)...)
	cmd.Dir = r.dir
	raw, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatalf("%v; scripts/interop-webhook.sh builds it", err)
	}
	_ = json.Unmarshal(raw, &got)
	return got, string(raw)
}
