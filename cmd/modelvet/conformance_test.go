// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// oms is one case of the conformance suite of OpenSSF Model Signing
// (sampras343/model-signing-conformance, TEST_CASES.md), under the name that it
// has there; those of Sigstore need its public instance, and keyless signing
// has tests of its own. The models and keys are made here.
type oms struct {
	t        *testing.T
	dir      string // of the keys
	model    string
	bundle   string
	key, pub string
	chain    []string // leaf, intermediate, root
	flags    []string // of verify
}

func newOMS(t *testing.T, files ...string) *oms {
	t.Helper()
	if len(files) == 0 {
		files = []string{"signme-1", "signme-2"}
	}
	o := &oms{t: t, dir: t.TempDir(), model: filepath.Join(t.TempDir(), "model")}
	o.bundle = filepath.Join(o.dir, "bundle.sig")
	for _, f := range files {
		o.write(f, "content of "+f)
	}
	o.key, o.pub = o.keys(elliptic.P256())
	return o
}

func (o *oms) write(name, content string) {
	o.t.Helper()
	name = filepath.Join(o.model, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		o.t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		o.t.Fatal(err)
	}
}

func (o *oms) pem(name, kind string, der []byte, err error) string {
	o.t.Helper()
	if err != nil {
		o.t.Fatal(err)
	}
	name = filepath.Join(o.dir, name)
	if err := os.WriteFile(name, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		o.t.Fatal(err)
	}
	return name
}

func (o *oms) keys(curve elliptic.Curve) (private, public string) {
	o.t.Helper()
	k, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		o.t.Fatal(err)
	}
	n := rand.Text()
	der, err := x509.MarshalPKCS8PrivateKey(k)
	private = o.pem(n+".key", "PRIVATE KEY", der, err)
	der, err = x509.MarshalPKIXPublicKey(&k.PublicKey)
	return private, o.pem(n+".pub", "PUBLIC KEY", der, err)
}

// certify makes a root, an intermediate and a leaf for the key of o.
func (o *oms) certify(from, to time.Time) *oms {
	o.t.Helper()
	block, _ := pem.Decode(first1(os.ReadFile(o.key)))
	leafKey, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		o.t.Fatal(err)
	}
	var parent *x509.Certificate
	var parentKey *ecdsa.PrivateKey
	for i, name := range []string{"root", "intermediate", "leaf"} {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			o.t.Fatal(err)
		}
		if name == "leaf" {
			k = leafKey.(*ecdsa.PrivateKey)
		}
		c := &x509.Certificate{SerialNumber: big.NewInt(int64(i + 1)), Subject: pkix.Name{CommonName: name}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
			IsCA: name != "leaf", BasicConstraintsValid: true, KeyUsage: x509.KeyUsageDigitalSignature}
		if c.IsCA {
			c.KeyUsage = x509.KeyUsageCertSign
		} else {
			c.NotBefore, c.NotAfter, c.EmailAddresses, c.ExtKeyUsage = from, to, []string{"release@example.com"}, []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}
		}
		if parent == nil {
			parent, parentKey = c, k
		}
		der, err := x509.CreateCertificate(rand.Reader, c, parent, &k.PublicKey, parentKey)
		o.chain = append([]string{o.pem(rand.Text(), "CERTIFICATE", der, err)}, o.chain...)
		if parent, err = x509.ParseCertificate(der); err != nil {
			o.t.Fatal(err)
		}
		parentKey = k
	}
	return o
}

func first1[A, B any](a A, _ B) A { return a }

// call runs the client of the suite, as the suite does.
func (o *oms) call(args ...string) error {
	o.t.Setenv("XDG_CONFIG_HOME", o.dir)
	var out, msg bytes.Buffer
	c := command(strings.NewReader(""), &out, &msg)
	c.SetArgs(append([]string{"conformance"}, args...))
	return c.ExecuteContext(context.Background())
}

func (o *oms) sign(more ...string) error {
	args := []string{"sign-model", "--method", "key", "--model-path", o.model, "--output-bundle", o.bundle, "--private-key", o.key}
	if o.chain != nil {
		args = append(args, "--method", "certificate", "--signing-cert", o.chain[0], "--cert-chain", o.chain[1])
	}
	return o.call(append(args, more...)...)
}

func (o *oms) verify(more ...string) error {
	args := []string{"verify-model", "--method", "key", "--model-path", o.model, "--bundle", o.bundle, "--public-key", o.pub}
	if o.chain != nil {
		args = append(args, "--method", "certificate", "--cert-chain", o.chain[2])
	}
	return o.call(slices.Concat(args, o.flags, more)...)
}

