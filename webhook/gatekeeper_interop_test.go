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
	serving, err := certs.Issue([]string{"localhost"}, time.Now(), time.Hour)
	r.must(err)
	for name, content := range map[string][]byte{"gk-serving.crt": serving.Cert, "gk-serving.key": serving.Key, "gk-ca.crt": serving.CA, "gk-client-ca.crt": r.clientFiles(t)} {
		r.must(os.WriteFile(filepath.Join(r.dir, name), content, 0o600))
	}
	p, health := port(t), "127.0.0.1:"+port(t)
	r.start("gatekeeper.log", r.modelvet, "webhook", "--policy", r.policy, "--config", r.config, "--listen", "127.0.0.1:"+p, "--health", health,
		"--tls-cert", "gk-serving.crt", "--tls-key", "gk-serving.key", "--gatekeeper", "gk-client-ca.crt")
	r.wait("the provider", 30*time.Second, func() bool {
		resp, err := http.Get("http://" + health + "/readyz")
		return err == nil && resp.Body.Close() == nil && resp.StatusCode == http.StatusOK
	})
	url := "https://localhost:" + p + "/gatekeeper?namespace=ml"
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
