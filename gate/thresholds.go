// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/attest"
	"github.com/modelvet/modelvet/policies"
)

// RolePolicyOwner may sign thresholds and rule bundles.
const RolePolicyOwner = "policy-owner"

// How far it is shown when the thresholds were set. A signature with a plain
// key shows who says so; the date is that signer's claim. An identity comes
// with a trusted time.
const (
	ProofNone      = "none"
	ProofSignature = "signature"
	ProofTimestamp = "timestamp"
)

// thresholdsSubject names the thresholds of a stage by their content, so that
// a change elsewhere in the policy file leaves their date as it is.
func (p *Policy) thresholdsSubject(stage string) (modelvet.Subject, error) {
	s, err := p.Stage(stage)
	if err != nil {
		return modelvet.Subject{}, err
	}
	b, err := json.Marshal(thresholdsPredicate(stage, s)) // keys are sorted
	if err != nil {
		return modelvet.Subject{}, fmt.Errorf("encoding the thresholds: %w", err)
	}
	sum := sha256.Sum256(b)
	return modelvet.Subject{Name: "thresholds-" + stage, Digest: "sha256:" + hex.EncodeToString(sum[:])}, nil
}

func thresholdsPredicate(stage string, s Stage) map[string]any {
	values := s.Thresholds
	if values == nil {
		values = map[string]any{}
	}
	return map[string]any{"stage": stage, "thresholds": values}
}

// SignThresholds signs the thresholds of a stage, with the date, and returns
// the bundle. The policy names the file under thresholdsSignature.
func SignThresholds(ctx context.Context, p *Policy, stage string, signer *attest.Signer, now time.Time) ([]byte, error) {
	subject, err := p.thresholdsSubject(stage)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInput, err)
	}
	if !slices.ContainsFunc(p.Trust, func(t TrustedSigner) bool {
		return t.PublicKey != "" && attest.KeyIDOf([]byte(t.PublicKey)) == signer.KeyID() && slices.Contains(t.Roles, RolePolicyOwner)
	}) {
		return nil, fmt.Errorf("%w: %s does not give this key (%.12s...) the role %s; add it under trust", ErrInput, p.Origin, signer.KeyID(), RolePolicyOwner)
	}
	s := p.Stages[stage]
	return attest.Sign(ctx, signer, subject, modelvet.PredicateThresholds, thresholdsPredicate(stage, s), now)
}

// owners are those whom a policy believes about thresholds, and nobody else.
func (p *Policy) owners(now time.Time) attest.Trust {
	all := p.trust(now)
	t := attest.Trust{Roots: all.Roots, Authorities: all.Authorities, Now: now}
	for _, k := range all.Keys {
		if k.Producer = slices.Contains(k.Roles, RolePolicyOwner); k.Producer {
			t.Keys = append(t.Keys, k)
		}
	}
	for _, i := range all.Identities {
		if i.Producer = slices.Contains(i.Roles, RolePolicyOwner); i.Producer {
			t.Identities = append(t.Identities, i)
		}
	}
	return t
}

// thresholds says which bounds judge, and since when. An error is a signature
// that is named and does not hold: nothing is then known of the date.
func (g *Gate) thresholds(ctx context.Context, stage Stage) (*modelvet.ThresholdSet, error) {
	subject, err := g.Policy.thresholdsSubject(g.Stage)
	if err != nil {
		return nil, err
	}
	set := &modelvet.ThresholdSet{Digest: subject.Digest, Proof: ProofNone, Values: map[string]float64{}}
	for name, v := range stage.Thresholds {
		f, _ := v.(float64)
		set.Values[name] = f
	}
	if stage.ThresholdsSignature == "" {
		return set, nil
	}
	bundle, err := readSmall(g.Policy.beside(stage.ThresholdsSignature))
	if err != nil {
		return set, fmt.Errorf("stages.%s.thresholdsSignature: %w", g.Stage, err)
	}
	e := attest.Verify(ctx, bundle, g.Policy.owners(g.Now), subject)
	switch {
	case e.Status != modelvet.Verified:
		return set, fmt.Errorf("stages.%s.thresholdsSignature: %s is %s: %s; sign the thresholds as they now are with `modelvet policy sign`", g.Stage, stage.ThresholdsSignature, e.Status, e.Reason)
	case e.PredicateType != modelvet.PredicateThresholds:
		return set, fmt.Errorf("stages.%s.thresholdsSignature: %s is a statement of another type (%s)", g.Stage, stage.ThresholdsSignature, e.PredicateType)
	case e.SignedAt.IsZero():
		return set, errors.New("the signature of the thresholds carries no date")
	}
	set.Proof, set.SetAt, set.Signer = ProofSignature, e.SignedAt, &e.Signer
	if e.Signer.Identity != "" {
		set.Proof = ProofTimestamp
	}
	return set, nil
}

// beside is a path that a policy file names, from the folder of that file.
func (p *Policy) beside(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(p.Origin), path)
}

// given are the facts that the judge establishes itself.
func (g *Gate) given(ctx context.Context, c *modelvet.Case, stage Stage) (map[string]policies.Given, error) {
	set, err := g.thresholds(ctx, stage)
	dated := policies.Given{}
	if err != nil {
		dated.Gap = "it is not known when the thresholds were set: " + err.Error()
	}
	if set == nil {
		return nil, err
	}
	value := map[string]any{"digest": set.Digest, "proof": set.Proof}
	if !set.SetAt.IsZero() {
		value["setAt"] = stampOf(set.SetAt)
	}
	if set.Signer != nil {
		value["signer"] = set.Signer
	}
	dated.Value = value
	c.Thresholds = set
	return map[string]policies.Given{"thresholds": dated, "baseline": g.baseline(ctx, stage)}, nil
}
