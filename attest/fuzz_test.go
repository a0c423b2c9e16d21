// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"bytes"
	"context"
	"encoding/json"
	"testing"
	"time"

	"github.com/modelvet/modelvet"
)

// What a key file or a token holds never makes more than an error.
func FuzzKeyFile(f *testing.F) {
	private, public, err := newKey(nil, false)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(private)
	f.Add(public)
	f.Add([]byte("-----BEGIN ENCRYPTED SIGSTORE PRIVATE KEY-----\ne30=\n-----END ENCRYPTED SIGSTORE PRIVATE KEY-----\n"))
	f.Add([]byte("-----BEGIN RSA PRIVATE KEY-----\nMAA=\n-----END RSA PRIVATE KEY-----\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if bytes.Contains(data, []byte("ENCRYPTED")) && bytes.Contains(data, []byte("scrypt")) {
			return // its own parameters decide how long it takes; a person names their own key file
		}
		if s, err := signerFromPEM(data, nil); err == nil && (s.KeyID() == "" || s.sign == nil) {
			t.Fatal("a signer without a key")
		}
		if key, err := parsePublic(data); err == nil {
			if _, err := hashFor(key); err != nil {
				t.Fatal("a key that nothing verifies with")
			}
		}
		_, _ = readClaims(string(data))
	})
}

// A statement signed by a trusted key may hold anything at all.
func FuzzStatement(f *testing.F) {
	s := fixed(f)
	trust := trusting(s)
	f.Add(mustPayload(f, sign(f, s, modelvet.PredicateScan, map[string]any{"a": 1})))
	f.Add(mustPayload(f, signModelFor(f, s)))
	f.Add([]byte(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"digest":{"sha256":""}}],"predicateType":"https://model_signing/signature/v1.0","predicate":{"resources":[],"serialization":{}}}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		sig, err := s.signPayload(context.Background(), payload)
		if err != nil {
			t.Skip()
		}
		bundle, err := encodeBundle(s.id, payload, sig, nil)
		if err != nil {
			t.Skip()
		}
		e := Verify(context.Background(), bundle, trust, subject)
		if e.Status == modelvet.Verified && !json.Valid(e.Predicate) {
			t.Fatalf("verified with a predicate that is no JSON: %q", e.Predicate)
		}
		_ = KindOf(e.PredicateType, e.Predicate)
		_, _ = ReadVSA(e)
	})
}

func signModelFor(f *testing.F, s *Signer) []byte {
	f.Helper()
	b, err := SignModel(context.Background(), s, "m", subject.Files, []string{"model.sig"})
	if err != nil {
		f.Fatal(err)
	}
	return b
}

// A model signature only holds for the files that it lists.
func FuzzModelManifest(f *testing.F) {
	s := fixed(f)
	whole, err := parseStatement(mustPayload(f, signModelFor(f, s)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add([]byte(whole.Predicate), whole.Subject[0].Digest["sha256"])
	f.Add([]byte(`{"serialization":{"method":"shards","hash_type":"sha256","shard_size":1e300,"allow_symlinks":false},"resources":[{"name":"a:0:1","digest":"00","algorithm":"sha256"}]}`), "")
	f.Add([]byte(`{"serialization":{"method":"shards","hash_type":"blake2b","shard_size":-1},"resources":[{"name":"../a","digest":"00","algorithm":"x"}]}`), "")
	f.Fuzz(func(t *testing.T, predicate []byte, root string) {
		st := statement{Subject: []resource{{Name: "m", Digest: map[string]string{"sha256": root}}}, PredicateType: modelvet.PredicateModelSignature, Predicate: predicate}
		p, err := parseModel(st)
		if err != nil {
			return
		}
		if err := compareFiles(context.Background(), p, subject.Files, nil); err == nil && len(p.Resources) < len(subject.Files) {
			t.Fatalf("%d resources cover %d files: %s", len(p.Resources), len(subject.Files), predicate)
		}
		changed := append([]modelvet.File{}, subject.Files...)
		changed[0].Digest = sha("another")
		if compareFiles(context.Background(), p, subject.Files, nil) == nil && compareFiles(context.Background(), p, changed, nil) == nil {
			t.Fatalf("it holds for other content too: %s", predicate)
		}
	})
}

// A trusted root or a signing config of a stranger is an error, or a root.
func FuzzTrustedRoot(f *testing.F) {
	p := newSigstore(f, true)
	f.Add(p.root)
	f.Add([]byte(`{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","caUrls":[{"url":"x"}],"rekorTlogConfig":{"selector":"EXACT","count":4294967295}}`))
	f.Add([]byte(`{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1","tlogs":[{}],"certificateAuthorities":[{}],"timestampAuthorities":[{}]}`))
	bundle := p.keyless(f, workflow, true, true)
	f.Fuzz(func(t *testing.T, data []byte) {
		tr := Trust{Roots: [][]byte{data}, Now: noon}
		bad := tr.Check()
		e := Verify(context.Background(), bundle, tr, subject)
		if e.Status == modelvet.Verified {
			t.Fatal("nobody is trusted")
		}
		if bad != nil && e.Reason == "" {
			t.Fatal("no reason")
		}
		_, _ = Sigstore{SigningConfig: data, TrustedRoot: p.root, FulcioURL: "http://127.0.0.1:1"}.choose(time.Now())
	})
}
