// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
)

// Each of these is somebody with a valid signature, or a part of one, who
// wants more believed than was signed.

func TestAttackStatementForAnotherSubject(t *testing.T) {
	ctx, s := context.Background(), fixed(t)
	bundle := sign(t, s, modelvet.PredicateScan, map[string]any{})
	other := modelvet.Subject{Name: subject.Name, Digest: sha("other"), Files: subject.Files}
	wantStatus(t, Verify(ctx, bundle, trusting(s), other), modelvet.Invalid, "not about this artifact")
}

func TestAttackSwappedPayload(t *testing.T) {
	ctx, s := context.Background(), fixed(t)
	good, evil := sign(t, s, modelvet.PredicateScan, map[string]any{"findings": 9}), mustPayload(t, sign(t, fresh(t), modelvet.PredicateScan, map[string]any{"findings": 0}))
	old := base64.StdEncoding.EncodeToString(mustPayload(t, good))
	swapped := bytes.Replace(good, []byte(old), []byte(base64.StdEncoding.EncodeToString(evil)), 1)
	if bytes.Equal(swapped, good) {
		t.Fatal("nothing was swapped")
	}
	wantStatus(t, Verify(ctx, swapped, trusting(s), subject), modelvet.Invalid, "signature")
}

// A statement may be of one type as signed, and of another on the outside.
func TestAttackPayloadTypes(t *testing.T) {
	ctx, s := context.Background(), fixed(t)
	bundle := sign(t, s, modelvet.PredicateScan, map[string]any{})
	for _, kind := range []string{"application/json", "application/vnd.in-toto+JSON", "application/vnd.in-toto+json ", "", "application/vnd.in-toto.scan+json"} {
		changed := bytes.Replace(bundle, []byte(payloadType), []byte(kind), 1)
		if e := Verify(ctx, changed, trusting(s), subject); e.Status == modelvet.Verified {
			t.Errorf("%q: verified", kind)
		}
	}
}

// The key decides the algorithm; nothing in a bundle can.
func TestAttackAlgorithms(t *testing.T) {
	ctx := context.Background()
	_, edwards, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	modulus, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	large, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var signers []*Signer
	for _, key := range []any{edwards, modulus, large} {
		s, err := newSigner(key)
		if err != nil {
			t.Fatal(err)
		}
		signers = append(signers, s)
	}
	signers = append(signers, fixed(t))
	for i, a := range signers {
		bundle := sign(t, a, modelvet.PredicateScan, map[string]any{})
		wantStatus(t, Verify(ctx, bundle, trusting(signers...), subject), modelvet.Verified, "")
		for j, b := range signers {
			if i == j {
				continue
			}
			hinted := bytes.Replace(bundle, []byte(a.KeyID()), []byte(b.KeyID()), 1)
			wantStatus(t, Verify(ctx, hinted, trusting(signers...), subject), modelvet.Invalid, "not by this key")
		}
	}
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err == nil { // Go itself refuses it by default
		if _, err := newSigner(weak); err == nil {
			t.Error("1024 bits were accepted")
		}
	}
}

