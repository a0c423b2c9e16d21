// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/modelvet/modelvet"
)

func TestWhatIsSignedComesOutAsItWentIn(t *testing.T) {
	s := fixed(t)
	scan := modelvet.Scan{Scanner: "modelfile", Version: "1", Findings: []modelvet.Finding{{ID: "a<b>&", Severity: "info"}}}
	bundle := sign(t, s, modelvet.PredicateScan, scan)

	e := Verify(context.Background(), bundle, trusting(s), subject)
	wantStatus(t, e, modelvet.Verified, "")
	var got modelvet.Scan
	if err := json.Unmarshal(e.Predicate, &got); err != nil || got.Scanner != "modelfile" || got.Findings[0].ID != "a<b>&" {
		t.Errorf("predicate %s (%v)", e.Predicate, err)
	}
	if bytes.Contains(e.Predicate, []byte(stated)) || !bytes.Contains(mustPayload(t, bundle), []byte(`"statedAt":"2026-11-24T12:00:00Z"`)) {
		t.Error("the time of signing has to be in the statement and not in the predicate")
	}
	if !e.SignedAt.Equal(noon) || e.Subject.Digest != subject.Digest || e.Digest != Digest(bundle) || e.Signer.Name != "ci0" || e.Signer.KeyID != s.KeyID() {
		t.Errorf("evidence %+v", e)
	}
}

func mustPayload(t testing.TB, bundle []byte) []byte {
	t.Helper()
	o, err := openBundle(bundle)
	if err != nil {
		t.Fatal(err)
	}
	return o.payload
}

func TestSigningTwiceGivesTheSameBytes(t *testing.T) {
	s := fixed(t)
	one, two := sign(t, s, modelvet.PredicateScan, map[string]any{"b": 1, "a": 2}), sign(t, s, modelvet.PredicateScan, map[string]any{"a": 2, "b": 1})
	if !bytes.Equal(one, two) {
		t.Errorf("two bundles:\n%s\n%s", one, two)
	}
	const golden = `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{"hint":"`
	if !bytes.HasPrefix(one, []byte(golden+s.KeyID())) {
		t.Errorf("bundle %s", one)
	}
}

func TestOnlyTrustedSignersAreBelieved(t *testing.T) {
	ctx, s, other := context.Background(), fixed(t), fresh(t)
	bundle := sign(t, s, modelvet.PredicateScan, map[string]any{})
	approval := sign(t, s, modelvet.PredicateApproval, map[string]any{"role": "officer"})
	officer := Trust{Now: noon, Keys: []TrustedKey{{Name: "Ada", PEM: s.PublicPEM(), Roles: []string{"officer"}}}}
	window := func(from, to, now time.Time) Trust {
		tr := trusting(s)
		tr.Keys[0].NotBefore, tr.Keys[0].NotAfter, tr.Now = from, to, now
		return tr
	}
	twice := trusting(s, s)

	for name, c := range map[string]struct {
		bundle []byte
		trust  Trust
		status modelvet.Status
		reason string
	}{
		"trusted":                      {bundle, trusting(other, s), modelvet.Verified, ""},
		"nobody trusted":               {bundle, Trust{}, modelvet.Unverified, "which the policy does not trust: add it to trust"},
		"another key trusted":          {bundle, trusting(other), modelvet.Unverified, s.KeyID()},
		"a broken entry":               {bundle, Trust{Keys: []TrustedKey{{PEM: []byte("x"), Producer: true}}}, modelvet.Unverified, "does not trust"},
		"listed twice":                 {bundle, twice, modelvet.Unverified, "twice"},
		"an officer is no producer":    {bundle, officer, modelvet.Unverified, "produce evidence"},
		"an officer approves":          {approval, officer, modelvet.Verified, ""},
		"a producer without a role":    {approval, trusting(s), modelvet.Unverified, "gives no role"},
		"within the key's time":        {bundle, window(noon.Add(-time.Hour), noon.Add(time.Hour), noon), modelvet.Verified, ""},
		"after the key's time":         {bundle, window(time.Time{}, noon.Add(time.Hour), noon.Add(2*time.Hour)), modelvet.Unverified, "trusted until 2026-11-24"},
		"stated before the key's time": {bundle, window(noon.Add(time.Minute), time.Time{}, noon.Add(2*time.Hour)), modelvet.Unverified, "trusted from 2026-11-24"},
		"not told the time":            {bundle, window(time.Time{}, noon.Add(time.Hour), time.Time{}), modelvet.Unverified, "not told the time"},
		"dated in the future":          {bundle, Trust{Keys: trusting(s).Keys, Now: noon.Add(-time.Hour)}, modelvet.Invalid, "future"},
	} {
		t.Run(name, func(t *testing.T) {
			wantStatus(t, Verify(ctx, c.bundle, c.trust, subject), c.status, c.reason)
		})
	}
}

