// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
)

// transit is the secrets engine of that name of HashiCorp Vault and OpenBao, as
// their API documentation has it (api-docs/secret/transit: "Read key", "Sign
// data"): as much as signing needs. The client is Vault's own.
type transit struct {
	keys map[string]crypto.Signer
	lie  bool // signs something else
}

func (v transit) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fail := func(status int, why string) {
		w.WriteHeader(status)
		fmt.Fprintf(w, `{"errors":[%q]}`, why)
	}
	if r.Header.Get("X-Vault-Token") != "t0ken" {
		fail(http.StatusForbidden, "permission denied")
		return
	}
	parts := strings.Split(strings.TrimPrefix(r.URL.Path, "/v1/transit/"), "/")
	if len(parts) < 2 || v.keys[parts[1]] == nil {
		fail(http.StatusNotFound, "no such key")
		return
	}
	key := v.keys[parts[1]]
	if parts[0] == "keys" {
		public, kind := string(mustKey(publicPEM(key.Public()))), "ecdsa-p256"
		if e, ok := key.Public().(ed25519.PublicKey); ok {
			public, kind = base64.StdEncoding.EncodeToString(e), "ed25519"
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"type": kind, "latest_version": 1, "keys": map[string]any{"1": map[string]string{"name": kind, "public_key": public}}}})
		return
	}
	var in struct {
		Input     string
		Prehashed bool
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || parts[0] != "sign" {
		fail(http.StatusBadRequest, "bad request")
		return
	}
	message, err := base64.StdEncoding.DecodeString(in.Input)
	hash := crypto.Hash(0)
	if len(parts) > 2 {
		hash = map[string]crypto.Hash{"sha2-256": crypto.SHA256, "sha2-384": crypto.SHA384, "sha2-512": crypto.SHA512}[parts[2]]
	}
	if err != nil || in.Prehashed != (hash != 0 && len(message) == hash.Size()) {
		fail(http.StatusBadRequest, "input is not what prehashed says")
		return
	}
	if v.lie {
		message[0] ^= 1
	}
	sig := mustKey(key.Sign(rand.Reader, message, hash))
	_ = json.NewEncoder(w).Encode(map[string]any{"data": map[string]any{"signature": "vault:v1:" + base64.StdEncoding.EncodeToString(sig), "key_version": 1}})
}

func startTransit(t *testing.T, v transit) {
	t.Helper()
	s := httptest.NewServer(v)
	t.Cleanup(s.Close)
	t.Setenv("VAULT_ADDR", s.URL)
	t.Setenv("VAULT_TOKEN", "t0ken")
}

func TestVaultSigns(t *testing.T) {
	ctx := context.Background()
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]crypto.Signer{"p256": mustKey(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)), "p384": mustKey(ecdsa.GenerateKey(elliptic.P384(), rand.Reader)), "ed": edwards}
	startTransit(t, transit{keys: keys})
	for name := range keys {
		t.Run(name, func(t *testing.T) {
			s, err := LoadSigner(ctx, "hashivault://"+name, nil)
			if err != nil {
				t.Fatal(err)
			}
			b, err := Sign(ctx, s, subject, modelvet.PredicateScan, map[string]any{}, noon)
			if err != nil {
				t.Fatal(err)
			}
			wantStatus(t, Verify(ctx, b, trusting(s), subject), modelvet.Verified, "")
		})
	}
	startTransit(t, transit{keys: keys, lie: true})
	s, err := LoadSigner(ctx, "hashivault://p256", nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Sign(ctx, s, subject, modelvet.PredicateScan, map[string]any{}, noon); err == nil {
		t.Error("a wrong signature left")
	}
	if _, err := LoadSigner(ctx, "hashivault://other", nil); err == nil || !strings.Contains(err.Error(), "hashivault://other") {
		t.Errorf("a key that is not there: %v", err)
	}
	t.Setenv("VAULT_TOKEN", "wrong")
	if _, err := LoadSigner(ctx, "hashivault://p256", nil); err == nil || strings.Contains(err.Error(), "wrong") || !strings.Contains(err.Error(), "permission denied") {
		t.Errorf("a wrong token: %v", err)
	}
}

// An address says which service is meant before anybody is asked.
func TestKeyServicesThatAreLinkedIn(t *testing.T) {
	t.Setenv("VAULT_ADDR", "")
	t.Setenv("BAO_ADDR", "")
	for uri, want := range map[string]string{"awskms://x": "awskms", "gcpkms://x": "gcpkms", "azurekms://x": "azurekms", "hashivault://x": "VAULT_ADDR"} {
		if _, err := LoadSigner(context.Background(), uri, nil); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "plug-in") {
			t.Errorf("%s: %v", uri, err)
		}
	}
}
