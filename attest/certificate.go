// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"bytes"
	"cmp"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"
)

// maxChain bounds the certificates of a bundle.
const maxChain = 10

// WithCertificate makes a signer whose bundles carry a certificate chain of a
// private authority, as the certificate method of OpenSSF Model Signing v1.0
// has it, in place of a key hint. chain is PEM, the certificate of the key
// first. cosign does not read such bundles.
func (s *Signer) WithCertificate(chain []byte) (*Signer, error) {
	out := *s
	out.chain = nil
	for block, rest := pem.Decode(chain); block != nil; block, rest = pem.Decode(rest) {
		out.chain = append(out.chain, rawCert{block.Bytes})
	}
	if len(out.chain) == 0 || len(out.chain) > maxChain {
		return nil, fmt.Errorf("reading a certificate chain: %d certificates, expected 1 to %d in PEM", len(out.chain), maxChain)
	}
	leaf, err := x509.ParseCertificate(out.chain[0].RawBytes)
	if err != nil {
		return nil, fmt.Errorf("reading a certificate chain: %w", err)
	}
	if text, err := publicPEM(leaf.PublicKey); err != nil || !bytes.Equal(text, s.pem) {
		return nil, errors.New("reading a certificate chain: the first certificate is for another key")
	}
	return &out, nil
}

func (t Trust) authorities() (*x509.CertPool, error) {
	pool := x509.NewCertPool()
	for i, data := range t.Authorities {
		if !pool.AppendCertsFromPEM(data) {
			return nil, fmt.Errorf("authorities[%d]: no certificate in PEM", i)
		}
	}
	return pool, nil
}

// authenticateChain verifies a signature with a certificate of a private
// authority, at the time of a trusted time stamp or else now: a certificate
// that has expired says nothing without one.
func authenticateChain(o *opened, trust Trust) (proof, error) {
	roots, err := trust.authorities()
	if err != nil || len(trust.Authorities) == 0 {
		return proof{}, unverified("signed with a certificate, and the policy names no authority to check it with (trust, authorities): %w", cmp.Or(err, errors.New("none given")))
	}
	leaf, intermediates, err := parseChain(o)
	if err != nil {
		return proof{}, fmt.Errorf("certificate: %w", err)
	}
	p := proof{certificate: fingerprint(leaf.Raw), key: keyIDOf(leaf.PublicKey)}
	if err := p.witnesses(o, trust, leaf.PublicKey); err != nil {
		return proof{}, err
	}
	if err := checkChain(leaf, x509.VerifyOptions{Roots: roots, Intermediates: intermediates}, p.stamped, trust.Now); err != nil {
		return proof{}, err
	}
	for _, message := range messages(o) {
		if err = checkSignature(leaf.PublicKey, message, o.signature); err == nil {
			return trust.identified(p, leaf.Issuer.String(), holder(leaf))
		}
	}
	return proof{}, fmt.Errorf("signature: %w", err)
}

func parseChain(o *opened) (leaf *x509.Certificate, intermediates *x509.CertPool, err error) {
	raw := o.entity.GetVerificationMaterial().GetX509CertificateChain().GetCertificates()
	if len(raw) == 0 || len(raw) > maxChain {
		return nil, nil, fmt.Errorf("%d in the chain, expected 1 to %d", len(raw), maxChain)
	}
	intermediates = x509.NewCertPool()
	for i, r := range raw {
		cert, err := x509.ParseCertificate(r.GetRawBytes())
		if err != nil {
			return nil, nil, err
		}
		if i == 0 {
			leaf = cert
			continue
		}
		intermediates.AddCert(cert)
	}
	return leaf, intermediates, nil
}

func checkChain(leaf *x509.Certificate, options x509.VerifyOptions, stamped, now time.Time) error {
	options.CurrentTime = stamped
	if stamped.IsZero() {
		options.CurrentTime = now
	}
	if options.CurrentTime.IsZero() {
		return unverified("signed with a certificate, and the verifier was not told the time")
	}
	options.KeyUsages = []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning} // a certificate without any is for all
	_, err := leaf.Verify(options)
	if bad := (x509.CertificateInvalidError{}); errors.As(err, &bad) && bad.Reason == x509.Expired {
		return unverified("certificate: valid from %s to %s only, and no trusted time stamp says that the signature is from then",
			leaf.NotBefore.UTC().Format(time.DateOnly), leaf.NotAfter.UTC().Format(time.DateOnly))
	}
	if unknown := (x509.UnknownAuthorityError{}); errors.As(err, &unknown) {
		return unverified("certificate: issued by %s, which the policy does not trust (trust, authorities)", printable(clip(leaf.Issuer.String())))
	}
	if err != nil {
		return fmt.Errorf("certificate: %w", err)
	}
	if leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0 && !slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageCodeSigning) {
		return errors.New("certificate: it is not for signing (key usage)")
	}
	return nil
}

// holder is one name for the holder of a certificate: its first URI, e-mail
// address or host name, else its distinguished name.
func holder(leaf *x509.Certificate) string {
	switch {
	case len(leaf.URIs) > 0:
		return leaf.URIs[0].String()
	case len(leaf.EmailAddresses) > 0:
		return leaf.EmailAddresses[0]
	case len(leaf.DNSNames) > 0:
		return leaf.DNSNames[0]
	}
	return leaf.Subject.String()
}
