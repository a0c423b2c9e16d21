// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/in-toto/in-toto-golang/in_toto"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/sigstore/sigstore/pkg/signature/kms/fake"

	"github.com/modelvet/modelvet"
)

func say(password string) func() ([]byte, error) {
	return func() ([]byte, error) { return []byte(password), nil }
}

func TestKeysMadeAreKeysRead(t *testing.T) {
	for _, password := range []string{"", "correct horse"} {
		prefix := filepath.Join(t.TempDir(), "release")
		if err := GenerateKey(prefix, []byte(password)); err != nil {
			t.Fatal(err)
		}
		ask := say(password)
		if password == "" {
			ask = func() ([]byte, error) { t.Error("asked for a password that there is not"); return nil, nil }
		}
		s, err := LoadSigner(context.Background(), prefix+".key", ask)
		if err != nil {
			t.Fatal(err)
		}
		text, id, err := LoadPublicKey(prefix + ".pub")
		if err != nil || id != s.KeyID() || string(text) != string(s.PublicPEM()) {
			t.Errorf("public half %s %v, private half %s", id, err, s.KeyID())
		}
		if _, again, err := LoadPublicKey(string(text)); err != nil || again != id {
			t.Errorf("as text: %s %v", again, err)
		}
		if info, err := os.Stat(prefix + ".key"); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v %v", info.Mode(), err)
		}
		if data, _ := os.ReadFile(prefix + ".key"); !strings.HasPrefix(string(data), "-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----") {
			t.Errorf("cosign does not read %.60s", data)
		}
	}
}

func TestNoKeyIsOverwritten(t *testing.T) {
	dir := t.TempDir()
	for _, there := range []string{"a.key", "b.pub"} {
		if err := os.WriteFile(filepath.Join(dir, there), []byte("precious"), 0o600); err != nil {
			t.Fatal(err)
		}
		err := GenerateKey(filepath.Join(dir, there[:1]), nil)
		if err == nil || !strings.Contains(err.Error(), "not overwritten") {
			t.Errorf("%s: %v", there, err)
		}
		if data, _ := os.ReadFile(filepath.Join(dir, there)); string(data) != "precious" {
			t.Errorf("%s is gone", there)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "b.key")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("half a pair was left: %v", err)
	}
	if err := GenerateKey(filepath.Join(dir, "no", "such", "folder"), nil); err == nil {
		t.Error("no folder, no error")
	}
}

func TestUnreadableKeysSayWhy(t *testing.T) {
	dir := t.TempDir()
	prefix := filepath.Join(dir, "k")
	if err := GenerateKey(prefix, []byte("secret")); err != nil {
		t.Fatal(err)
	}
	write := func(name, text string) string {
		name = filepath.Join(dir, name)
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return name
	}
	sealed, err := os.ReadFile(prefix + ".key")
	if err != nil {
		t.Fatal(err)
	}
	t.Setenv("A_KEY", string(sealed))
	for name, c := range map[string]struct {
		ref      string
		password func() ([]byte, error)
		want     string
	}{
		"wrong password":    {prefix + ".key", say("Secret"), "wrong password"},
		"empty password":    {prefix + ".key", say(""), "MODELVET_PASSWORD"},
		"no password":       {prefix + ".key", nil, "MODELVET_PASSWORD"},
		"cannot ask":        {prefix + ".key", func() ([]byte, error) { return nil, errors.New("no terminal") }, "no terminal"},
		"from environment":  {"env://A_KEY", say("no"), "wrong password"},
		"empty environment": {"env://NO_SUCH_KEY", nil, `"NO_SUCH_KEY" is empty`},
		"public half":       {prefix + ".pub", nil, "it is a public key"},
		"no file":           {filepath.Join(dir, "none"), nil, "no such file"},
		"no name":           {"", nil, "no key given"},
		"a folder":          {dir, nil, "is a directory"},
		"no PEM":            {write("text", "hello"), nil, "not PEM"},
		"empty":             {write("empty", ""), nil, "not PEM"},
		"large":             {write("large", strings.Repeat("x", maxKeyFile+1)), nil, "which no key is"},
		"damaged":           {write("cut", string(sealed[:200])+"\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n"), say("secret"), "key"},
		"another curve":     {write("p224", keyText(t, mustKey(ecdsa.GenerateKey(elliptic.P224(), rand.Reader)))), nil, "not supported"},
		"a small RSA key":   {write("rsa", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n"), nil, "RSA PRIVATE KEY"},
		"unknown service":   {"nosuchkms://key", nil, "sigstore-kms-nosuchkms"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := LoadSigner(context.Background(), c.ref, c.password)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v: expected %q", err, c.want)
			}
			if err != nil && strings.Contains(err.Error(), "secret") {
				t.Error("the password is in the error")
			}
		})
	}
	for _, bad := range []string{"", "nothing", string(sealed), prefix + ".key", string(fixed(t).pem) + string(fresh(t).pem)} {
		if _, _, err := LoadPublicKey(bad); err == nil {
			t.Errorf("a public key from %.40q", bad)
		}
	}
}

func mustKey[K any](key K, err error) K {
	if err != nil {
		panic(err)
	}
	return key
}

func keyText(t *testing.T, key crypto.PrivateKey) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: pemPrivate, Bytes: der}))
}

