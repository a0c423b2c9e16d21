// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/modelvet/modelvet"
)

var (
	noon    = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	subject = modelvet.Subject{Name: "credit", Digest: sha("artifact"), Files: []modelvet.File{
		{Path: "model.json", Digest: sha("weights"), Size: 7, Kind: "weight"},
		{Path: "README.md", Digest: sha("card"), Size: 4, Kind: "doc"},
		{Path: "sub/a.txt", Digest: sha("a"), Size: 1, Kind: "doc"},
	}}
)

func sha(text string) string { return Digest([]byte(text)) }

// fixed is always the same key, so that signatures can be compared. It protects nothing.
func fixed(t testing.TB) *Signer {
	t.Helper()
	scalar := sha256.Sum256([]byte("a key for tests"))
	key, err := ecdsa.ParseRawPrivateKey(elliptic.P256(), scalar[:])
	if err != nil {
		t.Fatal(err)
	}
	s, err := newSigner(key)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func fresh(t testing.TB) *Signer {
	t.Helper()
	private, _, err := newKey(nil, false)
	if err != nil {
		t.Fatal(err)
	}
	s, err := signerFromPEM(private, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func trusting(signers ...*Signer) Trust {
	t := Trust{Now: noon.Add(time.Hour)}
	for i, s := range signers {
		t.Keys = append(t.Keys, s.Trusted(fmt.Sprintf("ci%d", i)))
	}
	return t
}

// sign states a predicate about the subject.
func sign(t testing.TB, s *Signer, predicateType string, predicate any) []byte {
	t.Helper()
	b, err := Sign(context.Background(), s, subject, predicateType, predicate, noon)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// payloadBundle signs any payload at all, as a hostile holder of a trusted key could.
func payloadBundle(t testing.TB, s *Signer, payload string) []byte {
	t.Helper()
	sig, err := s.signPayload(context.Background(), []byte(payload))
	if err != nil {
		t.Fatal(err)
	}
	b, err := encodeBundle(s.id, []byte(payload), sig, nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func wantStatus(t *testing.T, e modelvet.Evidence, status modelvet.Status, reason string) {
	t.Helper()
	if e.Status != status || !strings.Contains(e.Reason, reason) {
		t.Errorf("got %s (%s), want %s (... %s ...)", e.Status, e.Reason, status, reason)
	}
	if (e.Status == modelvet.Verified) != (e.Predicate != nil) || (e.Status == modelvet.Verified) != (e.Reason == "") {
		t.Errorf("%s evidence with predicate %.60s and reason %q", e.Status, e.Predicate, e.Reason)
	}
}