func TestAttackTwoOfEverything(t *testing.T) {
	ctx, s := context.Background(), fixed(t)
	statement := func(subjects string) string {
		return fmt.Sprintf(`{"_type":"https://in-toto.io/Statement/v1","subject":[%s],"predicateType":%q,"predicate":{"statedAt":"2026-11-24T12:00:00Z"}}`, subjects, modelvet.PredicateScan)
	}
	mine := fmt.Sprintf(`{"name":"a","digest":{"sha256":%q}}`, subject.Digest[7:])
	other := fmt.Sprintf(`{"name":"b","digest":{"sha256":%q}}`, sha("b")[7:])
	for name, c := range map[string]struct{ payload, reason string }{
		"two subjects":             {statement(mine + "," + other), "exactly one artifact"},
		"two subjects, mine later": {statement(other + "," + mine), "exactly one artifact"},
		"two digests of one kind":  {statement(fmt.Sprintf(`{"digest":{"sha256":%q,"sha256":%q}}`, sha("b")[7:], subject.Digest[7:])), "duplicate key"},
		"two predicates":           {strings.Replace(statement(mine), `"predicate":`, `"predicate":{},"predicate":`, 1), "duplicate key"},
		"two types by case":        {strings.Replace(statement(mine), `"predicateType":`, `"PredicateType":"x","predicateType":`, 1), "PredicateType"},
		"two by escapes":           {strings.Replace(statement(mine), `"predicate":`, `"predic\u0061te":{},"predicate":`, 1), "duplicate key"},
		"two statements":           {statement(mine) + statement(mine), "follows"},
	} {
		t.Run(name, func(t *testing.T) {
			wantStatus(t, Verify(ctx, payloadBundle(t, s, c.payload), trusting(s), subject), modelvet.Invalid, c.reason)
		})
	}
	// A foreign statement may be about many artifacts; it counts for each of them, and for no other.
	many := strings.Replace(statement(mine+","+other), modelvet.PredicateScan, "https://x.example/v1", 1)
	wantStatus(t, Verify(ctx, payloadBundle(t, s, many), trusting(s), subject), modelvet.Verified, "")
	wantStatus(t, Verify(ctx, payloadBundle(t, s, many), trusting(s), modelvet.Subject{Digest: sha("c")}), modelvet.Invalid, "not about this artifact")
}

// A bundle that carries a key and a certificate must not be checked with one and credited to the other.
func TestAttackTwoKindsOfMaterial(t *testing.T) {
	ctx, s := context.Background(), fixed(t)
	bundle := sign(t, s, modelvet.PredicateScan, map[string]any{})
	hint := fmt.Sprintf(`"publicKey":{"hint":%q}`, s.KeyID())
	for name, material := range map[string]string{
		"a certificate too":       hint + `,"certificate":{"rawBytes":"MAA="}`,
		"a chain too":             hint + `,"x509CertificateChain":{"certificates":[{"rawBytes":"MAA="}]}`,
		"two keys":                hint + `,"publicKey":{"hint":"x"}`,
		"a chain of nothing":      `"x509CertificateChain":{"certificates":[]}`,
		"no material":             ``,
		"a chain without an end":  `"x509CertificateChain":{"certificates":[` + strings.TrimSuffix(strings.Repeat(`{"rawBytes":"MAA="},`, 1000), ",") + `]}`,
		"log entries of a nobody": hint + `,"tlogEntries":[{}]`,
	} {
		t.Run(name, func(t *testing.T) {
			changed := bytes.Replace(bundle, []byte(hint), []byte(material), 1)
			if e := Verify(ctx, changed, trusting(s), subject); e.Status == modelvet.Verified {
				t.Errorf("verified: %.200s", changed)
			}
		})
	}
}

func TestAttackAFailedVerdictBytheRightKey(t *testing.T) {
	s := fixed(t)
	v, err := VSA(decision(modelvet.Denied), resourceURI, "")
	if err != nil {
		t.Fatal(err)
	}
	e := Verify(context.Background(), sign(t, s, modelvet.PredicateVSA, v), trusting(s), subject)
	wantStatus(t, e, modelvet.Verified, "") // it is genuine
	read, err := ReadVSA(e)
	if err != nil {
		t.Fatal(err)
	}
	if err := read.Vouches(VerifierID, resourceURI, []string{GateLevel("production")}, noon); err == nil || !strings.Contains(err.Error(), "not PASSED") {
		t.Errorf("a denial vouches: %v", err)
	}
}

// A huge bundle costs its size, and no more.
func TestAttackHugeBundles(t *testing.T) {
	ctx, s := context.Background(), fixed(t)
	payload := strings.Repeat("[", 1<<20)
	wantStatus(t, Verify(ctx, payloadBundle(t, s, payload), trusting(s), subject), modelvet.Invalid, "nested deeper")
	entries := `"tlogEntries":[` + strings.TrimSuffix(strings.Repeat(`{},`, 5000), ",") + `],`
	crowd := bytes.Replace(sign(t, s, modelvet.PredicateScan, map[string]any{}), []byte(`"publicKey"`), []byte(entries+`"publicKey"`), 1)
	if e := Verify(ctx, crowd, trusting(s), subject); e.Status == modelvet.Verified {
		t.Error("5000 log entries were believed")
	}
	if !json.Valid(crowd) {
		t.Fatal("the attack is no JSON")
	}
}