func TestTrustSaysWhatIsWrongWithIt(t *testing.T) {
	s := fixed(t)
	bad := Trust{
		Keys: []TrustedKey{s.Trusted("a"), s.Trusted("b"), {Name: "c", PEM: []byte("no key")}, {Name: "d", PEM: fresh(t).PublicPEM(), NotBefore: noon, NotAfter: noon}},
		Identities: []TrustedIdentity{{Name: "e", Issuer: "https://i"}, {Name: "f", Issuer: "https://i", IdentityPattern: "("},
			{Name: "g", Identity: "x"}},
		Roots: [][]byte{[]byte("{}")},
	}
	err := bad.Check()
	for _, want := range []string{"keys[1] b: the same key as a", "keys[2] c: it is not PEM", "keys[3] d: notBefore", "identities[0] e: give identity", "identities[1] f: pattern", "identities[2] g: give issuer", "roots[0]"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v: expected %q", err, want)
		}
	}
	if err := trusting(s, fresh(t)).Check(); err != nil {
		t.Error(err)
	}
}

func TestAStatementForAnotherArtifactIsInvalid(t *testing.T) {
	ctx, s := context.Background(), fixed(t)
	bundle := sign(t, s, modelvet.PredicateScan, map[string]any{})
	other := modelvet.Subject{Name: "credit", Digest: sha("another")}
	wantStatus(t, Verify(ctx, bundle, trusting(s), other), modelvet.Invalid, "the statement is about "+subject.Digest)
	for _, digest := range []string{"", "sha256:", "sha256:xyz", "sha512:" + strings.Repeat("0", 64), strings.ToUpper(subject.Digest), subject.Digest + "\n"} {
		wantStatus(t, Verify(ctx, bundle, trusting(s), modelvet.Subject{Digest: digest}), modelvet.Invalid, "the artifact: digest")
	}
}

