// SPDX-License-Identifier: Apache-2.0

//go:build interop

package attest

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/modelvet/modelvet"
)

// TestInteropKeyless signs without a key against a private Sigstore of the
// real programs, and has cosign and model_signing read the result.
func TestInteropKeyless(t *testing.T) {
	ctx, c := context.Background(), newCluster(t)
	person := "https://github.com/" + jobWorkflow
	id := TrustedIdentity{Name: "CI", Issuer: c.issuer.URL, Identity: person, Producer: true, Limits: Limits{Timestamp: true, Log: true}}
	trust := func(roots ...[]byte) Trust {
		return Trust{Roots: roots, Identities: []TrustedIdentity{id}, Now: time.Now()}
	}
	signed := func(s *Signer) []byte {
		b, err := Sign(ctx, s, subject, modelvet.PredicateScan, map[string]any{"scanner": "x"}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	s := c.signer(t, c.token(t, nil))
	bundle := signed(s)

	t.Run("verifies", func(t *testing.T) {
		e := Verify(ctx, bundle, trust(c.trustedRoot), subject)
		wantStatus(t, e, modelvet.Verified, "")
		if e.Signer.Identity != person || e.Signer.Issuer != c.issuer.URL || time.Since(e.SignedAt).Abs() > time.Minute {
			t.Errorf("%+v at %v", e.Signer, e.SignedAt)
		}
		me, err := s.Identity(ctx)
		if err != nil || me.ID() != e.Signer.ID() {
			t.Errorf("%+v %v", me, err)
		}
	})
	t.Run("long after the certificate has expired", func(t *testing.T) {
		later := trust(c.trustedRoot)
		later.Now = time.Now().AddDate(1, 0, 0)
		wantStatus(t, Verify(ctx, bundle, later, subject), modelvet.Verified, "")
	})
	t.Run("one certificate serves many statements", func(t *testing.T) {
		first := s.keyless.cert
		if signed(s); s.keyless.cert != first {
			t.Error("another certificate was asked for")
		}
	})
	t.Run("the token service of GitHub", func(t *testing.T) {
		source, err := Tokens("", map[string]string{"ACTIONS_ID_TOKEN_REQUEST_URL": c.issuer.URL + "/token?api-version=2", "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "job"})
		if err != nil {
			t.Fatal(err)
		}
		gh, err := NewKeyless(ctx, source, Sigstore{SigningConfig: c.signingConfig, TrustedRoot: c.trustedRoot})
		if err != nil {
			t.Fatal(err)
		}
		wantStatus(t, Verify(ctx, signed(gh), trust(c.trustedRoot), subject), modelvet.Verified, "")
	})
	t.Run("SIGSTORE_ID_TOKEN of GitLab", func(t *testing.T) {
		source, err := Tokens("", map[string]string{"SIGSTORE_ID_TOKEN": c.token(t, nil), "GITLAB_CI": "true"})
		if err != nil {
			t.Fatal(err)
		}
		gl, err := NewKeyless(ctx, source, Sigstore{SigningConfig: c.signingConfig, TrustedRoot: c.trustedRoot})
		if err != nil {
			t.Fatal(err)
		}
		wantStatus(t, Verify(ctx, signed(gl), trust(c.trustedRoot), subject), modelvet.Verified, "")
	})
	t.Run("a key, dated and logged", func(t *testing.T) {
		k, err := fixed(t).WithServices(Sigstore{SigningConfig: c.signingConfig, TrustedRoot: c.trustedRoot}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		b := signed(k)
		tr := trusting(k)
		tr.Now, tr.Roots, tr.Require = time.Now(), [][]byte{c.trustedRoot}, Limits{Timestamp: true, Log: true}
		wantStatus(t, Verify(ctx, b, tr, subject), modelvet.Verified, "")
		tr.Roots = nil
		wantStatus(t, Verify(ctx, b, tr, subject), modelvet.Unverified, "time-stamp authority")
		if out, err := cosign(t, "", "verify-blob-attestation", "--bundle", save(t, "b", b), "--key", save(t, "k.pub", k.PublicPEM()), "--trusted-root", c.path("trusted_root.json"), "--use-signed-timestamps",
			"--type", modelvet.PredicateScan, "--digest", subject.Digest[7:], "--digestAlg", "sha256"); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	})

	stripped := without(t, bundle, "timestampVerificationData")
	other := c.trustedRootWith(t, "other_root.json", c.path("other.pub"))
	foreign := id
	foreign.Issuer = "https://accounts.example"
	for name, x := range map[string]struct {
		bundle []byte
		trust  Trust
		reason string
	}{
		"no time stamp":  {stripped, trust(c.trustedRoot), "timestamp"},
		"no log entry":   {without(t, bundle, "tlogEntries"), trust(c.trustedRoot), "log"},
		"wrong identity": {signed(c.signer(t, c.token(t, map[string]any{"job_workflow_ref": "evil/credit/.github/workflows/gate.yml@refs/heads/main", "repository": "evil/credit"}))), trust(c.trustedRoot), "does not trust"},
		"wrong issuer":   {bundle, Trust{Roots: [][]byte{c.trustedRoot}, Identities: []TrustedIdentity{foreign}, Now: time.Now()}, "does not trust"},
		"wrong log key":  {bundle, trust(other), "log"},
		"another CA":     {bundle, trust(newSigstore(t, true).root), "certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			if e := Verify(ctx, x.bundle, x.trust, subject); e.Status == modelvet.Verified || !strings.Contains(e.Reason, x.reason) {
				t.Errorf("%s: %s", e.Status, e.Reason)
			}
		})
	}

	verify := func(b []byte, root, identity, issuer string) (string, error) {
		return cosign(t, "", "verify-blob-attestation", "--bundle", save(t, "bundle.json", b), "--trusted-root", root, "--insecure-ignore-sct", "--use-signed-timestamps",
			"--certificate-identity", identity, "--certificate-oidc-issuer", issuer, "--type", modelvet.PredicateScan, "--digest", subject.Digest[7:], "--digestAlg", "sha256")
	}
	t.Run("cosign verifies ours", func(t *testing.T) {
		if out, err := verify(bundle, c.path("trusted_root.json"), person, c.issuer.URL); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
		for what, try := range map[string]func() (string, error){
			"another identity": func() (string, error) { return verify(bundle, c.path("trusted_root.json"), person+"x", c.issuer.URL) },
			"another log":      func() (string, error) { return verify(bundle, c.path("other_root.json"), person, c.issuer.URL) },
			"no time stamp":    func() (string, error) { return verify(stripped, c.path("trusted_root.json"), person, c.issuer.URL) },
		} {
			if out, err := try(); err == nil {
				t.Errorf("%s: %s", what, out)
			}
		}
	})
	t.Run("we verify what cosign signs", func(t *testing.T) {
		target := filepath.Join(t.TempDir(), "out.json")
		if out, err := cosign(t, "", "attest-blob", "--yes", "--identity-token", c.token(t, nil), "--signing-config", c.path("signing_config.json"), "--trusted-root", c.path("trusted_root.json"),
			"--predicate", save(t, "p.json", []byte(`{"a":1}`)), "--type", "https://x.example/v1", "--bundle", target, save(t, "blob", []byte("artifact"))); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		data, err := os.ReadFile(target)
		if err != nil {
			t.Fatal(err)
		}
		wantStatus(t, Verify(ctx, data, trust(c.trustedRoot), subject), modelvet.Verified, "")
	})
	t.Run("a model signature", func(t *testing.T) { c.modelSigning(t, trust(c.trustedRoot), person) })
	t.Run("refused before anything is signed", func(t *testing.T) {
		for want, token := range map[string]string{"expired at": c.token(t, map[string]any{"exp": 1}), "audience": c.token(t, map[string]any{"aud": "other"})} {
			source, _ := Tokens(token, nil)
			if _, err := NewKeyless(ctx, source, Sigstore{SigningConfig: c.signingConfig, TrustedRoot: c.trustedRoot}); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%v: expected %q", err, want)
			}
		}
		source, _ := Tokens(c.token(t, nil), nil)
		wrong, err := NewKeyless(ctx, source, Sigstore{SigningConfig: c.signingConfig, TrustedRoot: other})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := Sign(ctx, wrong, subject, modelvet.PredicateScan, map[string]any{}, time.Now()); err == nil || !strings.Contains(err.Error(), "does not hold with the trusted root") {
			t.Errorf("a signature that readers would refuse left: %v", err)
		}
	})
}

// without takes a part of the verification material out.
func without(t *testing.T, bundle []byte, part string) []byte {
	t.Helper()
	var b map[string]json.RawMessage
	var m map[string]json.RawMessage
	if err := json.Unmarshal(bundle, &b); err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b["verificationMaterial"], &m); err != nil || m[part] == nil {
		t.Fatalf("%v: no %s", err, part)
	}
	delete(m, part)
	b["verificationMaterial"], _ = json.Marshal(m)
	out, _ := json.Marshal(b)
	if bytes.Equal(out, bundle) {
		t.Fatal("nothing was taken out")
	}
	return out
}

// sigstore-python, under model_signing, reads no certificate without the
// promise of a certificate log, which this Sigstore does not run: cosign takes
// its place here.
func (c *cluster) modelSigning(t *testing.T, trust Trust, person string) {
	ctx := context.Background()
	dir, files := folder(t)
	ours, err := SignModel(ctx, c.signer(t, c.token(t, nil)), "credit", files, nil)
	if err != nil {
		t.Fatal(err)
	}
	e := VerifyModel(ctx, ours, trust, files)
	wantStatus(t, e, modelvet.Verified, "")
	if out, err := cosign(t, "", "verify-blob-attestation", "--bundle", save(t, "bundle.json", ours), "--trusted-root", c.path("trusted_root.json"), "--insecure-ignore-sct", "--use-signed-timestamps",
		"--certificate-identity", person, "--certificate-oidc-issuer", c.issuer.URL, "--type", modelvet.PredicateModelSignature, "--digest", e.Subject.Digest[7:], "--digestAlg", "sha256"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "more"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, VerifyModel(ctx, ours, trust, list(t, dir)), modelvet.Invalid, "more")
}
