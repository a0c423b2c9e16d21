// SPDX-License-Identifier: Apache-2.0

//go:build interop

package attest

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// cluster is a whole private Sigstore on loopback: an issuer of identity
// tokens (here), Fulcio, Rekor v2 on a POSIX directory, and a time-stamp
// authority, each the program of its project.
type cluster struct {
	dir           string
	issuer        *httptest.Server
	key           *rsa.PrivateKey
	signingConfig []byte
	trustedRoot   []byte
}

func (c *cluster) path(name string) string { return filepath.Join(c.dir, name) }

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	_, port, _ := net.SplitHostPort(l.Addr().String())
	return port
}

// serve starts a program and waits until it answers at ready.
func (c *cluster) serve(t *testing.T, ready, name string, args ...string) {
	t.Helper()
	log, err := os.Create(c.path(filepath.Base(name) + ".log"))
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Stdout, cmd.Stderr = c.dir, log, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill(); _ = cmd.Wait(); _ = log.Close() })
	for range 240 {
		if r, err := http.Get(ready); err == nil {
			_ = r.Body.Close()
			if r.StatusCode == http.StatusOK {
				return
			}
		}
		time.Sleep(250 * time.Millisecond)
	}
	text, _ := os.ReadFile(log.Name())
	t.Fatalf("%s does not answer at %s:\n%s", name, ready, text)
}

func get(t *testing.T, url string) []byte {
	t.Helper()
	r, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	data, err := io.ReadAll(r.Body)
	if err != nil || r.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %v", url, r.Status, err)
	}
	return data
}

func newCluster(t *testing.T) *cluster {
	t.Helper()
	c := &cluster{dir: t.TempDir()}
	c.openIssuer(t)
	fulcio, tsa, rekor := freePort(t), freePort(t), freePort(t)
	c.write(t, "fulcio.yaml", fmt.Sprintf("oidc-issuers:\n  %[1]s:\n    issuer-url: %[1]s\n    client-id: sigstore\n    type: github-workflow\n", c.issuer.URL))
	c.serve(t, "http://127.0.0.1:"+fulcio+"/api/v2/trustBundle", peer(t, "MODELVET_FULCIO", "bin/fulcio"), "serve", "--ca", "ephemeralca", "--ct-log-url", "",
		"--config-path", c.path("fulcio.yaml"), "--host", "127.0.0.1", "--port", fulcio, "--grpc-host", "127.0.0.1", "--grpc-port", freePort(t), "--metrics-port", freePort(t), "--legacy-unix-domain-socket", c.path("fulcio.sock"))
	c.serve(t, "http://127.0.0.1:"+tsa+"/api/v1/timestamp/certchain", peer(t, "MODELVET_TSA", "bin/timestamp-server"), "serve", "--timestamp-signer", "memory", "--disable-ntp-monitoring", "--host", "127.0.0.1", "--port", tsa)
	logPublic := c.logKey(t)
	c.serve(t, "http://127.0.0.1:"+rekor+"/healthz", peer(t, "MODELVET_REKOR", "bin/rekor-posix"), "serve", "--storage-dir", c.path("log"), "--signer-filepath", c.path("log.key"), "--hostname", "127.0.0.1",
		"--http-address", "127.0.0.1", "--http-port", rekor, "--grpc-port", freePort(t), "--http-metrics-port", freePort(t), "--checkpoint-interval", "1s", "--batch-max-age", "50ms")
	c.write(t, "tsa.pem", string(get(t, "http://127.0.0.1:"+tsa+"/api/v1/timestamp/certchain")))
	c.write(t, "fulcio.pem", bundleOf(t, get(t, "http://127.0.0.1:"+fulcio+"/api/v2/trustBundle")))
	since := "start-time=" + time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	c.cosign(t, "signing-config", "create", "--no-default-fulcio", "--no-default-oidc", "--no-default-rekor", "--no-default-tsa",
		"--fulcio", "url=http://127.0.0.1:"+fulcio+",api-version=1,operator=x,"+since, "--rekor", "url=http://127.0.0.1:"+rekor+",api-version=2,operator=x,"+since, "--rekor-config", "ANY",
		"--tsa", "url=http://127.0.0.1:"+tsa+"/api/v1/timestamp,api-version=1,operator=x,"+since, "--tsa-config", "ANY", "--out", c.path("signing_config.json"))
	c.trustedRootWith(t, "trusted_root.json", logPublic)
	c.signingConfig, c.trustedRoot = c.read(t, "signing_config.json"), c.read(t, "trusted_root.json")
	return c
}