// signed lists the names in the bundle, in their order.
func (o *oms) signed() []string {
	o.t.Helper()
	var b struct{ DsseEnvelope struct{ Payload []byte } }
	var s struct {
		Predicate struct{ Resources []struct{ Name string } }
	}
	if err := json.Unmarshal(first1(os.ReadFile(o.bundle)), &b); err != nil {
		o.t.Fatal(err)
	}
	if err := json.Unmarshal(b.DsseEnvelope.Payload, &s); err != nil {
		o.t.Fatal(err)
	}
	var names []string
	for _, r := range s.Predicate.Resources {
		names = append(names, r.Name)
	}
	return names
}

// roundTrip signs, compares what is signed, and verifies.
func (o *oms) roundTrip(want []string, more ...string) {
	o.t.Helper()
	if err := o.sign(more...); err != nil {
		o.t.Fatal(err)
	}
	if got := o.signed(); !slices.Equal(got, want) {
		o.t.Errorf("signed %q, want %q", got, want)
	}
	if err := o.verify(more...); err != nil {
		o.t.Error(err)
	}
}

var simple = []string{"signme-1", "signme-2"}

func TestConformanceRoundTrips(t *testing.T) {
	for name, c := range map[string]struct {
		files, ignore []string
		curve         elliptic.Curve
		want          []string
	}{
		"key-simple":              {files: []string{"signme-1", "signme-2", "ignore-me"}, ignore: []string{"ignore-me"}, want: simple},
		"key-multi-file":          {files: []string{"weights.bin", "config.json", "subdir/adapter.bin"}, want: []string{"config.json", "subdir/adapter.bin", "weights.bin"}},
		"key-nested":              {files: []string{"a/b/c/d.bin", "a/x"}, want: []string{"a/b/c/d.bin", "a/x"}},
		"key-p384":                {files: simple, curve: elliptic.P384(), want: simple},
		"key-p521":                {files: simple, curve: elliptic.P521(), want: simple},
		"key-default-ignores":     {files: []string{"model.bin", ".git/HEAD", ".gitignore", ".gitattributes", ".github/x", "sub/.gitignore"}, want: []string{"model.bin", "sub/.gitignore"}},
		"key-dotfile-included":    {files: []string{".hidden", "model.bin"}, want: []string{".hidden", "model.bin"}},
		"key-files-in-hidden-dir": {files: []string{".cache/x", "model.bin"}, want: []string{".cache/x", "model.bin"}},
		"key-ignore-paths":        {files: []string{"signme-1", "signme-2", "notes/a", "notes/b"}, ignore: []string{"notes"}, want: simple},
		"key-special-chars-path":  {files: []string{"a b/c (1)+&.bin", "model.bin"}, want: []string{"a b/c (1)+&.bin", "model.bin"}},
		"key-unicode-filename":    {files: []string{"模型.bin", "modèle.bin"}, want: []string{"modèle.bin", "模型.bin"}},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOMS(t, c.files...)
			if c.curve != nil {
				o.key, o.pub = o.keys(c.curve)
			}
			var more []string
			for _, i := range c.ignore {
				more = append(more, "--ignore-paths", filepath.Join(o.model, i))
			}
			o.roundTrip(c.want, more...)
		})
	}
	t.Run("key-empty-file, key-binary-content", func(t *testing.T) {
		o := newOMS(t, "model.bin")
		o.write("empty", "")
		o.write("model.bin", "\x00\xff\x80\r\n\x00")
		o.roundTrip([]string{"empty", "model.bin"})
	})
	t.Run("key-single-file", func(t *testing.T) {
		o := newOMS(t, "model.bin", "another")
		o.model = filepath.Join(o.model, "model.bin")
		o.roundTrip([]string{"model.bin"})
		if err := os.WriteFile(o.model, []byte("changed"), 0o600); err != nil {
			t.Fatal(err)
		}
		if o.verify() == nil {
			t.Error("a changed file verifies")
		}
	})
	t.Run("key-sig-inside-model", func(t *testing.T) {
		o := newOMS(t)
		o.bundle = filepath.Join(o.model, "model.sig")
		o.roundTrip(simple)
	})
	t.Run("key-simple-deterministic", func(t *testing.T) {
		o := newOMS(t)
		o.roundTrip(simple)
		before := first1(os.ReadFile(o.bundle))
		o.roundTrip(simple)
		if !bytes.Equal(before, first1(os.ReadFile(o.bundle))) {
			t.Error("signed twice, the bundles differ")
		}
	})
	t.Run("key-ignore-unsigned", func(t *testing.T) {
		o := newOMS(t)
		o.roundTrip(simple)
		o.write("extra.bin", "x")
		if err := o.verify("--ignore-unsigned-files"); err != nil {
			t.Error(err)
		}
	})
	hour := time.Hour
	for _, name := range []string{"certificate-simple", "certificate-chain-verification"} {
		t.Run(name, func(t *testing.T) {
			newOMS(t).certify(time.Now().Add(-hour), time.Now().Add(hour)).roundTrip(simple)
		})
	}
	t.Run("certificate-multi-file", func(t *testing.T) {
		newOMS(t, "weights.bin", "config.json", "subdir/adapter.bin").certify(time.Now().Add(-hour), time.Now().Add(hour)).roundTrip([]string{"config.json", "subdir/adapter.bin", "weights.bin"})
	})
}

