// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/in-toto/in-toto-golang/in_toto"
	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	rekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/testing/ca"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/modelvet/modelvet"
)

const (
	workflow = "https://github.com/acme/credit/.github/workflows/gate.yml@refs/heads/main"
	issuer   = "https://token.actions.githubusercontent.com"
)

// private is a whole Sigstore in memory, and its trusted_root.json.
type private struct {
	*ca.VirtualSigstore
	root []byte
}

func newSigstore(t testing.TB, withLog bool) private {
	t.Helper()
	vs, err := ca.NewVirtualSigstore()
	if err != nil {
		t.Fatal(err)
	}
	logs := map[string]*root.TransparencyLog{}
	if withLog {
		logs = vs.RekorLogs()
		for id, l := range logs {
			if l.ID, err = hex.DecodeString(id); err != nil {
				t.Fatal(err)
			}
		}
	}
	tr, err := root.NewTrustedRoot(root.TrustedRootMediaType01, vs.FulcioCertificateAuthorities(), nil, vs.TimestampingAuthorities(), logs)
	if err != nil {
		t.Fatal(err)
	}
	data, err := tr.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return private{vs, data}
}

// keyless signs as an identity; stamped and logged say what evidence of time goes along.
func (p private) keyless(t testing.TB, identity string, stamped, logged bool) []byte {
	t.Helper()
	cert, key, err := p.GenerateLeafCert(identity, issuer)
	if err != nil {
		t.Fatal(err)
	}
	predicate, err := encodePredicate(modelvet.PredicateScan, map[string]any{"a": 1}, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	payload, err := json.Marshal(newStatement("credit", subject.Digest[len("sha256:"):], modelvet.PredicateScan, predicate))
	if err != nil {
		t.Fatal(err)
	}
	sig, err := signWith(key.(crypto.Signer), crypto.SHA256, dsse.PAE(in_toto.PayloadType, payload))
	if err != nil {
		t.Fatal(err)
	}
	material := map[string]any{"certificate": map[string]any{"rawBytes": cert.Raw}}
	if stamped {
		material["timestampVerificationData"] = p.stamps(t, sig)
	}
	if logged {
		material["tlogEntries"] = []json.RawMessage{p.entry(t, cert, payload, sig)}
	}
	bundle, err := json.Marshal(map[string]any{"mediaType": BundleMediaType, "verificationMaterial": material,
		"dsseEnvelope": envelope{Payload: payload, PayloadType: in_toto.PayloadType, Signatures: []signature{{Sig: sig}}}})
	if err != nil {
		t.Fatal(err)
	}
	return bundle
}

func (p private) stamps(t testing.TB, sig []byte) timestamps {
	t.Helper()
	stamp, err := p.TimestampResponse(sig)
	if err != nil {
		t.Fatal(err)
	}
	return timestamps{RFC3161: []timestamp{{Signed: stamp}}}
}

func (p private) entry(t testing.TB, cert *x509.Certificate, payload, sig []byte) json.RawMessage {
	t.Helper()
	e := &dsse.Envelope{PayloadType: in_toto.PayloadType, Payload: base64.StdEncoding.EncodeToString(payload),
		Signatures: []dsse.Signature{{Sig: base64.StdEncoding.EncodeToString(sig)}}}
	entry, err := p.GenerateTlogEntry(cert, e, sig, time.Now().Unix(), true)
	if err != nil {
		t.Fatal(err)
	}
	proto := entry.TransparencyLogEntry()
	proto.KindVersion = &rekor.KindVersion{Kind: "dsse", Version: "0.0.1"} // which the helper leaves out
	data, err := protojson.Marshal(proto)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func (p private) trusting(identities ...TrustedIdentity) Trust {
	return Trust{Roots: [][]byte{p.root}, Identities: identities, Now: time.Now().Add(10 * time.Minute)}
}

func TestKeylessSignatures(t *testing.T) {
	logged, unlogged, other := newSigstore(t, true), newSigstore(t, false), newSigstore(t, true)
	exact := TrustedIdentity{Name: "CI", Issuer: issuer, Identity: workflow, Producer: true}
	pattern := TrustedIdentity{Name: "CI", IssuerPattern: `https://token\.actions\.githubusercontent\.com`, IdentityPattern: `https://github\.com/acme/[a-z]+/\.github/workflows/gate\.yml@refs/heads/main`, Producer: true}
	loose := pattern
	loose.IdentityPattern = `https://github\.com/acme/`
	officer := exact
	officer.Producer = false
	both := logged.trusting(exact)
	both.Roots = [][]byte{other.root, logged.root}
	elsewhere := exact
	elsewhere.Issuer = "https://accounts.example"

	whole := logged.keyless(t, workflow, true, true)
	for name, c := range map[string]struct {
		bundle []byte
		trust  Trust
		status modelvet.Status
		reason string
	}{
		"with log and time stamp":    {whole, logged.trusting(exact), modelvet.Verified, ""},
		"a log that dates nothing":   {logged.keyless(t, workflow, false, true), logged.trusting(exact), modelvet.Invalid, "timestamps"}, // as Rekor v2
		"by a pattern":               {whole, logged.trusting(pattern), modelvet.Verified, ""},
		"one of two roots":           {whole, both, modelvet.Verified, ""},
		"a Sigstore without log":     {unlogged.keyless(t, workflow, true, false), unlogged.trusting(exact), modelvet.Verified, ""},
		"no log where one is due":    {logged.keyless(t, workflow, true, false), logged.trusting(exact), modelvet.Invalid, "log"},
		"no proof of time":           {unlogged.keyless(t, workflow, false, false), unlogged.trusting(exact), modelvet.Invalid, "timestamp"},
		"another Sigstore":           {whole, other.trusting(exact), modelvet.Invalid, "certificate"},
		"no root":                    {whole, Trust{Identities: []TrustedIdentity{exact}}, modelvet.Unverified, "trusted root"},
		"a broken root":              {whole, Trust{Roots: [][]byte{[]byte("{}")}, Identities: []TrustedIdentity{exact}}, modelvet.Unverified, "roots[0]"},
		"nobody trusted":             {whole, logged.trusting(), modelvet.Unverified, "signed by " + workflow},
		"another identity":           {logged.keyless(t, workflow+"x", true, true), logged.trusting(exact, pattern), modelvet.Unverified, "does not trust"},
		"a pattern has to match all": {whole, logged.trusting(loose), modelvet.Unverified, "does not trust"},
		"another issuer":             {whole, logged.trusting(elsewhere), modelvet.Unverified, "does not trust"},
		"no producer":                {whole, logged.trusting(officer), modelvet.Unverified, "produce evidence"},
		"an empty entry":             {whole, logged.trusting(TrustedIdentity{Producer: true}), modelvet.Unverified, "does not trust"},
		"another payload":            {bytes.Replace(whole, []byte(`"sig":"ME`), []byte(`"sig":"MF`), 1), logged.trusting(exact), modelvet.Invalid, ""},
	} {
		t.Run(name, func(t *testing.T) {
			wantStatus(t, Verify(context.Background(), c.bundle, c.trust, subject), c.status, c.reason)
		})
	}
	e := Verify(context.Background(), whole, logged.trusting(exact), subject)
	if e.Signer.Identity != workflow || e.Signer.Issuer != issuer || e.Signer.Name != "CI" || time.Since(e.SignedAt).Abs() > 5*time.Minute {
		t.Errorf("%+v at %v", e.Signer, e.SignedAt)
	}
	if err := logged.trusting(exact, pattern).Check(); err != nil {
		t.Error(err)
	}
}

func TestATimeStampOverridesWhatTheSignerSays(t *testing.T) {
	ctx, s, p := context.Background(), fixed(t), newSigstore(t, false)
	plain := sign(t, s, modelvet.PredicateScan, map[string]any{}) // states noon of some day
	o, err := openBundle(plain)
	if err != nil {
		t.Fatal(err)
	}
	withStamp := func(over []byte) []byte {
		b, err := encodeBundle(s.id, o.payload, o.signature, p.stamps(t, over).RFC3161)
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	stamped := withStamp(o.signature)
	now := time.Now()
	trust := func(change func(*Trust)) Trust {
		tr := Trust{Keys: []TrustedKey{s.Trusted("ci")}, Roots: [][]byte{p.root}, Now: now.Add(time.Hour)}
		if noon.After(tr.Now) {
			tr.Now = noon.Add(time.Hour)
		}
		change(&tr)
		return tr
	}

	e := Verify(ctx, stamped, trust(func(*Trust) {}), subject)
	wantStatus(t, e, modelvet.Verified, "")
	if e.SignedAt.Sub(now).Abs() > time.Minute {
		t.Errorf("signed at %v", e.SignedAt)
	}
	e = Verify(ctx, stamped, trust(func(tr *Trust) { tr.Roots = nil }), subject)
	wantStatus(t, e, modelvet.Verified, "")
	if !e.SignedAt.Equal(noon) {
		t.Errorf("without a known authority, signed at %v", e.SignedAt)
	}
	wantStatus(t, Verify(ctx, withStamp([]byte("another signature")), trust(func(*Trust) {}), subject), modelvet.Invalid, "time stamp")
	wantStatus(t, Verify(ctx, stamped, trust(func(tr *Trust) { tr.Roots = [][]byte{newSigstore(t, false).root} }), subject), modelvet.Invalid, "time stamp")

	// The key has expired; the time stamp proves that the signature is older.
	expired := func(tr *Trust) { tr.Keys[0].NotAfter = now.Add(time.Minute) }
	wantStatus(t, Verify(ctx, stamped, trust(expired), subject), modelvet.Verified, "")
	wantStatus(t, Verify(ctx, plain, trust(expired), subject), modelvet.Unverified, "no trusted time stamp")
}

func TestAnAuthorityDatesABundle(t *testing.T) {
	ctx, s, p := context.Background(), fixed(t), newSigstore(t, false)
	plain := sign(t, s, modelvet.PredicateScan, map[string]any{})
	o, err := openBundle(plain)
	if err != nil {
		t.Fatal(err)
	}
	answer := p.stamps(t, o.signature).RFC3161[0].Signed
	authority := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/timestamp" {
			http.Error(w, "no", http.StatusTeapot)
			return
		}
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write(answer)
	}))
	defer authority.Close()

	stamped, err := Stamp(ctx, plain, authority.URL+"/timestamp")
	if err != nil {
		t.Fatal(err)
	}
	e := Verify(ctx, stamped, Trust{Keys: []TrustedKey{s.Trusted("ci")}, Roots: [][]byte{p.root}}, subject)
	wantStatus(t, e, modelvet.Verified, "")
	if time.Since(e.SignedAt).Abs() > 5*time.Minute {
		t.Errorf("signed at %v", e.SignedAt)
	}
	for name, bad := range map[string]struct {
		bundle []byte
		url    string
	}{"stamped already": {stamped, authority.URL + "/timestamp"}, "refused": {plain, authority.URL}, "nobody there": {plain, "http://127.0.0.1:1"}, "no bundle": {nil, authority.URL}} {
		if _, err := Stamp(ctx, bad.bundle, bad.url); err == nil || !strings.Contains(err.Error(), "time-stamping") {
			t.Errorf("%s: %v", name, err)
		}
	}
}
