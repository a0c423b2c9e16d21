// SPDX-License-Identifier: Apache-2.0

// Package certs keeps a webhook's serving certificate current without any other
// program. Two certificates exist at all times, each with an authority of its
// own whose key is thrown away at once: the one that is served, and the next,
// whose authority the API servers already trust. Changing over is then only a
// matter of serving the other one, and no call fails.
//
// It must never serve a certificate whose authority is not published, and never
// hold the key of an authority.
package certs

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"os"
	"sync"
	"time"
)

// Pair is one certificate, its key and the authority that issued it, as PEM.
type Pair struct {
	CA, Cert, Key []byte
}

// Issue makes a pair for the given names. The authority's key does not outlive the call.
func Issue(names []string, now time.Time, validFor time.Duration) (Pair, error) {
	caKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, fmt.Errorf("making a key: %w", err)
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return Pair{}, fmt.Errorf("making a key: %w", err)
	}
	ca := template("modelvet webhook authority", now, validFor)
	ca.IsCA, ca.BasicConstraintsValid, ca.KeyUsage = true, true, x509.KeyUsageCertSign
	ca.MaxPathLenZero = true
	caDER, err := x509.CreateCertificate(rand.Reader, ca, ca, &caKey.PublicKey, caKey)
	if err != nil {
		return Pair{}, fmt.Errorf("making an authority: %w", err)
	}
	leaf := template(names[0], now, validFor)
	leaf.DNSNames, leaf.KeyUsage = names, x509.KeyUsageDigitalSignature
	leaf.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	der, err := x509.CreateCertificate(rand.Reader, leaf, ca, &key.PublicKey, caKey)
	if err != nil {
		return Pair{}, fmt.Errorf("making a certificate: %w", err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return Pair{}, fmt.Errorf("writing a key: %w", err)
	}
	return Pair{CA: pemOf("CERTIFICATE", caDER), Cert: pemOf("CERTIFICATE", der), Key: pemOf("PRIVATE KEY", pkcs8)}, nil
}

func template(name string, now time.Time, validFor time.Duration) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	return &x509.Certificate{
		SerialNumber: serial, Subject: pkix.Name{CommonName: name},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(validFor),
	}
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// Served is the certificate that is served now; it can be replaced at any time.
type Served struct {
	mu   sync.RWMutex
	cert *tls.Certificate
}

// Set replaces what is served. A pair that does not fit together changes nothing.
func (s *Served) Set(certPEM, keyPEM []byte) (until time.Time, err error) {
	c, err := tls.X509KeyPair(certPEM, keyPEM)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading the serving certificate: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cert = &c
	return c.Leaf.NotAfter, nil
}

// Get is for [tls.Config.GetCertificate].
func (s *Served) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.cert == nil {
		return nil, errors.New("there is no serving certificate yet")
	}
	return s.cert, nil
}

// Ready says why the certificate must not be served.
func (s *Served) Ready(now time.Time) error {
	c, err := s.Get(nil)
	switch {
	case err != nil:
		return err
	case now.After(c.Leaf.NotAfter):
		return fmt.Errorf("the serving certificate ended on %s", c.Leaf.NotAfter.UTC().Format(time.RFC3339))
	}
	return nil
}

// Files loads a certificate from two files, which cert-manager or a person
// replaces; call it again to notice.
func (s *Served) Files(cert, key string) (time.Time, error) {
	c, err := os.ReadFile(cert)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading the serving certificate: %w", err)
	}
	k, err := os.ReadFile(key)
	if err != nil {
		return time.Time{}, fmt.Errorf("reading the serving key: %w", err)
	}
	return s.Set(c, k)
}