// Everything here is signed by a trusted key: the form alone has to be refused.
func TestAMalformedStatementIsInvalidWhoeverSignsIt(t *testing.T) {
	s := fixed(t)
	d := strings.TrimPrefix(subject.Digest, "sha256:")
	good := `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"m","digest":{"sha256":"` + d + `"}}],"predicateType":"https://x.example/v1","predicate":{"a":1}}`
	own := strings.NewReplacer("https://x.example/v1", modelvet.PredicateScan, `{"a":1}`, `{"a":1,"statedAt":"2026-11-24T12:00:00Z"}`).Replace(good)
	swap := func(in, old, new string) string {
		if !strings.Contains(in, old) {
			t.Fatalf("%s not in %s", old, in)
		}
		return strings.Replace(in, old, new, 1)
	}
	for name, c := range map[string]struct {
		payload string
		status  modelvet.Status
		reason  string
	}{
		"a foreign one":               {good, modelvet.Verified, ""},
		"a foreign one of v0.1":       {swap(good, "Statement/v1", "Statement/v0.1"), modelvet.Verified, ""},
		"a foreign one with more":     {swap(good, `"subject":[`, `"subject":[{"name":"n","digest":{"sha256":"00"}},`), modelvet.Verified, ""},
		"one of ours":                 {own, modelvet.Verified, ""},
		"ours of v0.1":                {swap(own, "Statement/v1", "Statement/v0.1"), modelvet.Invalid, "_type"},
		"ours with two subjects":      {swap(own, `"subject":[`, `"subject":[{"name":"n","digest":{"sha256":"00"}},`), modelvet.Invalid, "exactly one artifact"},
		"ours without a time":         {swap(own, "statedAt", "when"), modelvet.Invalid, "statedAt"},
		"ours with no time in it":     {swap(own, "2026-11-24T12:00:00Z", "yesterday"), modelvet.Invalid, "statedAt"},
		"ours with another spelling":  {swap(own, `"statedAt"`, `"StatedAt":"x","statedAt"`), modelvet.Invalid, "StatedAt"},
		"another _type":               {swap(good, "Statement/v1", "Link/v1"), modelvet.Invalid, "_type"},
		"no predicate type":           {swap(good, "https://x.example/v1", ""), modelvet.Invalid, "predicateType"},
		"predicate type of a number":  {swap(good, `"https://x.example/v1"`, "7"), modelvet.Invalid, "predicateType"},
		"no predicate":                {swap(good, `,"predicate":{"a":1}`, ""), modelvet.Invalid, "predicate: it is missing"},
		"a null predicate":            {swap(good, `{"a":1}`, "null"), modelvet.Invalid, "predicate"},
		"a predicate that is a list":  {swap(good, `{"a":1}`, "[1]"), modelvet.Invalid, "predicate"},
		"no subject":                  {swap(good, `[{"name":"m","digest":{"sha256":"`+d+`"}}]`, "[]"), modelvet.Invalid, "subject"},
		"a subject without a digest":  {swap(good, `{"sha256":"`+d+`"}`, "{}"), modelvet.Invalid, "digests"},
		"a digest that is a number":   {swap(good, `"`+d+`"`, "7"), modelvet.Invalid, "subject"},
		"the digest as sha512":        {swap(good, "sha256", "sha512"), modelvet.Invalid, "not about this artifact"},
		"duplicate predicate":         {swap(good, `"predicate":`, `"predicate":{},"predicate":`), modelvet.Invalid, `duplicate key "predicate"`},
		"duplicate deep inside":       {swap(good, `{"a":1}`, `{"a":[{"b":1,"b":2}]}`), modelvet.Invalid, `duplicate key "b"`},
		"an escaped duplicate":        {swap(good, `{"a":1}`, `{"a":1,"\u0061":2}`), modelvet.Invalid, `duplicate key "a"`},
		"the same key in capitals":    {swap(good, `"predicate":`, `"Predicate":{},"predicate":`), modelvet.Invalid, `key "Predicate"`},
		"subject with capital digest": {swap(good, `"name":"m"`, `"Digest":{}`), modelvet.Invalid, `key "Digest"`},
		"trailing data":               {good + "{}", modelvet.Invalid, "follows"},
		"cut short":                   {good[:len(good)-1], modelvet.Invalid, "cut short"},
		"not UTF-8":                   {swap(good, `"m"`, "\"\xff\""), modelvet.Invalid, "UTF-8"},
		"a bottomless nest":           {swap(good, `{"a":1}`, `{"a":`+strings.Repeat("[", 5000)+strings.Repeat("]", 5000)+`}`), modelvet.Invalid, "nested deeper"},
		"not JSON":                    {"hello", modelvet.Invalid, "statement"},
		"a string":                    {`"hello"`, modelvet.Invalid, "no JSON object"},
		"null":                        {`null`, modelvet.Invalid, "null"},
	} {
		t.Run(name, func(t *testing.T) {
			wantStatus(t, Verify(context.Background(), payloadBundle(t, s, c.payload), trusting(s), subject), c.status, c.reason)
		})
	}
}

