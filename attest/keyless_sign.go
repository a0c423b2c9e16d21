// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	services "github.com/sigstore/sigstore-go/pkg/sign"

	"github.com/modelvet/modelvet"
)

// certificateMargin is how long a certificate has to hold still when it is
// used once more: the time stamp of the signature has to fall into it.
const certificateMargin = time.Minute

// keyless is who signs without a key of their own: a key that lives in memory
// only, and a certificate for the holder of an identity token, good for
// minutes. One certificate serves all statements that are signed meanwhile.
type keyless struct {
	mu     sync.Mutex
	token  TokenSource
	claims Claims
	pair   *services.EphemeralKeypair
	fulcio *services.Fulcio
	cert   *x509.Certificate
	now    func() time.Time
}

// NewKeyless makes a signer for the holder of an identity token. The token is
// fetched here, so that a pipeline without one fails before its work; the
// certificate when something is signed. Bundles hold the certificate, and the
// answers of the time-stamp authorities and logs of the Sigstore, each of
// which is verified with the trusted root before Sign returns.
func NewKeyless(ctx context.Context, token TokenSource, config Sigstore) (*Signer, error) {
	s, err := newKeyless(ctx, token, config)
	if err != nil {
		return nil, fmt.Errorf("preparing to sign without a key: %w", err)
	}
	return s, nil
}

func newKeyless(ctx context.Context, token TokenSource, config Sigstore) (*Signer, error) {
	k := &keyless{token: token, now: time.Now}
	if _, err := k.fresh(ctx); err != nil {
		return nil, err
	}
	in, err := config.choose(k.now())
	if err != nil {
		return nil, err
	}
	if in.fulcio == "" {
		return nil, errors.New("the signing config names no certificate authority (caUrls): add it, or name --fulcio-url")
	}
	if len(in.logs)+len(in.authorities) == 0 {
		return nil, errors.New("neither a log nor a time-stamp authority would date the signature, and nobody could verify it once the certificate has expired: name one in the signing config")
	}
	if k.pair, err = services.NewEphemeralKeypair(nil); err != nil {
		return nil, err
	}
	k.fulcio = services.NewFulcio(&services.FulcioOptions{BaseURL: in.fulcio, Timeout: serviceTimeout, Retries: serviceRetries})
	s, err := describe(k.pair.GetPublicKey())
	if err != nil {
		return nil, err
	}
	s.id, s.keyless, s.services = "", k, in
	s.sign = func(ctx context.Context, message []byte) ([]byte, error) {
		sig, _, err := k.pair.SignData(ctx, message)
		return sig, err
	}
	return s, nil
}

// fresh is a token that can still be used.
func (k *keyless) fresh(ctx context.Context) (string, error) {
	token, err := k.token(ctx)
	if err != nil {
		return "", err
	}
	if k.claims, err = readClaims(token); err != nil {
		return "", err
	}
	return token, k.claims.usable(k.now())
}

// certificate is one that holds for a while yet.
func (k *keyless) certificate(ctx context.Context) (*x509.Certificate, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.cert != nil && k.now().Before(k.cert.NotAfter.Add(-certificateMargin)) {
		return k.cert, nil
	}
	token, err := k.fresh(ctx)
	if err != nil {
		return nil, err
	}
	der, err := k.fulcio.GetCertificate(ctx, k.pair, &services.CertificateProviderOptions{IDToken: token})
	if err != nil {
		return nil, fmt.Errorf("asking the certificate authority: %s", plain(err))
	}
	if k.cert, err = x509.ParseCertificate(der); err != nil {
		return nil, fmt.Errorf("asking the certificate authority: %w", err)
	}
	return k.cert, nil
}

// material is what a bundle says of its signer and of who saw it sign.
func (s *Signer) material(ctx context.Context, payload, sig []byte) (keyMaterial, error) {
	var m keyMaterial
	verifier := s.pem
	switch {
	case s.keyless != nil:
		cert, err := s.keyless.certificate(ctx)
		if err != nil {
			return m, err
		}
		m.Certificate, verifier = &rawCert{cert.Raw}, pemOfDER(cert.Raw)
	case len(s.chain) > 0:
		m.Chain = &certChain{s.chain}
	default:
		m.PublicKey = &keyHint{Hint: s.id}
	}
	if s.services == nil {
		return m, nil
	}
	return m, s.services.witness(ctx, &m, verifier, payload, sig)
}

// Claims are those of the identity token, of a signer without a key.
func (s *Signer) Claims() Claims {
	if s == nil || s.keyless == nil {
		return nil
	}
	return s.keyless.claims
}

// Identity asks for the certificate, if there is none yet, and says whom it names.
func (s *Signer) Identity(ctx context.Context) (modelvet.Signer, error) {
	if s.keyless == nil {
		return s.Signer(), nil
	}
	cert, err := s.keyless.certificate(ctx)
	if err != nil {
		return modelvet.Signer{}, err
	}
	summary, err := certificate.SummarizeCertificate(cert)
	if err != nil {
		return modelvet.Signer{}, fmt.Errorf("reading the certificate: %w", err)
	}
	return modelvet.Signer{Identity: summary.SubjectAlternativeName, Issuer: summary.Issuer}, nil
}
