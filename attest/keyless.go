// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"

	"github.com/modelvet/modelvet"
)

// material reads the Sigstore trusted roots of a policy.
func (t Trust) material() ([]root.TrustedMaterial, error) {
	out := make([]root.TrustedMaterial, 0, len(t.Roots))
	for i, data := range t.Roots {
		if err := checkJSON(data); err != nil {
			return nil, fmt.Errorf("roots[%d]: %w", i, err)
		}
		r, err := root.NewTrustedRootFromJSON(data)
		if err != nil {
			return nil, fmt.Errorf("roots[%d]: not a Sigstore trusted_root.json: %w", i, err)
		}
		out = append(out, r)
	}
	return out, nil
}

// stampedAt is the earliest time at which a trusted authority saw the
// signature (RFC 3161). A time stamp that is there and does not hold is an
// error; one whose authority nobody could know is ignored.
func stampedAt(o *opened, trust Trust) (time.Time, error) {
	stamps, err := o.entity.Timestamps()
	if err != nil || len(stamps) == 0 {
		return time.Time{}, err
	}
	material, err := trust.material()
	if err != nil {
		return time.Time{}, unverified("%w", err)
	}
	all := root.TrustedMaterialCollection(material)
	if len(all.TimestampingAuthorities()) == 0 {
		return time.Time{}, nil
	}
	good, bad, err := verify.VerifySignedTimestamp(o.entity, all)
	if err != nil || len(good) == 0 {
		return time.Time{}, errors.Join(append(bad, err)...)
	}
	first := good[0].Time
	for _, g := range good {
		if g.Time.Before(first) {
			first = g.Time
		}
	}
	return first.UTC(), nil
}

// authenticateCertificate verifies a keyless signature: the certificate chain
// at a proven time, and the logs that the trusted root names.
func authenticateCertificate(o *opened, trust Trust) (proof, error) {
	material, err := trust.material()
	if err != nil {
		return proof{}, unverified("%w", err)
	}
	if len(material) == 0 {
		return proof{}, unverified("signed with a certificate, and the policy names no Sigstore trusted root to check it with: add trusted_root.json to trust in the policy")
	}
	var errs []error
	for _, m := range material {
		result, err := verifyWith(o, m)
		if err == nil {
			return identify(o, result, len(m.RekorLogs()) > 0, trust)
		}
		errs = append(errs, err)
	}
	return proof{}, fmt.Errorf("certificate: %w", errors.Join(errs...))
}

// verifyWith demands every service that a trusted root names: a transparency
// log, a certificate log, and in any case a proven time.
func verifyWith(o *opened, m root.TrustedMaterial) (*verify.VerificationResult, error) {
	options := []verify.VerifierOption{verify.WithObserverTimestamps(1), verify.WithoutStatementPredicate()}
	if len(m.RekorLogs()) > 0 {
		options = append(options, verify.WithTransparencyLog(1))
	}
	if len(m.CTLogs()) > 0 {
		options = append(options, verify.WithSignedCertificateTimestamps(1))
	}
	v, err := verify.NewVerifier(m, options...)
	if err != nil {
		return nil, err
	}
	// Subject and identity are compared afterwards, for a better reason than "no match".
	return v.Verify(o.entity, verify.NewPolicy(verify.WithoutArtifactUnsafe(), verify.WithoutIdentitiesUnsafe()))
}

func identify(o *opened, result *verify.VerificationResult, logged bool, trust Trust) (proof, error) {
	if result.Signature == nil || result.Signature.Certificate == nil {
		return proof{}, errors.New("certificate: it names nobody")
	}
	p := proof{logged: logged, certificate: fingerprint(o.entity.GetVerificationMaterial().GetCertificate().GetRawBytes())}
	for _, ts := range result.VerifiedTimestamps {
		if ts.Type == timestampOfAuthority {
			p.dated = true
		}
		if p.stamped.IsZero() || ts.Timestamp.Before(p.stamped) {
			p.stamped = ts.Timestamp.UTC()
		}
	}
	cert := result.Signature.Certificate
	p.origin = originOf(cert.Extensions)
	return trust.identified(p, cert.Issuer, cert.SubjectAlternativeName)
}

// timestampOfAuthority is how sigstore-go calls a time stamp as of RFC 3161.
const timestampOfAuthority = "TimestampAuthority"

// identified looks up somebody whom a certificate names.
func (t Trust) identified(p proof, issuer, identity string) (proof, error) {
	p.signer = modelvet.Signer{Identity: identity, Issuer: issuer}
	for _, id := range t.Identities {
		if !id.matches(issuer, identity) {
			continue
		}
		p.signer.Name, p.signer.Roles, p.producer = id.Name, slices.Clone(id.Roles), id.Producer
		p.limits = []Limits{id.Limits}
		p.window = func(time.Time) error { return id.validAt(p.stamped, t.Now) }
		return p, nil
	}
	return p, unverified("signed by %s (issuer %s), whom the policy does not trust: add the identity to trust in the policy",
		printable(clip(identity)), printable(clip(issuer)))
}

// validAt says why an identity does not count at the time of a signature.
func (id TrustedIdentity) validAt(stamped, now time.Time) error {
	l := id.Limits
	if l.NotBefore.IsZero() && l.NotAfter.IsZero() {
		return nil
	}
	at := stamped
	if at.IsZero() {
		at = now
	}
	switch {
	case at.IsZero():
		return errors.New("the identity is trusted for a time only and the verifier was not told the time")
	case !l.NotBefore.IsZero() && at.Before(l.NotBefore):
		return fmt.Errorf("the identity is trusted from %s on only", l.NotBefore.UTC().Format(time.DateOnly))
	case !l.NotAfter.IsZero() && at.After(l.NotAfter):
		return fmt.Errorf("the identity is trusted until %s only", l.NotAfter.UTC().Format(time.DateOnly))
	}
	return nil
}

func (id TrustedIdentity) check() error {
	if (id.Issuer == "") == (id.IssuerPattern == "") {
		return errors.New("give issuer or issuerPattern, one of them")
	}
	if (id.Identity == "") == (id.IdentityPattern == "") {
		return errors.New("give identity or identityPattern, one of them")
	}
	for _, p := range []string{id.IssuerPattern, id.IdentityPattern} {
		if _, err := anchored(p); err != nil {
			return err
		}
	}
	return id.Limits.check()
}

func (id TrustedIdentity) matches(issuer, identity string) bool {
	if id.check() != nil || issuer == "" || identity == "" {
		return false
	}
	return matchText(id.Issuer, id.IssuerPattern, issuer) && matchText(id.Identity, id.IdentityPattern, identity)
}

func matchText(exact, pattern, text string) bool {
	if exact != "" {
		return exact == text
	}
	re, err := anchored(pattern)
	return err == nil && re.MatchString(text)
}

// anchored compiles a pattern that has to match the whole text: an unanchored
// one would also match an attacker's longer name.
func anchored(pattern string) (*regexp.Regexp, error) {
	if _, err := regexp.Compile(pattern); err != nil {
		return nil, fmt.Errorf("pattern %.80q: %w", pattern, err)
	}
	return regexp.Compile(`\A(?:` + pattern + `)\z`)
}
