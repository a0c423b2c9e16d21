// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/in-toto/in-toto-golang/in_toto"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"github.com/modelvet/modelvet"
)

// Sign states a predicate about a subject and returns the Sigstore bundle
// v0.3 as it is stored: an in-toto Statement v1 in a DSSE envelope with one
// signature. predicate has to encode as a JSON object. A predicate of
// modelvet's own types carries the time at, to the second, in its key
// statedAt, which Verify takes out again; at is ignored for foreign types.
// The same input and key (ECDSA by RFC 6979, Ed25519, RSA) give the same bytes.
func Sign(ctx context.Context, signer *Signer, subject modelvet.Subject, predicateType string, predicate any, at time.Time) ([]byte, error) {
	return SignAll(ctx, signer, []modelvet.Subject{subject}, predicateType, predicate, at)
}

// SignAll is Sign for a predicate about several subjects, all of them at once:
// what one build gave. Each needs a name.
func SignAll(ctx context.Context, signer *Signer, subjects []modelvet.Subject, predicateType string, predicate any, at time.Time) ([]byte, error) {
	if len(subjects) == 0 {
		return nil, errors.New("signing a statement: it is about nothing")
	}
	if predicateType == "" || predicateType == modelvet.PredicateModelSignature {
		return nil, fmt.Errorf("signing a statement: predicate type %q: name one; model signatures are made by SignModel", predicateType)
	}
	data, err := encodePredicate(predicateType, predicate, at)
	if err != nil {
		return nil, fmt.Errorf("signing a statement: %w", err)
	}
	s := statement{Type: in_toto.StatementInTotoV1, PredicateType: predicateType, Predicate: data}
	for _, subject := range subjects {
		digest, err := hexDigest(subject.Digest)
		if err != nil {
			return nil, fmt.Errorf("signing a statement: subject: %w", err)
		}
		s.Subject = append(s.Subject, resource{Name: subject.Name, Digest: map[string]string{"sha256": digest}})
	}
	return signStatement(ctx, signer, s)
}

func signStatement(ctx context.Context, signer *Signer, s statement) ([]byte, error) {
	payload, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("encoding a statement: %w", err)
	}
	if _, err := parseStatement(payload); err != nil {
		return nil, fmt.Errorf("encoding a statement: it could not be read back: %w", err)
	}
	sig, err := signer.signPayload(ctx, payload)
	if err != nil {
		return nil, fmt.Errorf("signing a %s: %w", s.PredicateType, err)
	}
	material, err := signer.material(ctx, payload, sig)
	if err != nil {
		return nil, fmt.Errorf("signing a %s: %w", s.PredicateType, err)
	}
	bundle, err := material.encode(payload, sig)
	if err == nil && len(bundle) > MaxBundle {
		err = fmt.Errorf("signing a %s: the bundle has %d bytes, and verifiers read at most %d", s.PredicateType, len(bundle), MaxBundle)
	}
	if err != nil {
		return nil, err
	}
	if err := signer.checkWitnesses(bundle); err != nil {
		return nil, fmt.Errorf("signing a %s: what the services answered does not hold with the trusted root: %w", s.PredicateType, err)
	}
	return bundle, nil
}

// signPayload verifies what it signed: a wrong signature out of a broken key
// service or faulty memory must not leave (and a faulty deterministic
// signature gives the private key away).
func (s *Signer) signPayload(ctx context.Context, payload []byte) ([]byte, error) {
	if s == nil || s.sign == nil {
		return nil, errors.New("no signer: load a key first")
	}
	message := dsse.PAE(in_toto.PayloadType, payload)
	sig, err := s.sign(ctx, message)
	if err != nil {
		return nil, err
	}
	if err := checkSignature(s.public, message, sig); err != nil {
		return nil, fmt.Errorf("the signature just made with key %s does not hold: %w", s.id, err)
	}
	return bytes.Clone(sig), nil
}
