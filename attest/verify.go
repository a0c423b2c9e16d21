// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/in-toto/in-toto-golang/in_toto"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"github.com/modelvet/modelvet"
)

// skew is how far the clock of a signer may be ahead of the verifier's.
const skew = 5 * time.Minute

// doubt is why something is not verified: invalid (it is wrong) unless said otherwise.
type doubt struct {
	status modelvet.Status
	why    error
}

func (d doubt) Error() string { return d.why.Error() }
func (d doubt) Unwrap() error { return d.why }

func unverified(format string, args ...any) error {
	return doubt{modelvet.Unverified, fmt.Errorf(format, args...)}
}

// proof is what the cryptography established.
type proof struct {
	signer      modelvet.Signer
	producer    bool
	stamped     time.Time // by a trusted time-stamp authority or log; zero: nobody
	dated       bool      // by a time-stamp authority (RFC 3161)
	logged      bool      // a trusted log holds it
	key         string    // id of the key that signed
	certificate string    // fingerprint of the certificate that signed
	origin      origin    // what the certificate of a pipeline says of its source
	limits      []Limits
	window      func(claimed time.Time) error
}

// Verify says how far a bundle may be believed about a subject. It never
// fails: what does not verify comes back without a predicate, as invalid
// (wrong in itself or about something else) or unverified (nobody trusted
// vouches for it), with the reason. PredicateType and Subject of such
// evidence are what the bundle claims, good for a table only.
//
// A model signature is about files: subject.Files has to be complete.
func Verify(ctx context.Context, bundle []byte, trust Trust, subject modelvet.Subject) modelvet.Evidence {
	return examine(ctx, bundle, trust, func(s statement) (modelvet.Subject, error) {
		if isModel(s.PredicateType) {
			return short(subject), checkModel(ctx, s, subject.Files, nil)
		}
		digest, err := hexDigest(subject.Digest)
		if err != nil {
			return claimed(s), fmt.Errorf("the artifact: %w", err)
		}
		if !s.about(digest) {
			return claimed(s), fmt.Errorf("subject: the statement is about %s, not about this artifact (%s)", claimed(s).Digest, subject.Digest)
		}
		return short(subject), nil
	})
}

// VerifyAll verifies many bundles about one subject. The result is sorted by
// predicate type and digest, and a bundle that is there twice counts once.
func VerifyAll(ctx context.Context, bundles [][]byte, trust Trust, subject modelvet.Subject) []modelvet.Evidence {
	out := make([]modelvet.Evidence, 0, len(bundles))
	seen := map[string]bool{}
	for _, b := range bundles {
		if d := Digest(b); !seen[d] {
			seen[d] = true
			out = append(out, Verify(ctx, b, trust, subject))
		}
	}
	slices.SortFunc(out, func(a, b modelvet.Evidence) int {
		return cmp.Or(cmp.Compare(a.PredicateType, b.PredicateType), cmp.Compare(a.Digest, b.Digest))
	})
	return out
}

// examine does what all verification has in common. about checks the subject
// of a statement whose signature holds, and names the subject of the evidence.
func examine(ctx context.Context, bundle []byte, trust Trust, about func(statement) (modelvet.Subject, error)) modelvet.Evidence {
	e := modelvet.Evidence{Digest: Digest(bundle)}
	predicate, err := believe(ctx, bundle, trust, about, &e)
	if err != nil {
		e.Status, e.Reason = modelvet.Invalid, err.Error()
		if d := (doubt{}); errors.As(err, &d) {
			e.Status = d.status
		}
		return e
	}
	e.Status, e.Predicate = modelvet.Verified, predicate
	return e
}

func believe(ctx context.Context, bundle []byte, trust Trust, about func(statement) (modelvet.Subject, error), e *modelvet.Evidence) (json.RawMessage, error) {
	if err := ctx.Err(); err != nil {
		return nil, unverified("verifying was stopped: %w", err)
	}
	o, err := openBundle(bundle)
	if err != nil {
		return nil, err
	}
	e.Statement = o.statementDigest()
	p, err := authenticate(o, trust)
	e.Signer = p.signer
	if err == nil {
		err = trust.revoked(o, p, e.Digest)
	}
	var s statement
	if err == nil || len(o.payload) <= maxUnproved {
		var malformed error
		if s, malformed = parseStatement(o.payload); malformed != nil {
			err = cmp.Or(err, fmt.Errorf("statement: %w", malformed))
		}
		e.PredicateType, e.Subject = clip(s.PredicateType), claimed(s)
	}
	if err != nil {
		return nil, err
	}
	if got := o.entity.GetMediaType(); s.PredicateType == modelvet.PredicateModelSignature && got != BundleMediaType {
		return nil, fmt.Errorf("bundle: mediaType %.80q: a model signature comes in %s", got, BundleMediaType)
	}
	if e.Subject, err = about(s); err != nil {
		return nil, err
	}
	predicate, at, err := decodePredicate(s)
	if err != nil {
		return nil, err
	}
	if err := p.origin.agrees(s.PredicateType, predicate); err != nil {
		return nil, err
	}
	e.SignedAt = at
	if !p.stamped.IsZero() {
		e.SignedAt = p.stamped
	}
	if err := p.accept(s.PredicateType, at, e.SignedAt, trust.Now); err != nil {
		return nil, err
	}
	return predicate, p.within(trust, s, predicate, e.Subject.Name)
}

