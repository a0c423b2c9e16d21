// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"path/filepath"
	"slices"
	"time"

	"github.com/modelvet/modelvet/attest"
)

// What a policy may require of a signature.
const (
	requireTimestamp = "timestamp"
	requireLog       = "transparency-log"
)

// trust is the policy in the words of the room that verifies.
func (p *Policy) trust(now time.Time) attest.Trust {
	t := attest.Trust{Now: now}
	for _, s := range p.Trust {
		t = s.add(t)
	}
	for _, r := range p.Roots {
		t.Roots = append(t.Roots, r.data)
	}
	for _, a := range p.Authorities {
		t.Authorities = append(t.Authorities, []byte(a))
	}
	for _, r := range p.Revoked {
		t.Revoked = append(t.Revoked, attest.Revocation(r))
	}
	return t
}

func (s TrustedSigner) add(t attest.Trust) attest.Trust {
	limits := required(s.Require)
	limits.Statements, limits.Subjects, limits.NotBefore, limits.NotAfter = s.Statements, s.Subjects, s.NotBefore, s.NotAfter
	producer := slices.Contains(s.Roles, RoleProducer)
	if s.PublicKey == "" {
		t.Identities = append(t.Identities, attest.TrustedIdentity{
			Name: s.Name, Issuer: s.Issuer, IssuerPattern: s.IssuerPattern, Identity: s.Identity, IdentityPattern: s.IdentityPattern,
			Roles: s.Roles, Producer: producer, Limits: limits,
		})
		return t
	}
	t.Keys = append(t.Keys, attest.TrustedKey{
		Name: s.Name, PEM: []byte(s.PublicKey), Roles: s.Roles, Producer: producer, NotBefore: s.NotBefore, NotAfter: s.NotAfter, Limits: limits,
	})
	return t
}

// TrustOnly replaces whom the policy trusts by one signer, and asks for no
// age: for looking at an artifact without a policy for it. It is not for judging.
func (g *Gate) TrustOnly(s TrustedSigner) error {
	p := *g.Policy
	p.Trust = []TrustedSigner{s}
	stage, err := p.Stage(g.Stage)
	if err != nil {
		return err
	}
	stage.MaxEvidenceAge, stage.DevelopmentKeys = 0, false
	p.Stages = map[string]Stage{g.Stage: stage}
	g.Policy, g.Local = &p, nil
	t, err := g.trust()
	if err != nil {
		return err
	}
	return t.Check()
}

func required(names []string) attest.Limits {
	return attest.Limits{Timestamp: slices.Contains(names, requireTimestamp), Log: slices.Contains(names, requireLog)}
}

// readRoots reads the trusted roots that stand beside the policy.
func (p *Policy) readRoots() error {
	for i := range p.Roots {
		r := &p.Roots[i]
		name := r.File
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(p.Origin), name)
		}
		b, err := readSmall(name)
		if err != nil {
			return fmt.Errorf("trustedRoots[%d].file: %w", i, err)
		}
		sum := sha256.Sum256(b)
		if got := "sha256:" + hex.EncodeToString(sum[:]); got != r.Digest {
			return fmt.Errorf("trustedRoots[%d].digest: %s has %s, expected %s; check the file, then put its digest there", i, r.File, got, r.Digest)
		}
		r.data = b
	}
	return nil
}
