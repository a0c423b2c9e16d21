// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"github.com/modelvet/modelvet"
)

func TestASignerMaySignWhatThePolicySays(t *testing.T) {
	ctx, s := context.Background(), fixed(t)
	scan := sign(t, s, modelvet.PredicateScan, map[string]any{"scanner": "fairness"})
	system := sign(t, s, modelvet.PredicateSystem, map[string]any{})
	foreign := sign(t, s, "https://x.example/v1", map[string]any{})
	limited := func(l Limits) Trust {
		tr := trusting(s)
		tr.Keys[0].Limits = l
		return tr
	}
	for name, c := range map[string]struct {
		bundle []byte
		limits Limits
		reason string // empty: verified
	}{
		"any":                        {scan, Limits{}, ""},
		"a kind":                     {system, Limits{Statements: []string{"system"}}, ""},
		"all scans":                  {scan, Limits{Statements: []string{"scan"}}, ""},
		"this scan":                  {scan, Limits{Statements: []string{"scan/fairness"}}, ""},
		"another scan":               {scan, Limits{Statements: []string{"scan/fair", "scan/privacy"}}, "may not sign scan/fairness"},
		"another kind":               {system, Limits{Statements: []string{"scan", "bom"}}, "may not sign system, only scan, bom"},
		"a type":                     {foreign, Limits{Statements: []string{"https://x.example/v1"}}, ""},
		"the beginning of a type":    {foreign, Limits{Statements: []string{"https://x.example"}}, "may not sign"},
		"another type":               {foreign, Limits{Statements: []string{"https://x.example/v10"}}, "may not sign"},
		"no such kind":               {scan, Limits{Statements: []string{"scans"}}, "is none of"},
		"this artifact":              {scan, Limits{Subjects: []string{"cre.*"}}, ""},
		"another artifact":           {scan, Limits{Subjects: []string{"fraud", "redit", "cred"}}, "may not sign for credit"},
		"a pattern that is none":     {scan, Limits{Subjects: []string{"("}}, "subjects"},
		"a time stamp is required":   {scan, Limits{Timestamp: true}, "no trusted time-stamp authority dated it"},
		"a log entry is required":    {scan, Limits{Log: true}, "in no trusted transparency log"},
		"a window turned around":     {scan, Limits{NotBefore: noon, NotAfter: noon}, "notBefore"},
		"kinds do not match by case": {system, Limits{Statements: []string{"System"}}, "is none of"},
	} {
		t.Run(name, func(t *testing.T) {
			e := Verify(ctx, c.bundle, limited(c.limits), subject)
			if (e.Status == modelvet.Verified) != (c.reason == "") || !strings.Contains(e.Reason, c.reason) {
				t.Errorf("%s: %s", e.Status, e.Reason)
			}
			if bad := limited(c.limits).Check(); strings.Contains(c.reason, "none of") && bad == nil {
				t.Error("the policy was not refused")
			}
		})
	}
	everyone := trusting(s)
	everyone.Require = Limits{Timestamp: true}
	wantStatus(t, Verify(ctx, scan, everyone, subject), modelvet.Unverified, "policy requires that")
}

func TestRevocation(t *testing.T) {
	ctx, s, other := context.Background(), fixed(t), fresh(t)
	bundle := sign(t, s, modelvet.PredicateScan, map[string]any{"a": 1})
	next := sign(t, s, modelvet.PredicateScan, map[string]any{"a": 2})
	revoking := func(r ...Revocation) Trust {
		tr := trusting(s, other)
		tr.Revoked = r
		return tr
	}
	statement := Verify(ctx, bundle, trusting(s), subject).Statement
	wantStatus(t, Verify(ctx, bundle, revoking(Revocation{Key: s.KeyID(), Reason: "stolen"}), subject), modelvet.Invalid, "revokes the key "+s.KeyID()+": stolen")
	wantStatus(t, Verify(ctx, bundle, revoking(Revocation{Key: strings.ToUpper(s.KeyID())}), subject), modelvet.Invalid, "revokes the key")
	wantStatus(t, Verify(ctx, bundle, revoking(Revocation{Key: other.KeyID()}), subject), modelvet.Verified, "")
	wantStatus(t, Verify(ctx, bundle, revoking(Revocation{Statement: statement}), subject), modelvet.Invalid, "revokes this statement")
	wantStatus(t, Verify(ctx, next, revoking(Revocation{Statement: statement}), subject), modelvet.Verified, "")
	wantStatus(t, Verify(ctx, bundle, revoking(Revocation{Key: s.KeyID(), Since: noon.AddDate(1, 0, 0)}), subject), modelvet.Invalid, "revokes") // its own word for its time counts for nothing

	// The same statement in other bytes is the same statement.
	for what, other := range map[string][]byte{
		"spaces":    bytes.Replace(bundle, []byte(`"dsseEnvelope":`), []byte(`"dsseEnvelope" : `), 1),
		"no hint":   bytes.Replace(bundle, []byte(s.KeyID()), nil, 1),
		"a keyid":   bytes.Replace(bundle, []byte(`{"sig":`), []byte(`{"keyid":"x","sig":`), 1),
		"unchanged": bundle,
	} {
		wantStatus(t, Verify(ctx, other, revoking(), subject), modelvet.Verified, "")
		if e := Verify(ctx, other, revoking(Revocation{Statement: statement}), subject); e.Status != modelvet.Invalid {
			t.Errorf("%s: %s", what, e.Status)
		}
	}
	for _, bad := range []Revocation{{}, {Key: "x"}, {Key: s.KeyID(), Statement: statement}} {
		if err := revoking(bad).Check(); err == nil || !strings.Contains(err.Error(), "revoked[0]") {
			t.Errorf("%+v: %v", bad, err)
		}
	}
}

func TestWhatATrustedAuthorityDatedBeforeARevocationCountsStill(t *testing.T) {
	ctx, p := context.Background(), newSigstore(t, true)
	id := TrustedIdentity{Name: "CI", Issuer: issuer, Identity: workflow, Producer: true, Limits: Limits{Timestamp: true, Log: true}}
	bundle := p.keyless(t, workflow, true, true)
	o, err := openBundle(bundle)
	if err != nil {
		t.Fatal(err)
	}
	cert := fingerprint(o.entity.GetVerificationMaterial().GetCertificate().GetRawBytes())
	trust := func(since time.Time) Trust {
		tr := p.trusting(id)
		tr.Revoked = []Revocation{{Certificate: cert, Since: since}}
		return tr
	}
	wantStatus(t, Verify(ctx, bundle, p.trusting(id), subject), modelvet.Verified, "")
	wantStatus(t, Verify(ctx, bundle, trust(time.Time{}), subject), modelvet.Invalid, "revokes the certificate")
	wantStatus(t, Verify(ctx, bundle, trust(time.Now().Add(-time.Hour)), subject), modelvet.Invalid, "revokes the certificate")
	wantStatus(t, Verify(ctx, bundle, trust(time.Now().Add(time.Hour)), subject), modelvet.Verified, "")

	gone := id
	gone.Limits.NotAfter = time.Now().Add(-time.Hour)
	wantStatus(t, Verify(ctx, bundle, p.trusting(gone), subject), modelvet.Unverified, "trusted until")
	gone.Limits.NotAfter = time.Now().Add(5 * time.Minute) // over by the time of the verifier, not by that of the signature
	wantStatus(t, Verify(ctx, bundle, p.trusting(gone), subject), modelvet.Verified, "")
}