func TestAMalformedBundleIsInvalid(t *testing.T) {
	s, other := fixed(t), fresh(t)
	bundle := string(sign(t, s, modelvet.PredicateScan, map[string]any{"a": 1}))
	foreign := string(sign(t, other, modelvet.PredicateScan, map[string]any{"a": 2}))
	sigs := bundle[strings.Index(bundle, `"signatures":`):]
	one := strings.TrimSuffix(strings.TrimPrefix(sigs, `"signatures":[`), `]}}`)
	otherOne := strings.TrimSuffix(foreign[strings.Index(foreign, `"signatures":[`)+len(`"signatures":[`):], `]}}`)
	for name, c := range map[string]struct{ bundle, reason string }{
		"empty":                {"", "empty"},
		"blank":                {" \n", "empty"},
		"null":                 {"null", "bundle"},
		"an empty object":      {"{}", "bundle"},
		"cut short":            {bundle[:len(bundle)/2], "cut short"},
		"trailing data":        {bundle + "1", "follows"},
		"duplicate envelope":   {strings.Replace(bundle, `"dsseEnvelope":`, `"dsseEnvelope":{},"dsseEnvelope":`, 1), "duplicate key"},
		"snake-case twin":      {strings.Replace(bundle, `"payloadType":`, `"payload_type":"x","payloadType":`, 1), "bundle"},
		"unknown field":        {strings.Replace(bundle, `"mediaType":`, `"more":1,"mediaType":`, 1), "bundle"},
		"two signatures":       {strings.Replace(bundle, one, one+","+otherOne, 1), "2 signatures"},
		"the same one twice":   {strings.Replace(bundle, one, one+","+one, 1), "2 signatures"},
		"no signatures":        {strings.Replace(bundle, one, "", 1), "0 signatures"},
		"an empty signature":   {strings.Replace(bundle, one, "{}", 1), "signature is empty"},
		"the other's":          {strings.Replace(bundle, one, otherOne, 1), "signature: the bundle names key " + s.KeyID()},
		"another payload type": {strings.Replace(bundle, "vnd.in-toto+json", "vnd.in-toto+text", 1), "payloadType"},
		"version 0.4":          {strings.Replace(bundle, "bundle.v0.3", "bundle.v0.4", 1), "0.4"},
		"a message signature":  {`{"mediaType":"` + BundleMediaType + `","verificationMaterial":{"publicKey":{"hint":"` + s.KeyID() + `"}},"messageSignature":{"messageDigest":{"algorithm":"SHA2_256","digest":"AAAA"},"signature":"AAAA"}}`, "signs a file"},
		"many values":          {`{"a":[` + strings.Repeat("0,", maxBundleValues) + `0]}`, "too many values"},
		"huge":                 {`{"a":"` + strings.Repeat("x", MaxBundle) + `"}`, "at most"},
	} {
		t.Run(name, func(t *testing.T) {
			wantStatus(t, Verify(context.Background(), []byte(c.bundle), trusting(s, other), subject), modelvet.Invalid, c.reason)
		})
	}
}

// The hint is not signed. Whatever it says, it never makes anything more trusted.
func TestAWrongHintNeverHelps(t *testing.T) {
	ctx, s, other := context.Background(), fixed(t), fresh(t)
	bundle := sign(t, s, modelvet.PredicateScan, map[string]any{})
	hinted := func(hint string) []byte { return bytes.Replace(bundle, []byte(s.KeyID()), []byte(hint), 1) }
	wantStatus(t, Verify(ctx, hinted(other.KeyID()), trusting(s, other), subject), modelvet.Invalid, "signature: the bundle names key "+other.KeyID())
	wantStatus(t, Verify(ctx, hinted("nobody"), trusting(s), subject), modelvet.Unverified, "signed by key nobody")
	wantStatus(t, Verify(ctx, hinted(`\u001b[31m`), trusting(s), subject), modelvet.Unverified, `"\x1b[31m"`)
	wantStatus(t, Verify(ctx, hinted(cosignHint(s.pem)), trusting(s), subject), modelvet.Verified, "")
	wantStatus(t, Verify(ctx, hinted(""), trusting(other, s), subject), modelvet.Verified, "")
	wantStatus(t, Verify(ctx, hinted(""), trusting(other), subject), modelvet.Unverified, "none of the 1 keys")
	wantStatus(t, Verify(ctx, hinted(""), Trust{}, subject), modelvet.Unverified, "trusts no key")
	if e := Verify(ctx, hinted(strings.Repeat("é", 5000)), trusting(s), subject); len(e.Reason) > 400 || len(e.Signer.KeyID) > 400 {
		t.Errorf("%d bytes of reason", len(e.Reason))
	}
}

