// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"golang.org/x/crypto/blake2b"

	"github.com/modelvet/modelvet"
)

// tree is a model as files and as what is known of them.
func tree(contents map[string]string) (fstest.MapFS, []modelvet.File) {
	fsys := fstest.MapFS{}
	var files []modelvet.File
	for name, text := range contents {
		fsys[name] = &fstest.MapFile{Data: []byte(text)}
		files = append(files, modelvet.File{Path: name, Digest: sha(text), Size: int64(len(text))})
	}
	return fsys, files
}

// foreignModel makes a signature as model_signing would with other settings.
func foreignModel(t testing.TB, s *Signer, contents map[string]string, method, hash string, shard int) []byte {
	t.Helper()
	sum := func(text string) string {
		if hash == hashBLAKE2b {
			d := blake2b.Sum512([]byte(text))
			return hex.EncodeToString(d[:])
		}
		return strings.TrimPrefix(sha(text), "sha256:")
	}
	p := modelPredicate{Serialization: serialization{Method: method, HashType: hash, IgnorePaths: []string{".git"}}}
	for name, text := range contents {
		if method == methodFiles {
			p.Resources = append(p.Resources, modelResource{name, sum(text), hash})
			continue
		}
		p.Serialization.ShardSize = float64(shard)
		for i := 0; i < len(text); i += shard {
			end := min(i+shard, len(text))
			p.Resources = append(p.Resources, modelResource{fmt.Sprintf("%s:%d:%d", name, i, end), sum(text[i:end]), fmt.Sprintf("%s-sharded-%d", hash, shard)})
		}
	}
	slices.SortFunc(p.Resources, func(a, b modelResource) int { return strings.Compare(a.Name, b.Name) })
	root, err := rootDigest(p.Resources)
	if err != nil {
		t.Fatal(err)
	}
	data, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	b, err := signStatement(context.Background(), s, newStatement("m", root, modelvet.PredicateModelSignature, data))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSignaturesOverShardsAndOtherHashes(t *testing.T) {
	ctx, s := context.Background(), fixed(t)
	contents := map[string]string{"big": strings.Repeat("0123456789", 25), "sub/a": "hi", "empty": ""}
	fsys, files := tree(contents)
	change := func(name, text string) (fs.FS, []modelvet.File) {
		c := map[string]string{"big": contents["big"], "sub/a": contents["sub/a"], "empty": ""}
		c[name] = text
		return tree(c)
	}
	for _, c := range []struct {
		method, hash string
		shard        int
		byDigest     modelvet.Status
	}{
		{methodShards, hashSHA256, 100, modelvet.Unverified},
		{methodShards, hashSHA256, 250, modelvet.Verified}, // one shard a file: its digest is enough
		{methodShards, hashBLAKE2b, 100, modelvet.Unverified},
		{methodFiles, hashBLAKE2b, 0, modelvet.Unverified},
	} {
		t.Run(fmt.Sprint(c.method, c.hash, c.shard), func(t *testing.T) {
			bundle := foreignModel(t, s, contents, c.method, c.hash, c.shard)
			if e := VerifyModel(ctx, bundle, trusting(s), files); e.Status != c.byDigest {
				t.Errorf("by digest: %s %s", e.Status, e.Reason)
			}
			wantStatus(t, VerifyModelBytes(ctx, bundle, trusting(s), files, fsys), modelvet.Verified, "")
			for name, text := range map[string]string{"big": contents["big"][:249] + "x", "sub/a": "ho", "more": "new"} {
				other, list := change(name, text)
				wantStatus(t, VerifyModelBytes(ctx, bundle, trusting(s), list, other), modelvet.Invalid, name)
			}
			other, list := change("big", contents["big"]+"x")
			wantStatus(t, VerifyModelBytes(ctx, bundle, trusting(s), list, other), modelvet.Invalid, "big")
			if c.byDigest == modelvet.Unverified { // the list says less than there is
				wantStatus(t, VerifyModelBytes(ctx, bundle, trusting(s), files, other), modelvet.Unverified, "longer")
				wantStatus(t, VerifyModelBytes(ctx, bundle, trusting(s), files, fstest.MapFS{}), modelvet.Unverified, "reading")
			}
			if list = slices.DeleteFunc(slices.Clone(files), func(f modelvet.File) bool { return f.Path == "big" }); len(list) != 2 {
				t.Fatal("no file to leave out")
			}
			wantStatus(t, VerifyModelBytes(ctx, bundle, trusting(s), list, fsys), modelvet.Invalid, "big")
		})
	}
	tiny := foreignModel(t, s, map[string]string{"sub/a": "hi"}, methodShards, hashSHA256, 1)
	huge := []modelvet.File{{Path: "sub/a", Digest: sha("hi"), Size: 1 << 50}}
	wantStatus(t, VerifyModelBytes(ctx, tiny, trusting(s), huge, fsys), modelvet.Invalid, "more shards than are signed")
}

func TestSignaturesFromBeforeVersionOne(t *testing.T) {
	ctx, s := context.Background(), fixed(t)
	_, files := tree(map[string]string{"a": "1", "b/c": "it's"})
	payload := `{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":"a","digest":{"sha256":"` + files[0].Digest[7:] + `"}},{"name":"b/c","digest":{"sha256":"` + files[1].Digest[7:] + `"}}],"predicateType":"` + predicateDigests + `","predicate":{"unused":"it's"}}`
	if files[0].Path != "a" {
		payload = strings.NewReplacer(`"name":"a"`, `"name":"b/c"`, `"name":"b/c"`, `"name":"a"`).Replace(payload)
	}
	signed := func(payload string, message []byte) []byte {
		sig, err := s.sign(ctx, message)
		if err != nil {
			t.Fatal(err)
		}
		b, err := encodeBundle("", []byte(payload), sig, nil)
		if err != nil {
			t.Fatal(err)
		}
		raw := `"publicKey":{"rawBytes":"` + base64.StdEncoding.EncodeToString(s.pem) + `","keyDetails":"PKIX_ECDSA_P256_SHA_256"}`
		return bytes.Replace(b, []byte(`"publicKey":{"hint":""}`), []byte(raw), 1)
	}
	bundle := signed(payload, oldPAE([]byte(payload)))
	wantStatus(t, VerifyModel(ctx, bundle, trusting(fresh(t), s), files), modelvet.Verified, "")
	wantStatus(t, Verify(ctx, bundle, trusting(s), modelvet.Subject{Name: "m", Digest: subject.Digest, Files: files}), modelvet.Verified, "")
	wantStatus(t, VerifyModel(ctx, bundle, trusting(fresh(t)), files), modelvet.Unverified, "none of the 1 keys")
	wantStatus(t, VerifyModel(ctx, bundle, trusting(s), files[:1]), modelvet.Invalid, "missing")
	files[0].Digest = sha("other")
	wantStatus(t, VerifyModel(ctx, bundle, trusting(s), files), modelvet.Invalid, "changed since")

	// The old encoding is for the old type alone.
	other := strings.Replace(payload, predicateDigests, "https://x.example/v1", 1)
	wantStatus(t, Verify(ctx, signed(other, oldPAE([]byte(other))), trusting(s), subject), modelvet.Unverified, "none of the 1 keys")
}

func TestBytesAsPythonPrintsThem(t *testing.T) {
	for in, want := range map[string]string{"": `b''`, "a": `b'a'`, `a'b`: `b"a'b"`, `a'"b`: `b'a\'"b'`, "\\\t\n\r\x00\x7f\xff": `b'\\\t\n\r\x00\x7f\xff'`, "é": `b'\xc3\xa9'`} {
		if got := pythonBytes([]byte(in)); got != want {
			t.Errorf("%q: %s, expected %s", in, got, want)
		}
	}
}

func BenchmarkSignModel(b *testing.B) {
	s := fixed(b)
	files := make([]modelvet.File, 10_000)
	for i := range files {
		sum := sha256.Sum256(fmt.Append(nil, i))
		files[i] = modelvet.File{Path: fmt.Sprintf("shard-%05d.safetensors", i), Digest: "sha256:" + hex.EncodeToString(sum[:])}
	}
	for b.Loop() {
		if _, err := SignModel(context.Background(), s, "m", files, nil); err != nil {
			b.Fatal(err)
		}
	}
}