func (c *cluster) cosign(t *testing.T, args ...string) {
	t.Helper()
	if out, err := cosign(t, "", args...); err != nil {
		t.Fatalf("cosign %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// trustedRootWith writes a trusted root in which the log has this public key.
func (c *cluster) trustedRootWith(t *testing.T, name, logPublic string) []byte {
	t.Helper()
	since := "start-time=" + time.Now().Add(-time.Hour).UTC().Format(time.RFC3339)
	c.cosign(t, "trusted-root", "create", "--no-default-fulcio", "--no-default-ctfe", "--no-default-rekor", "--no-default-tsa",
		"--fulcio", "url=http://fulcio.internal,certificate-chain="+c.path("fulcio.pem"), "--tsa", "url=http://tsa.internal,certificate-chain="+c.path("tsa.pem"),
		"--rekor", "url=http://127.0.0.1,public-key="+logPublic+","+since, "--out", c.path(name))
	return c.read(t, name)
}

func bundleOf(t *testing.T, data []byte) string {
	t.Helper()
	var b struct {
		Chains []struct{ Certificates []string }
	}
	if err := json.Unmarshal(data, &b); err != nil || len(b.Chains) == 0 {
		t.Fatalf("trust bundle %s: %v", data, err)
	}
	return strings.Join(b.Chains[0].Certificates, "")
}

func (c *cluster) write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(c.path(name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func (c *cluster) read(t *testing.T, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(c.path(name))
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// logKey makes the key of the log, and another that is not its.
func (c *cluster) logKey(t *testing.T) string {
	t.Helper()
	for _, name := range []string{"log", "other"} {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		der, err := x509.MarshalPKCS8PrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		public, err := publicPEM(key.Public())
		if err != nil {
			t.Fatal(err)
		}
		c.write(t, name+".key", string(pem.EncodeToMemory(&pem.Block{Type: pemPrivate, Bytes: der})))
		c.write(t, name+".pub", string(public))
	}
	return c.path("log.pub")
}

// openIssuer serves what GitHub's issuer serves: discovery and a key set.
func (c *cluster) openIssuer(t *testing.T) {
	t.Helper()
	var err error
	if c.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	c.issuer = httptest.NewServer(mux)
	t.Cleanup(c.issuer.Close)
	answer := func(path string, v any) {
		mux.HandleFunc(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			_ = json.NewEncoder(w).Encode(v)
		})
	}
	answer("/.well-known/openid-configuration", map[string]any{"issuer": c.issuer.URL, "jwks_uri": c.issuer.URL + "/keys", "id_token_signing_alg_values_supported": []string{"RS256"}, "response_types_supported": []string{"id_token"}, "subject_types_supported": []string{"public"}})
	b64 := base64.RawURLEncoding.EncodeToString
	answer("/keys", map[string]any{"keys": []any{map[string]any{"kty": "RSA", "use": "sig", "alg": "RS256", "kid": "1", "n": b64(c.key.N.Bytes()), "e": b64(big.NewInt(int64(c.key.E)).Bytes())}}})
	mux.HandleFunc("/token", func(w http.ResponseWriter, r *http.Request) { // the token service of a job
		if r.Header.Get("Authorization") != "Bearer job" || r.URL.Query().Get("audience") != Audience || r.URL.Query().Get("api-version") != "2" {
			http.Error(w, "no", http.StatusForbidden)
			return
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"value": c.token(t, nil)})
	})
}

const jobWorkflow = "acme/credit/.github/workflows/gate.yml@refs/heads/main"

// token is one as GitHub gives a job.
func (c *cluster) token(t *testing.T, change map[string]any) string {
	t.Helper()
	now := time.Now()
	claims := map[string]any{"iss": c.issuer.URL, "aud": "sigstore", "sub": "repo:acme/credit:ref:refs/heads/main", "iat": now.Unix(), "nbf": now.Unix() - 5, "exp": now.Add(5 * time.Minute).Unix(),
		"job_workflow_ref": jobWorkflow, "job_workflow_sha": head, "sha": head, "event_name": "push", "repository": "acme/credit", "workflow": "gate", "ref": "refs/heads/main",
		"runner_environment": "github-hosted", "repository_id": "1", "repository_owner": "acme", "repository_owner_id": "2", "repository_visibility": "private",
		"workflow_ref": jobWorkflow, "workflow_sha": head, "run_id": "7", "run_attempt": "1"}
	maps.Copy(claims, change)
	body, err := json.Marshal(claims)
	if err != nil {
		t.Fatal(err)
	}
	b64 := base64.RawURLEncoding.EncodeToString
	signed := b64([]byte(`{"alg":"RS256","kid":"1","typ":"JWT"}`)) + "." + b64(body)
	sum := sha256.Sum256([]byte(signed))
	sig, err := rsa.SignPKCS1v15(rand.Reader, c.key, crypto.SHA256, sum[:])
	if err != nil {
		t.Fatal(err)
	}
	return signed + "." + b64(sig)
}

func (c *cluster) signer(t *testing.T, token string) *Signer {
	t.Helper()
	source, err := Tokens(token, nil)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewKeyless(context.Background(), source, Sigstore{SigningConfig: c.signingConfig, TrustedRoot: c.trustedRoot})
	if err != nil {
		t.Fatal(err)
	}
	return s
}
