// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/modelvet/modelvet"
)

// Trust is whom a policy believes. Nothing is trusted that is not named in it.
type Trust struct {
	Keys        []TrustedKey
	Identities  []TrustedIdentity // for signatures with a certificate
	Roots       [][]byte          // Sigstore trusted_root.json documents: they make keyless signatures and time stamps verifiable
	Authorities [][]byte          // root certificates (PEM) of private authorities, for model signatures with a certificate chain
	Revoked     []Revocation
	Require     Limits    // for every signer
	Now         time.Time // when the verification takes place; zero: nothing that depends on it is believed
}

// TrustedKey is one key of a policy.
type TrustedKey struct {
	Name        string // as reports call its owner
	PEM         []byte // SubjectPublicKeyInfo
	Roles       []string
	Producer    bool      // may sign evidence, decisions and model signatures
	NotBefore   time.Time // zero: no bound
	NotAfter    time.Time // zero: no bound
	Development bool
	Limits      Limits
}

// TrustedIdentity is one workload or person that an OIDC issuer vouches for,
// or the holder of a certificate of a private authority: then Issuer is the
// distinguished name of the authority that issued it.
// Issuer and the subject alternative name have to match both, each either
// exactly or by a regular expression that has to match the whole text.
type TrustedIdentity struct {
	Name            string
	Issuer          string
	IssuerPattern   string
	Identity        string
	IdentityPattern string
	Roles           []string
	Producer        bool
	Limits          Limits
}

// Check says what is wrong with a trust list, so that a caller can refuse a
// policy before it verifies anything. Verify trusts nobody through a bad entry.
func (t Trust) Check() error {
	seen := map[string]string{}
	var errs []error
	for i, k := range t.Keys {
		_, _, id, err := k.parse()
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("checking trust: keys[%d] %s: %w", i, k.Name, err))
		case !k.NotBefore.IsZero() && !k.NotAfter.IsZero() && !k.NotBefore.Before(k.NotAfter):
			errs = append(errs, fmt.Errorf("checking trust: keys[%d] %s: notBefore is not before notAfter", i, k.Name))
		case k.Limits.check() != nil:
			errs = append(errs, fmt.Errorf("checking trust: keys[%d] %s: %w", i, k.Name, k.Limits.check()))
		default:
			if other, twice := seen[id]; twice {
				errs = append(errs, fmt.Errorf("checking trust: keys[%d] %s: the same key as %s: keep one entry", i, k.Name, other))
			}
			seen[id] = k.Name
		}
	}
	for i, id := range t.Identities {
		if err := id.check(); err != nil {
			errs = append(errs, fmt.Errorf("checking trust: identities[%d] %s: %w", i, id.Name, err))
		}
	}
	for i, r := range t.Revoked {
		if err := r.check(); err != nil {
			errs = append(errs, fmt.Errorf("checking trust: revoked[%d]: %w", i, err))
		}
	}
	_, err := t.material()
	_, bad := t.authorities()
	for _, err := range []error{err, bad} {
		if err != nil {
			errs = append(errs, fmt.Errorf("checking trust: %w", err))
		}
	}
	return errors.Join(errs...)
}

// Knows looks up what a policy says of a signer.
func (t Trust) Knows(s modelvet.Signer) (modelvet.Signer, bool) {
	if s.KeyID != "" {
		c, err := t.named(s.KeyID)
		if err != nil || len(c) == 0 {
			return s, false
		}
		return c[0].signer(), true
	}
	p, err := t.identified(proof{}, s.Issuer, s.Identity)
	return p.signer, err == nil
}

func (k TrustedKey) parse() (key crypto.PublicKey, hints []string, id string, err error) {
	if key, err = parsePublic(k.PEM); err != nil {
		return nil, nil, "", err
	}
	text, err := publicPEM(key)
	if err != nil {
		return nil, nil, "", err
	}
	id = keyID256(text)
	return key, []string{id, cosignHint(text)}, id, nil
}

// cosignHint is how cosign and sigstore-go name a key: base64 of the SHA-256
// of its DER.
func cosignHint(pemText []byte) string {
	der := derOf(pemText)
	sum := sha256.Sum256(der)
	return base64.StdEncoding.EncodeToString(sum[:])
}

// candidate is a trusted key that a bundle's hint names.
type candidate struct {
	TrustedKey
	key crypto.PublicKey
	id  string
}

func (c candidate) signer() modelvet.Signer {
	return modelvet.Signer{KeyID: c.id, Name: c.Name, Roles: slices.Clone(c.Roles), Development: c.Development}
}

// named lists the trusted keys that a hint names; all, if it names none at all.
func (t Trust) named(hint string) ([]candidate, error) {
	var out []candidate
	for _, k := range t.Keys {
		key, hints, id, err := k.parse()
		if err != nil {
			continue // Check reports it; it vouches for nobody
		}
		if hint == "" || slices.Contains(hints, hint) {
			out = append(out, candidate{k, key, id})
		}
	}
	for i, c := range out {
		if slices.ContainsFunc(out[:i], func(o candidate) bool { return o.id == c.id }) {
			return nil, fmt.Errorf("the policy lists key %s twice: keep one entry in trust", c.id)
		}
	}
	return out, nil
}

// validAt says why a key does not count at a time. A time that only the
// statement claims can be dated back by whoever stole the key, so that an
// expired key needs a trusted time stamp.
func (k TrustedKey) validAt(claimed, stamped, now time.Time) error {
	if k.NotBefore.IsZero() && k.NotAfter.IsZero() {
		return nil
	}
	at := stamped
	if at.IsZero() {
		if now.IsZero() {
			return errors.New("the key is trusted for a time only and the verifier was not told the time")
		}
		at = now
		if !k.NotBefore.IsZero() && !claimed.IsZero() && claimed.Before(k.NotBefore) {
			at = claimed
		}
	}
	const day = time.DateOnly
	if !k.NotBefore.IsZero() && at.Before(k.NotBefore) {
		return fmt.Errorf("the key is trusted from %s on only", k.NotBefore.UTC().Format(day))
	}
	if !k.NotAfter.IsZero() && at.After(k.NotAfter) {
		return fmt.Errorf("the key is trusted until %s only, and no trusted time stamp says that the signature is older", k.NotAfter.UTC().Format(day))
	}
	return nil
}

// checkSignature verifies with the one algorithm that the type of the key allows.
func checkSignature(public crypto.PublicKey, message, sig []byte) error {
	hash, err := hashFor(public)
	if err != nil {
		return err
	}
	holds := false
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		holds = ecdsa.VerifyASN1(key, digestOf(hash, message), sig)
	case ed25519.PublicKey:
		holds = ed25519.Verify(key, message, sig)
	case *rsa.PublicKey:
		holds = rsa.VerifyPKCS1v15(key, hash, digestOf(hash, message), sig) == nil
	}
	if !holds {
		return errors.New("it is not by this key over these bytes")
	}
	return nil
}