// A stranger's statement is shown for what it claims, if that costs little.
func TestOfAStrangersStatementOnlyTheClaimIsShown(t *testing.T) {
	ctx, s := context.Background(), fixed(t)
	for size, want := range map[int]string{1: modelvet.PredicateScan, maxUnproved: ""} {
		e := Verify(ctx, sign(t, s, modelvet.PredicateScan, map[string]any{"a": strings.Repeat("x", size)}), trusting(fresh(t)), subject)
		wantStatus(t, e, modelvet.Unverified, "does not trust")
		if e.PredicateType != want {
			t.Errorf("%d bytes: type %q", size, e.PredicateType)
		}
	}
	e := Verify(ctx, sign(t, s, modelvet.PredicateScan, map[string]any{"a": strings.Repeat("x", maxUnproved)}), trusting(s), subject)
	wantStatus(t, e, modelvet.Verified, "")
}

func TestNoChangeOfOneByteGivesAnotherMeaning(t *testing.T) {
	ctx, s := context.Background(), fixed(t)
	bundle := sign(t, s, modelvet.PredicateScan, map[string]any{"n": 1})
	want := Verify(ctx, bundle, trusting(s), subject)
	survived := 0
	for i := range bundle {
		for _, b := range []byte{bundle[i] ^ 1, bundle[i] ^ 0x20, ' ', '"', 'A', 0} {
			if b == bundle[i] {
				continue
			}
			changed := bytes.Clone(bundle)
			changed[i] = b
			e := Verify(ctx, changed, trusting(s), subject)
			if e.Status != modelvet.Verified {
				if e.Predicate != nil {
					t.Fatalf("byte %d: %s evidence with a predicate", i, e.Status)
				}
				continue
			}
			survived++
			if !bytes.Equal(e.Predicate, want.Predicate) || e.PredicateType != want.PredicateType || !e.SignedAt.Equal(want.SignedAt) || e.Signer.KeyID != want.Signer.KeyID || e.Subject.Digest != want.Subject.Digest {
				t.Fatalf("byte %d changed to %q: verified with another meaning", i, b)
			}
			if e.Digest == want.Digest {
				t.Fatalf("byte %d: same digest", i)
			}
		}
		if cut := Verify(ctx, bundle[:i], trusting(s), subject); cut.Status == modelvet.Verified {
			t.Fatalf("cut at %d: verified", i)
		}
	}
	t.Logf("%d of the changes left the meaning as it was", survived)
}

func TestSigningRefusesWhatCouldNotBeRead(t *testing.T) {
	ctx, s := context.Background(), fixed(t)
	for name, c := range map[string]struct {
		signer    *Signer
		subject   modelvet.Subject
		kind      string
		predicate any
		at        time.Time
		want      string
	}{
		"no digest":         {s, modelvet.Subject{Name: "x"}, modelvet.PredicateScan, map[string]any{}, noon, "sha256: and 64"},
		"no type":           {s, subject, "", map[string]any{}, noon, "predicate type"},
		"a model signature": {s, subject, modelvet.PredicateModelSignature, map[string]any{}, noon, "SignModel"},
		"no time":           {s, subject, modelvet.PredicateScan, map[string]any{}, time.Time{}, "no time given"},
		"a list":            {s, subject, modelvet.PredicateScan, []int{1}, noon, "no JSON object"},
		"nil":               {s, subject, modelvet.PredicateScan, nil, noon, "null"},
		"NaN":               {s, subject, modelvet.PredicateScan, map[string]any{"a": func() {}}, noon, "encoding"},
		"a statedAt":        {s, subject, modelvet.PredicateScan, map[string]any{"statedAt": 1}, noon, "kept for the time of signing"},
		"duplicates":        {s, subject, modelvet.PredicateMLBOM, json.RawMessage(`{"a":1,"a":2}`), noon, "duplicate"},
		"no signer":         {nil, subject, modelvet.PredicateScan, map[string]any{}, noon, "load a key first"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Sign(ctx, c.signer, c.subject, c.kind, c.predicate, c.at)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v: expected %q", err, c.want)
			}
		})
	}
}

