// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"
	"time"

	"github.com/modelvet/modelvet"
)

// authority is a private one: a root, an intermediate, and what they issue.
type authority struct {
	root, middle *x509.Certificate
	key          *ecdsa.PrivateKey
}

func newAuthority(t testing.TB, name string) authority {
	t.Helper()
	ca := func(cn string) *x509.Certificate {
		return &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: cn}, IsCA: true, BasicConstraintsValid: true,
			KeyUsage: x509.KeyUsageCertSign, NotBefore: noon.AddDate(-1, 0, 0), NotAfter: noon.AddDate(9, 0, 0)}
	}
	rootKey, key := mustKey(ecdsa.GenerateKey(elliptic.P256(), rand.Reader)), mustKey(ecdsa.GenerateKey(elliptic.P256(), rand.Reader))
	root := issue(t, ca(name+" root"), ca(name+" root"), rootKey.Public(), rootKey)
	return authority{root, issue(t, ca(name), root, key.Public(), rootKey), key}
}

func issue(t testing.TB, template, parent *x509.Certificate, public crypto.PublicKey, key crypto.Signer) *x509.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, template, parent, public, key)
	if err != nil {
		t.Fatal(err)
	}
	return mustKey(x509.ParseCertificate(der))
}

func pemOf(certs ...*x509.Certificate) (out []byte) {
	for _, c := range certs {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return out
}

// certified gives a signer a certificate of the authority, valid for a day around noon.
func (a authority) certified(t testing.TB, s *Signer, change func(*x509.Certificate)) *Signer {
	t.Helper()
	template := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "release"}, EmailAddresses: []string{"release@acme.example"},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}, NotBefore: noon.Add(-12 * time.Hour), NotAfter: noon.Add(12 * time.Hour)}
	change(template)
	leaf := issue(t, template, a.middle, s.public, a.key)
	out, err := s.WithCertificate(pemOf(leaf, a.middle))
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestModelSignaturesWithACertificate(t *testing.T) {
	s, acme, other := fixed(t), newAuthority(t, "Acme"), newAuthority(t, "Acme")
	bundle := func(change func(*x509.Certificate)) []byte {
		return signModel(t, acme.certified(t, s, change), subject.Files)
	}
	as := func(change func(*Trust)) Trust {
		tr := Trust{Authorities: [][]byte{pemOf(acme.root)}, Now: noon,
			Identities: []TrustedIdentity{{Name: "Release", Issuer: "CN=Acme", Identity: "release@acme.example", Producer: true}}}
		change(&tr)
		return tr
	}
	same, plain := func(*Trust) {}, bundle(func(*x509.Certificate) {})
	for name, c := range map[string]struct {
		bundle []byte
		trust  Trust
		status modelvet.Status
		reason string
	}{
		"trusted":             {plain, as(same), modelvet.Verified, ""},
		"another authority":   {plain, as(func(tr *Trust) { tr.Authorities = [][]byte{pemOf(other.root)} }), modelvet.Unverified, "issued by CN=Acme"},
		"no authority":        {plain, as(func(tr *Trust) { tr.Authorities = nil }), modelvet.Unverified, "names no authority"},
		"a broken authority":  {plain, as(func(tr *Trust) { tr.Authorities = [][]byte{[]byte("x")} }), modelvet.Unverified, "authorities[0]"},
		"another holder":      {bundle(func(c *x509.Certificate) { c.EmailAddresses[0] = "eve@acme.example" }), as(same), modelvet.Unverified, "signed by eve@acme.example"},
		"expired":             {plain, as(func(tr *Trust) { tr.Now = noon.AddDate(0, 0, 2) }), modelvet.Unverified, "no trusted time stamp"},
		"not valid yet":       {plain, as(func(tr *Trust) { tr.Now = noon.AddDate(0, 0, -2) }), modelvet.Unverified, "no trusted time stamp"},
		"not told the time":   {plain, as(func(tr *Trust) { tr.Now = time.Time{} }), modelvet.Unverified, "not told the time"},
		"for servers":         {bundle(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }), as(same), modelvet.Invalid, "certificate"},
		"for no signing":      {bundle(func(c *x509.Certificate) { c.ExtKeyUsage, c.KeyUsage = nil, x509.KeyUsageKeyAgreement }), as(same), modelvet.Invalid, "not for signing"},
		"a key is no holder":  {signModel(t, s, subject.Files), as(same), modelvet.Unverified, "signed by key"},
		"somebody else's key": {swapSignature(t, plain, signModel(t, fresh(t), subject.Files)), as(same), modelvet.Invalid, "signature"},
	} {
		t.Run(name, func(t *testing.T) {
			wantStatus(t, VerifyModel(context.Background(), c.bundle, c.trust, subject.Files), c.status, c.reason)
		})
	}
	if _, err := fresh(t).WithCertificate(pemOf(acme.middle)); err == nil || !strings.Contains(err.Error(), "another key") {
		t.Errorf("%v", err)
	}
	if _, err := s.WithCertificate(nil); err == nil {
		t.Error("an empty chain")
	}
	if err := as(func(tr *Trust) { tr.Authorities = [][]byte{nil} }).Check(); err == nil || !strings.Contains(err.Error(), "authorities[0]") {
		t.Errorf("%v", err)
	}
}

// swapSignature puts the signature of one bundle into another.
func swapSignature(t testing.TB, into, from []byte) []byte {
	t.Helper()
	sig := func(b []byte) string {
		_, rest, ok := strings.Cut(string(b), `"sig":"`)
		if !ok {
			t.Fatal("no signature")
		}
		out, _, _ := strings.Cut(rest, `"`)
		return out
	}
	return []byte(strings.Replace(string(into), sig(into), sig(from), 1))
}