func TestEveryKindOfKeySignsTheSameTwice(t *testing.T) {
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p256 := mustKey(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	sec1 := pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: mustKey(x509.MarshalECPrivateKey(p256))})
	for name, text := range map[string]string{
		"P-256":     keyText(t, p256),
		"EC, SEC 1": string(sec1),
		"P-384":     keyText(t, mustKey(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))),
		"P-521":     keyText(t, mustKey(ecdsa.GenerateKey(elliptic.P521(), rand.Reader))),
		"Ed25519":   keyText(t, edwards),
		"RSA":       keyText(t, mustKey(rsa.GenerateKey(rand.Reader, 2048))),
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("SIGNING_KEY", text)
			s, err := LoadSigner(context.Background(), "env://SIGNING_KEY", nil)
			if err != nil {
				t.Fatal(err)
			}
			one, two := sign(t, s, modelvet.PredicateScan, map[string]any{}), sign(t, s, modelvet.PredicateScan, map[string]any{})
			if string(one) != string(two) {
				t.Error("two signatures differ")
			}
			wantStatus(t, Verify(context.Background(), one, trusting(s), subject), modelvet.Verified, "")
			wantStatus(t, Verify(context.Background(), one, trusting(fresh(t)), subject), modelvet.Unverified, s.KeyID())
		})
	}
}

func TestAKeyServiceSigns(t *testing.T) {
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P384()} {
		private := mustKey(ecdsa.GenerateKey(curve, rand.Reader))
		ctx := context.WithValue(context.Background(), fake.KmsCtxKey{}, crypto.PrivateKey(private))
		s, err := LoadSigner(ctx, "fakekms://key", nil)
		if err != nil {
			t.Fatal(err)
		}
		b, err := Sign(ctx, s, subject, modelvet.PredicateScan, map[string]any{}, noon)
		if err != nil {
			t.Fatal(err)
		}
		wantStatus(t, Verify(ctx, b, trusting(s), subject), modelvet.Verified, "")
	}
}

// A bundle does not say how it is to be verified: the key does.
func TestAKeyVerifiesInOneWayOnly(t *testing.T) {
	private := mustKey(ecdsa.GenerateKey(elliptic.P384(), rand.Reader))
	s, err := newSigner(private)
	if err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(message []byte) ([]byte, error){
		"a weaker hash":      func(m []byte) ([]byte, error) { return private.Sign(nil, digestOf(crypto.SHA256, m), crypto.SHA256) },
		"the message itself": func(m []byte) ([]byte, error) { return private.Sign(nil, m[:48], crypto.SHA384) },
		"another curve":      fixed(t).signBytes,
	} {
		t.Run(name, func(t *testing.T) {
			payload := mustPayload(t, sign(t, s, modelvet.PredicateScan, map[string]any{}))
			sig, err := change(dsse.PAE(in_toto.PayloadType, payload))
			if err != nil {
				t.Fatal(err)
			}
			b, err := encodeBundle(s.id, payload, sig, nil)
			if err != nil {
				t.Fatal(err)
			}
			wantStatus(t, Verify(context.Background(), b, trusting(s), subject), modelvet.Invalid, "signature")
		})
	}
}

func (s *Signer) signBytes(m []byte) ([]byte, error) { return s.sign(context.Background(), m) }

func TestAWrongSignatureNeverLeaves(t *testing.T) {
	s := fixed(t)
	s.sign = func(context.Context, []byte) ([]byte, error) { return []byte("nonsense"), nil }
	if _, err := Sign(context.Background(), s, subject, modelvet.PredicateScan, map[string]any{}, noon); err == nil || !strings.Contains(err.Error(), "does not hold") {
		t.Errorf("%v", err)
	}
}

func TestTheDevelopmentKeyIsMadeOnceAndMarked(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "config", "modelvet")
	var ids sync.Map
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			s, err := DevelopmentKey(dir)
			if err != nil {
				t.Error(err)
				return
			}
			ids.Store(s.KeyID(), s.Development())
		})
	}
	wg.Wait()
	n := 0
	ids.Range(func(_, marked any) bool { n++; return marked.(bool) })
	if n != 1 {
		t.Errorf("%d keys", n)
	}
	s, err := DevelopmentKey(dir)
	if err != nil {
		t.Fatal(err)
	}
	if e := Verify(context.Background(), sign(t, s, modelvet.PredicateScan, map[string]any{}), trusting(s), subject); !e.Signer.Development {
		t.Errorf("%+v", e.Signer)
	}
	left, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(left) != 2 {
		t.Errorf("%v %v", left, err)
	}
	if err := os.WriteFile(filepath.Join(dir, "development.key"), []byte("broken"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := DevelopmentKey(dir); err == nil {
		t.Error("a broken key was replaced or accepted")
	}
}

func FuzzKeys(f *testing.F) {
	sealed, public, err := newKey(nil, true)
	if err != nil {
		f.Fatal(err)
	}
	plain, _, err := newKey(nil, false)
	if err != nil {
		f.Fatal(err)
	}
	for _, seed := range [][]byte{sealed, public, plain, nil, []byte("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\ne30=\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n")} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if s, err := signerFromPEM(data, nil); err == nil && len(s.id) != 64 {
			t.Fatal("a signer without an id")
		}
		if _, err := parsePublic(data); err == nil && !strings.Contains(string(data), pemPublic) {
			t.Fatal("a public key out of nothing")
		}
	})
}