func TestManyBundlesAreSortedAndCountedOnce(t *testing.T) {
	s := fixed(t)
	a, b := sign(t, s, modelvet.PredicateSystem, map[string]any{}), sign(t, s, modelvet.PredicateScan, map[string]any{})
	one := VerifyAll(context.Background(), [][]byte{a, b, a, []byte("x")}, trusting(s), subject)
	two := VerifyAll(context.Background(), [][]byte{[]byte("x"), b, a}, trusting(s), subject)
	if len(one) != 3 || fmt.Sprint(one) != fmt.Sprint(two) {
		t.Errorf("%v\n%v", one, two)
	}
	if none := VerifyAll(context.Background(), nil, trusting(s), subject); none == nil || len(none) != 0 {
		t.Errorf("%v", none)
	}
	stopped, cancel := context.WithCancel(context.Background())
	cancel()
	wantStatus(t, Verify(stopped, a, trusting(s), subject), modelvet.Unverified, "stopped")
}

func TestForeignPredicatesKeepTheirOwnTime(t *testing.T) {
	ctx, s := context.Background(), fixed(t)
	for name, c := range map[string]struct {
		kind, predicate string
		at              time.Time
		status          modelvet.Status
	}{
		"VSA":                {modelvet.PredicateVSA, `{"timeVerified":"2026-11-24T13:00:00+01:00"}`, noon, modelvet.Verified},
		"provenance":         {modelvet.PredicateProvenance, `{"runDetails":{"metadata":{"finishedOn":"2026-11-24T12:00:00Z"}}}`, noon, modelvet.Verified},
		"provenance, none":   {modelvet.PredicateProvenance, `{"runDetails":{}}`, time.Time{}, modelvet.Verified},
		"ML-BOM":             {modelvet.PredicateMLBOM, `{"metadata":{"timestamp":"2026-11-24T12:00:00Z"}}`, noon, modelvet.Verified},
		"unknown":            {"https://x.example/v1", `{"timeVerified":"2026-11-24T12:00:00Z"}`, time.Time{}, modelvet.Verified},
		"VSA, no time":       {modelvet.PredicateVSA, `{"timeVerified":7}`, time.Time{}, modelvet.Invalid},
		"VSA, the future":    {modelvet.PredicateVSA, `{"timeVerified":"2999-01-01T00:00:00Z"}`, time.Time{}, modelvet.Invalid},
		"provenance, a list": {modelvet.PredicateProvenance, `{"runDetails":[]}`, time.Time{}, modelvet.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			e := Verify(ctx, sign(t, s, c.kind, json.RawMessage(c.predicate)), trusting(s), subject)
			if e.Status != c.status || (e.Status == modelvet.Verified && !e.SignedAt.Equal(c.at)) {
				t.Errorf("%s %s %v", e.Status, e.Reason, e.SignedAt)
			}
		})
	}
}

func FuzzVerify(f *testing.F) {
	s := fixed(f)
	f.Add(sign(f, s, modelvet.PredicateScan, map[string]any{"a": 1}))
	f.Add(sign(f, s, modelvet.PredicateVSA, map[string]any{"timeVerified": "2026-11-24T12:00:00Z"}))
	f.Add([]byte(`{}`))
	f.Add([]byte(`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"certificate":{"rawBytes":"MA=="}},"dsseEnvelope":{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"MA=="}]}}`))
	trust := trusting(s)
	f.Fuzz(func(t *testing.T, data []byte) {
		e := Verify(context.Background(), data, trust, subject)
		if (e.Status == modelvet.Verified) != (e.Predicate != nil) {
			t.Fatalf("%s with predicate %s", e.Status, e.Predicate)
		}
		if e.Status != modelvet.Verified && e.Reason == "" {
			t.Fatal("no reason")
		}
	})
}
