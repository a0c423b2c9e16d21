// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"crypto"
	"errors"
	"fmt"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	sigs "github.com/sigstore/sigstore/pkg/signature"
)

// witnesses finds out who else saw a signature that was made with a key or a
// private authority's certificate: time-stamp authorities and logs of the
// trusted roots. What is there and does not hold is an error; what nobody
// could know is ignored, as it helps nobody.
func (p *proof) witnesses(o *opened, trust Trust, public crypto.PublicKey) error {
	stamped, err := stampedAt(o, trust)
	if err != nil {
		return fmt.Errorf("time stamp: %w", err)
	}
	if p.stamped = stamped; !stamped.IsZero() {
		p.dated = true
	}
	if len(o.entity.GetVerificationMaterial().GetTlogEntries()) == 0 || len(trust.logs()) == 0 {
		return nil
	}
	if err := inLog(o, trust, public); err != nil {
		return fmt.Errorf("transparency log: %w", err)
	}
	p.logged = true
	return nil
}

func (t Trust) logs() map[string]*root.TransparencyLog {
	material, err := t.material()
	if err != nil {
		return nil
	}
	return root.TrustedMaterialCollection(material).RekorLogs()
}

// inLog verifies that a trusted log holds exactly this signature by this key.
func inLog(o *opened, trust Trust, public crypto.PublicKey) error {
	material, err := trust.material()
	if err != nil {
		return err
	}
	hash, err := hashFor(public)
	if err != nil {
		return err
	}
	if hash == 0 {
		return errors.New("logs do not hold Ed25519 signatures over statements: use a P-256 key")
	}
	verifier, err := sigs.LoadVerifier(public, hash)
	if err != nil {
		return err
	}
	// The key's window is checked by the policy, not here.
	key := root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) {
		return root.NewExpiringKey(verifier, time.Time{}, time.Time{}), nil
	})
	_, err = verify.VerifyTlogEntry(o.entity, append(root.TrustedMaterialCollection{key}, material...), 1, false)
	return err
}