// within asks whether the signer stays within what the policy limits it to.
func (p proof) within(trust Trust, s statement, predicate json.RawMessage, name string) error {
	for _, l := range append([]Limits{trust.Require}, p.limits...) {
		if err := l.allows(p, s, predicate, name); err != nil {
			return unverified("signed by %s: %w", who(p.signer), err)
		}
	}
	return nil
}

// accept asks whether this signer may say this, at this time.
func (p proof) accept(predicateType string, claimed, at, now time.Time) error {
	if !now.IsZero() && at.After(now.Add(skew)) {
		return fmt.Errorf("it is dated in the future: %s, and it is %s now", at.Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	}
	if p.window != nil {
		if err := p.window(claimed); err != nil {
			return unverified("signed by %s: %w", who(p.signer), err)
		}
	}
	switch predicateType {
	case modelvet.PredicateApproval, modelvet.PredicateWaiver, modelvet.PredicateDocument:
		if len(p.signer.Roles) == 0 {
			return unverified("signed by %s, to whom the policy gives no role: approvals, waivers and attested documents are for roles (trust, roles)", who(p.signer))
		}
	default:
		if !p.producer {
			return unverified("signed by %s, whom the policy does not trust to produce evidence (trust, producer)", who(p.signer))
		}
	}
	return nil
}

// authenticate finds out who signed, and whether that is somebody trusted.
func authenticate(o *opened, trust Trust) (proof, error) {
	switch material := o.entity.GetVerificationMaterial(); {
	case o.entity.GetMediaType() == BundleMediaType && material.GetX509CertificateChain() != nil:
		return authenticateChain(o, trust)
	case material.GetPublicKey() == nil:
		return authenticateCertificate(o, trust)
	}
	candidates, err := trust.named(o.keyHint)
	if err != nil {
		return proof{}, unverified("%w", err)
	}
	if len(candidates) == 0 {
		return unknownKey(o.keyHint)
	}
	for _, message := range messages(o) {
		for _, c := range candidates {
			if err = checkSignature(c.key, message, o.signature); err == nil {
				return keyProof(o, trust, c)
			}
		}
	}
	if o.keyHint == "" {
		return proof{}, unverified("signed by a key that it does not name, and by none of the %d keys that the policy trusts: add it to trust in the policy", len(candidates))
	}
	return proof{}, fmt.Errorf("signature: the bundle names key %s, but %w", candidates[0].id, err)
}

// messages are the bytes that the signature may be over. The encoding of old
// model signatures counts for those alone.
func messages(o *opened) [][]byte {
	out := [][]byte{dsse.PAE(in_toto.PayloadType, o.payload)}
	if len(o.payload) <= maxUnproved && bytes.Contains(o.payload, []byte(predicateDigests)) {
		if s, err := parseStatement(o.payload); err == nil && s.PredicateType == predicateDigests {
			out = append(out, oldPAE(o.payload))
		}
	}
	return out
}

func unknownKey(hint string) (proof, error) {
	if hint == "" {
		return proof{}, unverified("signed by a key that it does not name, and the policy trusts no key: add it to trust in the policy")
	}
	hint = clip(hint)
	return proof{signer: modelvet.Signer{KeyID: hint}},
		unverified("signed by key %s, which the policy does not trust: add it to trust in the policy", printable(hint))
}

func keyProof(o *opened, trust Trust, c candidate) (proof, error) {
	p := proof{signer: c.signer(), producer: c.Producer, key: c.id, limits: []Limits{c.Limits}}
	if err := p.witnesses(o, trust, c.key); err != nil {
		return proof{}, err
	}
	p.window = func(claimed time.Time) error { return c.validAt(claimed, p.stamped, trust.Now) }
	return p, nil
}

func short(s modelvet.Subject) modelvet.Subject {
	return modelvet.Subject{Name: s.Name, Digest: s.Digest}
}

// claimed is the subject that a statement names, for a person to read.
func claimed(s statement) modelvet.Subject {
	if len(s.Subject) == 0 {
		return modelvet.Subject{}
	}
	out := modelvet.Subject{Name: clip(s.Subject[0].Name)}
	if d, err := hexDigest("sha256:" + s.Subject[0].Digest["sha256"]); err == nil {
		out.Digest = "sha256:" + d
	}
	return out
}

// who names a signer in a message.
func who(s modelvet.Signer) string {
	if s.Name != "" {
		return printable(s.Name) + " (" + printable(s.ID()) + ")"
	}
	return printable(s.ID())
}

// clip keeps what a hostile bundle says of itself short.
func clip(s string) string {
	const most = 256
	if len(s) <= most {
		return s
	}
	return string([]rune(s)[:most/4]) + "..."
}

// printable quotes a text that could upset a terminal or a log.
func printable(s string) string {
	if q := fmt.Sprintf("%q", s); q != `"`+s+`"` {
		return q
	}
	return s
}
