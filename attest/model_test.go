// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
)

func signModel(t testing.TB, s *Signer, files []modelvet.File) []byte {
	t.Helper()
	b, err := SignModel(context.Background(), s, "credit", files, []string{"model.sig", ".modelvet", "model.sig"})
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestAModelSignatureIsOverTheDigestsOfTheFiles(t *testing.T) {
	ctx, s := context.Background(), fixed(t)
	bundle := signModel(t, s, subject.Files)

	shuffled := slices.Clone(subject.Files)
	slices.Reverse(shuffled)
	if !bytes.Equal(bundle, signModel(t, s, shuffled)) {
		t.Error("the order of the files matters")
	}
	root := sha256.New()
	for _, text := range []string{"card", "weights", "a"} { // README.md, model.json, sub/a.txt
		sum := sha256.Sum256([]byte(text))
		root.Write(sum[:])
	}
	e := VerifyModel(ctx, bundle, trusting(s), shuffled)
	wantStatus(t, e, modelvet.Verified, "")
	if raw := root.Sum(nil); e.Subject.Digest != "sha256:"+hexOf(raw) || e.Subject.Name != "credit" || e.PredicateType != modelvet.PredicateModelSignature {
		t.Errorf("%+v", e)
	}
	const golden = `{"serialization":{"method":"files","hash_type":"sha256","allow_symlinks":false,"ignore_paths":[".modelvet","model.sig"]},"resources":[{"name":"README.md","digest":"`
	if !strings.HasPrefix(string(e.Predicate), golden) {
		t.Errorf("predicate %s", e.Predicate)
	}
	e = Verify(ctx, bundle, trusting(s), subject)
	wantStatus(t, e, modelvet.Verified, "")
	if e.Subject.Digest != subject.Digest {
		t.Errorf("the subject of the evidence is %s", e.Subject.Digest)
	}
}

func hexOf(raw []byte) string { return hex.EncodeToString(raw) }

func TestFilesThatDifferFromTheSignatureAreNamed(t *testing.T) {
	ctx, s := context.Background(), fixed(t)
	bundle := signModel(t, s, subject.Files)
	with := func(change func([]modelvet.File) []modelvet.File) []modelvet.File {
		return change(slices.Clone(subject.Files))
	}
	add := func(path string) []modelvet.File {
		return with(func(f []modelvet.File) []modelvet.File { return append(f, modelvet.File{Path: path, Digest: sha("x")}) })
	}
	for name, c := range map[string]struct {
		files  []modelvet.File
		status modelvet.Status
		reason string
	}{
		"missing": {subject.Files[1:], modelvet.Invalid, `"model.json" is missing`},
		"extra":   {add("evil.pkl"), modelvet.Invalid, `"evil.pkl" is not signed`},
		"ignored": {add("model.sig"), modelvet.Invalid, `"model.sig" is not signed (the signature ignores it)`},
		"twice":   {add("model.json"), modelvet.Invalid, `"model.json"`},
		"changed": {with(func(f []modelvet.File) []modelvet.File { f[0].Digest = sha("others"); return f }), modelvet.Invalid, `"model.json" changed since`},
		"renamed": {with(func(f []modelvet.File) []modelvet.File { f[0].Path = "Model.json"; return f }), modelvet.Invalid, `"Model.json" is not signed, or there twice; "model.json" is missing`},
		"swapped": {with(func(f []modelvet.File) []modelvet.File {
			f[0].Digest, f[1].Digest = f[1].Digest, f[0].Digest
			return f
		}), modelvet.Invalid, `"README.md" changed since; "model.json" changed since`},
		"none": {nil, modelvet.Unverified, "no files to compare"},
	} {
		t.Run(name, func(t *testing.T) {
			wantStatus(t, VerifyModel(ctx, bundle, trusting(s), c.files), c.status, c.reason)
			wantStatus(t, Verify(ctx, bundle, trusting(s), modelvet.Subject{Name: "m", Digest: subject.Digest, Files: c.files}), c.status, c.reason)
		})
	}
	wantStatus(t, VerifyModel(ctx, bundle, trusting(fresh(t)), subject.Files), modelvet.Unverified, "does not trust")
	wantStatus(t, VerifyModel(ctx, sign(t, s, modelvet.PredicateScan, map[string]any{}), trusting(s), subject.Files), modelvet.Invalid, "expected a model signature")
}

func TestAModelSignatureThatIsWrongInItself(t *testing.T) {
	ctx, s := context.Background(), fixed(t)
	good := string(mustPayload(t, signModel(t, s, subject.Files)))
	root := hexOf(func() []byte {
		h := sha256.New()
		for _, text := range []string{"card", "weights", "a"} {
			sum := sha256.Sum256([]byte(text))
			h.Write(sum[:])
		}
		return h.Sum(nil)
	}())
	swap := func(old, new string) string {
		if !strings.Contains(good, old) {
			t.Fatalf("%s not in %s", old, good)
		}
		return strings.Replace(good, old, new, 1)
	}
	for name, c := range map[string]struct {
		payload string
		status  modelvet.Status
		reason  string
	}{
		"as it is":            {good, modelvet.Verified, ""},
		"another root":        {swap(root, strings.Repeat("0", 64)), modelvet.Invalid, "not that of the resources"},
		"two subjects":        {swap(`"subject":[`, `"subject":[{"name":"x","digest":{"sha256":"00"}},`), modelvet.Invalid, "expected exactly one"},
		"a field of its own":  {swap(`"predicate":{`, `"predicate":{"note":1,`), modelvet.Invalid, "nothing else"},
		"a path that leaves":  {swap(`"README.md"`, `"../README.md"`), modelvet.Invalid, "relative path"},
		"an absolute path":    {swap(`"README.md"`, `"/README.md"`), modelvet.Invalid, "relative path"},
		"a backslash":         {swap(`"README.md"`, `"a\\README.md"`), modelvet.Invalid, "relative path"},
		"twice":               {swap(`"README.md"`, `"model.json"`), modelvet.Invalid, "twice"},
		"another algorithm":   {swap(`"algorithm":"sha256"`, `"algorithm":"md5"`), modelvet.Invalid, "of sha256"},
		"a short digest":      {swap(strings.TrimPrefix(sha("card"), "sha256:"), "00"), modelvet.Invalid, "64 hex"},
		"another method":      {swap(`"method":"files"`, `"method":"pages"`), modelvet.Unverified, `"pages"`},
		"resources of a kind": {swap(`"resources":[`, `"resources":[7,`), modelvet.Invalid, "predicate"},
	} {
		t.Run(name, func(t *testing.T) {
			wantStatus(t, VerifyModel(ctx, payloadBundle(t, s, c.payload), trusting(s), subject.Files), c.status, c.reason)
		})
	}
}

func TestSigningAModelRefusesWhatNobodyCouldVerify(t *testing.T) {
	ctx, s := context.Background(), fixed(t)
	file := func(path, digest string) []modelvet.File { return []modelvet.File{{Path: path, Digest: digest}} }
	for name, c := range map[string]struct {
		files  []modelvet.File
		ignore []string
		want   string
	}{
		"nothing":            {nil, nil, "empty model"},
		"no digest":          {file("a", ""), nil, `file "a": digest`},
		"a path that leaves": {file("../a", sha("a")), nil, "relative path"},
		"no path":            {file("", sha("a")), nil, "relative path"},
		"twice":              {append(file("a", sha("a")), file("a", sha("b"))...), nil, "twice"},
		"ignored":            {file("a/b", sha("a")), []string{"a"}, "both signed and ignored"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := SignModel(ctx, s, "m", c.files, c.ignore); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%v: expected %q", err, c.want)
			}
		})
	}
}

func FuzzModelSignature(f *testing.F) {
	s := fixed(f)
	f.Add(mustPayload(f, signModel(f, s, subject.Files)))
	f.Add([]byte(`{"_type":"https://in-toto.io/Statement/v1"}`))
	f.Fuzz(func(t *testing.T, payload []byte) {
		st, err := parseStatement(payload)
		if err != nil {
			return
		}
		if err := checkModel(context.Background(), st, subject.Files, nil); err == nil {
			var p modelPredicate
			if json.Unmarshal(st.Predicate, &p) != nil || len(p.Resources) != len(subject.Files) {
				t.Fatalf("accepted %s", payload)
			}
		}
	})
}