// What may not be signed.
func TestConformanceRefusals(t *testing.T) {
	for name, prepare := range map[string]func(o *oms) error{
		"key-empty-model-rejected": func(o *oms) error {
			return os.RemoveAll(filepath.Join(o.model, "signme-1"))
		},
		"key-symlink-default-rejected": func(o *oms) error { return os.Symlink("signme-1", filepath.Join(o.model, "link")) },
		"key-symlink-outside-root":     func(o *oms) error { return os.Symlink("/etc/hostname", filepath.Join(o.model, "link")) },
		"key-symlink-cycle":            func(o *oms) error { return os.Symlink(".", filepath.Join(o.model, "link")) },
	} {
		t.Run(name, func(t *testing.T) {
			o := newOMS(t, "signme-1")
			if err := prepare(o); err != nil {
				t.Fatal(err)
			}
			if o.sign() == nil {
				t.Error("it is signed")
			}
		})
	}
}

// What may not verify.
func TestConformanceNegatives(t *testing.T) {
	edit := func(o *oms, f func(b []byte) []byte) {
		o.t.Helper()
		if err := os.WriteFile(o.bundle, f(first1(os.ReadFile(o.bundle))), 0o600); err != nil {
			o.t.Fatal(err)
		}
	}
	replace := func(from, to string) func(o *oms) {
		return func(o *oms) {
			edit(o, func(b []byte) []byte {
				if !bytes.Contains(b, []byte(from)) {
					o.t.Fatalf("%s is not in the bundle", from)
				}
				return bytes.Replace(b, []byte(from), []byte(to), 1)
			})
		}
	}
	other := func(o *oms) (private, public string) { return o.keys(elliptic.P256()) }
	for name, spoil := range map[string]func(o *oms){
		"key-simple-tampered-content_fail": func(o *oms) { o.write("signme-1", "tampered") },
		"key-simple-wrong-key_fail":        func(o *oms) { _, o.pub = other(o) },
		"key-simple-missing-file_fail":     func(o *oms) { os.Remove(filepath.Join(o.model, "signme-2")) },
		"key-simple-extra-file_fail":       func(o *oms) { o.write("injected.bin", "x") },
		"key-simple-corrupted-bundle_fail": func(o *oms) { edit(o, func([]byte) []byte { return []byte("{not json") }) },
		"key-simple-truncated-bundle_fail": func(o *oms) { edit(o, func(b []byte) []byte { return b[:100] }) },
		"key-simple-wrong-mediatype_fail":  replace("bundle.v0.3+json", "bundle.v0.1+json"),
		"key-simple-no-signature_fail": func(o *oms) {
			edit(o, func(b []byte) []byte {
				i, j := bytes.Index(b, []byte(`"signatures":[`)), bytes.LastIndexByte(b, ']')
				return slices.Concat(b[:i], []byte(`"signatures":[`), b[j:])
			})
		},
		"malformed-empty-bundle_fail":     func(o *oms) { edit(o, func([]byte) []byte { return nil }) },
		"malformed-missing-envelope_fail": replace(`"dsseEnvelope"`, `"other"`),
		"malformed-wrong-predicate_fail": func(o *oms) {
			edit(o, func(b []byte) []byte {
				var m map[string]any
				if err := json.Unmarshal(b, &m); err != nil {
					o.t.Fatal(err)
				}
				e := m["dsseEnvelope"].(map[string]any)
				p, _ := base64.StdEncoding.DecodeString(e["payload"].(string))
				e["payload"] = base64.StdEncoding.EncodeToString(bytes.Replace(p, []byte("model_signing/signature"), []byte("model_signing/signaturf"), 1))
				out, _ := json.Marshal(m)
				return out
			})
		},
		"key-verify-as-certificate_fail": func(o *oms) { o.certify(time.Now().Add(-time.Hour), time.Now().Add(time.Hour)) },
	} {
		t.Run(name, func(t *testing.T) {
			o := newOMS(t)
			o.roundTrip(simple)
			if spoil(o); o.verify() == nil {
				t.Error("it verifies")
			}
		})
	}
	t.Run("certificate-simple-wrong-ca_fail", func(t *testing.T) {
		o := newOMS(t).certify(time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
		o.roundTrip(simple)
		o.chain[2] = newOMS(t).certify(time.Now(), time.Now()).chain[2]
		if o.verify() == nil {
			t.Error("it verifies")
		}
	})
	t.Run("certificate-expired_fail", func(t *testing.T) {
		o := newOMS(t).certify(time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(2020, 1, 2, 0, 0, 0, 0, time.UTC))
		if o.sign() == nil && o.verify() == nil {
			t.Error("it verifies")
		}
	})
}
