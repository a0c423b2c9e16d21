// SPDX-License-Identifier: Apache-2.0

//go:build interop

package attest

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
)

// peer finds a program that another project made. There is no skipping: a
// test that did not run proves nothing.
func peer(t *testing.T, variable, path string) string {
	t.Helper()
	name := os.Getenv(variable)
	if name == "" {
		cache, err := os.UserCacheDir()
		if err != nil {
			t.Fatal(err)
		}
		name = filepath.Join(cache, "modelvet", filepath.FromSlash(path))
	}
	if _, err := os.Stat(name); err != nil {
		t.Fatalf("%v: run scripts/interop-attest.sh, or name the program in %s", err, variable)
	}
	return name
}

func run(t *testing.T, env []string, name string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command(name, args...)
	cmd.Env = append(append(os.Environ(), "HOME="+t.TempDir(), "TUF_ROOT="+t.TempDir()), env...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func cosign(t *testing.T, password string, args ...string) (string, error) {
	t.Helper()
	return run(t, []string{"COSIGN_PASSWORD=" + password}, peer(t, "MODELVET_COSIGN", "bin/cosign"), args...)
}

func modelSigning(t *testing.T, args ...string) (string, error) {
	t.Helper()
	return run(t, nil, peer(t, "MODELVET_MODEL_SIGNING", "model-signing/bin/model_signing"), args...)
}

func save(t *testing.T, name string, data []byte) string {
	t.Helper()
	name = filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	return name
}

func TestInteropCosignReadsOurKeys(t *testing.T) {
	for _, password := range []string{"", "correct horse"} {
		prefix := filepath.Join(t.TempDir(), "release")
		if err := GenerateKey(prefix, []byte(password)); err != nil {
			t.Fatal(err)
		}
		want, err := os.ReadFile(prefix + ".pub")
		if err != nil {
			t.Fatal(err)
		}
		got, err := cosign(t, password, "public-key", "--key", prefix+".key")
		if err != nil || !strings.Contains(got, strings.TrimSpace(string(want))) {
			t.Errorf("password %q: %v\n%s", password, err, got)
		}
		if got, err := cosign(t, "wrong", "public-key", "--key", prefix+".key"); err == nil {
			t.Errorf("a wrong password opens it: %s", got)
		}
	}
}

func TestInteropWeReadTheKeysOfCosign(t *testing.T) {
	for _, password := range []string{"", "correct horse"} {
		prefix := filepath.Join(t.TempDir(), "theirs")
		if out, err := cosign(t, password, "generate-key-pair", "--output-key-prefix", prefix); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
		s, err := LoadSigner(context.Background(), prefix+".key", say(password))
		if err != nil {
			t.Fatal(err)
		}
		if _, id, err := LoadPublicKey(prefix + ".pub"); err != nil || id != s.KeyID() {
			t.Errorf("%s %v", id, err)
		}
	}
}

// verifyBlob asks cosign, without any network or service.
func verifyBlob(t *testing.T, s *Signer, bundle []byte, predicateType, digest string) (string, error) {
	t.Helper()
	return cosign(t, "", "verify-blob-attestation", "--bundle", save(t, "bundle.json", bundle), "--key", save(t, "key.pub", s.PublicPEM()),
		"--insecure-ignore-tlog", "--type", predicateType, "--digest", strings.TrimPrefix(digest, "sha256:"), "--digestAlg", "sha256")
}

func TestInteropCosignVerifiesOurStatements(t *testing.T) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	edwards, err := newSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	for name, s := range map[string]*Signer{"P-256": fixed(t), "Ed25519": edwards} {
		t.Run(name, func(t *testing.T) {
			for _, kind := range []string{modelvet.PredicateScan, modelvet.PredicateVSA} {
				bundle := sign(t, s, kind, map[string]any{"a": 1})
				if out, err := verifyBlob(t, s, bundle, kind, subject.Digest); err != nil {
					t.Errorf("%s: %v\n%s", kind, err, out)
				}
			}
			bundle := sign(t, s, modelvet.PredicateScan, map[string]any{"a": 1})
			if out, err := verifyBlob(t, s, bundle, modelvet.PredicateScan, sha("another")); err == nil {
				t.Errorf("for another artifact: %s", out)
			}
			if out, err := verifyBlob(t, fresh(t), bundle, modelvet.PredicateScan, subject.Digest); err == nil {
				t.Errorf("with another key: %s", out)
			}
		})
	}
}

func TestInteropWeVerifyTheStatementsOfCosign(t *testing.T) {
	prefix := filepath.Join(t.TempDir(), "k")
	if err := GenerateKey(prefix, nil); err != nil {
		t.Fatal(err)
	}
	s, err := LoadSigner(context.Background(), prefix+".key", nil)
	if err != nil {
		t.Fatal(err)
	}
	blob := save(t, "blob", []byte("artifact")) // whose digest is that of the subject
	predicate := save(t, "predicate.json", []byte(`{"a":1}`))
	config := filepath.Join(t.TempDir(), "config.json")
	if out, err := cosign(t, "", "signing-config", "create", "--no-default-fulcio", "--no-default-oidc", "--no-default-rekor", "--no-default-tsa", "--out", config); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	bundle := filepath.Join(t.TempDir(), "out.json")
	if out, err := cosign(t, "", "attest-blob", "--yes", "--key", prefix+".key", "--signing-config", config, "--predicate", predicate, "--type", "https://x.example/v1", "--bundle", bundle, blob); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	data, err := os.ReadFile(bundle)
	if err != nil {
		t.Fatal(err)
	}
	e := Verify(context.Background(), data, trusting(s), subject)
	wantStatus(t, e, modelvet.Verified, "")
	if e.PredicateType != "https://x.example/v1" || string(bytes.ReplaceAll(e.Predicate, []byte(" "), nil)) != `{"a":1}` {
		t.Errorf("%+v", e)
	}
}
