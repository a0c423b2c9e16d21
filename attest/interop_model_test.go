// SPDX-License-Identifier: Apache-2.0

//go:build interop

package attest

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
)

// folder writes a model that sorts differently by path and by path element.
func folder(t *testing.T) (string, []modelvet.File) {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "credit")
	for name, text := range map[string]string{"model.json": "weights", "README.md": "card", "a/b.txt": "1", "a-b.txt": "2", "a.txt": "3",
		"ü/ö.bin": "4", "Z": "5", "empty": "", ".hidden": "6", "with space": "7"} {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir, list(t, dir)
}

func list(t *testing.T, dir string) (files []modelvet.File) {
	t.Helper()
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := os.ReadFile(filepath.Join(dir, name))
		files = append(files, modelvet.File{Path: name, Digest: Digest(data), Size: int64(len(data))})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestInteropModelSigningVerifiesOurs(t *testing.T) {
	dir, files := folder(t)
	s := fixed(t)
	key := save(t, "key.pub", s.PublicPEM())
	for name, target := range map[string]string{"beside": filepath.Join(t.TempDir(), "model.sig"), "inside": filepath.Join(dir, "model.sig")} {
		t.Run(name, func(t *testing.T) {
			bundle, err := SignModel(context.Background(), s, "credit", files, []string{"model.sig"})
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(target, bundle, 0o600); err != nil {
				t.Fatal(err)
			}
			defer os.Remove(target)
			if out, err := modelSigning(t, "verify", "key", "--signature", target, "--public_key", key, dir); err != nil {
				t.Errorf("%v\n%s", err, out)
			}
			extra := filepath.Join(dir, "evil.pkl")
			if err := os.WriteFile(extra, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			defer os.Remove(extra)
			if out, err := modelSigning(t, "verify", "key", "--signature", target, "--public_key", key, dir); err == nil {
				t.Errorf("with one more file: %s", out)
			}
		})
	}
	bundle := signModel(t, s, files)
	root := VerifyModel(context.Background(), bundle, trusting(s), files).Subject.Digest
	if out, err := verifyBlob(t, s, bundle, modelvet.PredicateModelSignature, root); err != nil {
		t.Errorf("cosign: %v\n%s", err, out)
	}
}

func TestInteropWeVerifyTheSignaturesOfModelSigning(t *testing.T) {
	dir, files := folder(t)
	for _, curve := range []string{"prime256v1", "secp384r1", "secp521r1"} {
		t.Run(curve, func(t *testing.T) {
			key := filepath.Join(t.TempDir(), "key.pem")
			if out, err := run(t, nil, "openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:"+curve, "-out", key); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			s, err := LoadSigner(context.Background(), key, nil)
			if err != nil {
				t.Fatal(err)
			}
			target := filepath.Join(t.TempDir(), "model.sig")
			if out, err := modelSigning(t, "sign", "key", "--signature", target, "--private_key", key, dir); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			bundle, err := os.ReadFile(target)
			if err != nil {
				t.Fatal(err)
			}
			wantStatus(t, VerifyModel(context.Background(), bundle, trusting(s), files), modelvet.Verified, "")
			changed := slices.Clone(files)
			changed[0].Digest = sha("other")
			wantStatus(t, VerifyModel(context.Background(), bundle, trusting(s), changed), modelvet.Invalid, fmt.Sprintf("%q changed", files[0].Path))
			wantStatus(t, VerifyModel(context.Background(), bundle, trusting(fresh(t)), files), modelvet.Unverified, "does not trust")
		})
	}
}

// signWithPython makes a signature with settings that the command line of
// model_signing does not offer.
func signWithPython(t *testing.T, script string, args ...string) {
	t.Helper()
	python := filepath.Join(filepath.Dir(peer(t, "MODELVET_MODEL_SIGNING", "model-signing/bin/model_signing")), "python")
	if out, err := run(t, nil, python, append([]string{"-c", script}, args...)...); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

const pythonSettings = `
import sys
from model_signing import hashing, signing
key, model, out, algorithm, shard = sys.argv[1:]
c = hashing.Config()
c = c.use_shard_serialization(hashing_algorithm=algorithm, shard_size=int(shard)) if int(shard) else c.use_file_serialization(hashing_algorithm=algorithm)
signing.Config().use_elliptic_key_signer(private_key=key).set_hashing_config(c).sign(model, out)
`

// As 0.2 signed: with the encoding that is kept in model_signing for reading.
const pythonOld = `
import base64, json, pathlib, sys
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from model_signing._signing import sign_sigstore_pb as pb
key, payload, out = sys.argv[1:]
k = serialization.load_pem_private_key(pathlib.Path(key).read_bytes(), None)
raw = pathlib.Path(payload).read_bytes()
sig = k.sign(pb.pae_compat(raw), ec.ECDSA(hashes.SHA256()))
b64 = lambda b: base64.b64encode(b).decode()
json.dump({"mediaType": "application/vnd.dev.sigstore.bundle.v0.3+json", "verificationMaterial": {"publicKey": {"rawBytes": b64(b"x"), "keyDetails": "PKIX_ECDSA_P256_SHA_256"}},
  "dsseEnvelope": {"payload": b64(raw), "payloadType": "application/vnd.in-toto+json", "signatures": [{"sig": b64(sig), "keyid": ""}]}}, open(out, "w"))
`

func newPEM(t *testing.T) (string, *Signer) {
	t.Helper()
	private, _, err := newKey(nil, false)
	if err != nil {
		t.Fatal(err)
	}
	s, err := signerFromPEM(private, nil)
	if err != nil {
		t.Fatal(err)
	}
	return save(t, "key.pem", private), s
}

func TestInteropShardsHashesAndHistory(t *testing.T) {
	ctx := context.Background()
	dir, files := folder(t)
	if err := os.WriteFile(filepath.Join(dir, "big"), bytes.Repeat([]byte("0123456789"), 250), 0o600); err != nil {
		t.Fatal(err)
	}
	files = list(t, dir)
	key, s := newPEM(t)
	for _, c := range [][2]string{{"sha256", "1000"}, {"blake2", "1000"}, {"blake2", "0"}, {"sha256", "0"}} {
		target := filepath.Join(t.TempDir(), "model.sig")
		signWithPython(t, pythonSettings, key, dir, target, c[0], c[1])
		bundle, err := os.ReadFile(target)
		if err != nil {
			t.Fatal(err)
		}
		wantStatus(t, VerifyModelBytes(ctx, bundle, trusting(s), files, os.DirFS(dir)), modelvet.Verified, "")
	}
	payload := fmt.Sprintf(`{"_type":"https://in-toto.io/Statement/v1","subject":[{"name":%q,"digest":{"sha256":%q}}],"predicateType":%q,"predicate":{"unused":"it's ü"}}`,
		files[0].Path, strings.TrimPrefix(files[0].Digest, "sha256:"), predicateDigests)
	target := filepath.Join(t.TempDir(), "old.sig")
	signWithPython(t, pythonOld, key, save(t, "payload", []byte(payload)), target)
	bundle, err := os.ReadFile(target)
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, VerifyModel(ctx, bundle, trusting(s), files[:1]), modelvet.Verified, "")
}

func TestInteropCertificatesBothWays(t *testing.T) {
	ctx := context.Background()
	dir, files := folder(t)
	key, s := newPEM(t)
	acme := newAuthority(t, "Acme")
	certified := acme.certified(t, s, func(*x509.Certificate) {})
	root, middle := save(t, "root.pem", pemOf(acme.root)), save(t, "middle.pem", pemOf(acme.middle))
	leaf := save(t, "leaf.pem", pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: certified.chain[0].RawBytes}))
	trust := Trust{Authorities: [][]byte{pemOf(acme.root)}, Now: noon, Identities: []TrustedIdentity{{Name: "Release", Issuer: "CN=Acme", Identity: "release@acme.example", Producer: true}}}

	ours, err := SignModel(ctx, certified, "credit", files, nil)
	if err != nil {
		t.Fatal(err)
	}
	if out, err := modelSigning(t, "verify", "certificate", "--signature", save(t, "ours.sig", ours), "--certificate_chain", root, dir); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	target := filepath.Join(t.TempDir(), "theirs.sig")
	if out, err := modelSigning(t, "sign", "certificate", "--signature", target, "--private_key", key, "--signing_certificate", leaf, "--certificate_chain", middle, dir); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	theirs, err := os.ReadFile(target)
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, VerifyModel(ctx, theirs, trust, files), modelvet.Verified, "")
}

// As each release signed: its default Sigstore signer wants the public instance
// as soon as a configuration is made, and is left out.
const pythonRelease = `
import pathlib, sys
from model_signing import hashing, signing
signing.Config.use_sigstore_signer = lambda self, **k: self
key, model, out = map(pathlib.Path, sys.argv[1:])
signing.Config().use_elliptic_key_signer(private_key=key).set_hashing_config(hashing.Config()).sign(model, out)
`

// The older releases themselves sign, and what they sign is verified.
func TestInteropHistoricalModelSigning(t *testing.T) {
	ctx := context.Background()
	dir, files := folder(t)
	key, s := newPEM(t)
	python := filepath.Join(filepath.Dir(peer(t, "MODELVET_MODEL_SIGNING", "model-signing/bin/model_signing")), "python")
	history := peer(t, "MODELVET_MODEL_SIGNING_HISTORY", "model-signing-history")
	for _, release := range []string{"0.3.1", "1.0.0", "1.0.1", "1.1.0"} {
		t.Run(release, func(t *testing.T) {
			target := filepath.Join(t.TempDir(), "model.sig")
			path := filepath.Join(history, release) + string(os.PathListSeparator) + filepath.Join(history, "shared")
			if out, err := run(t, []string{"PYTHONPATH=" + path}, python, "-c", pythonRelease, key, dir, target); err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			bundle, err := os.ReadFile(target)
			if err != nil {
				t.Fatal(err)
			}
			wantStatus(t, VerifyModel(ctx, bundle, trusting(s), files), modelvet.Verified, "")
			wantStatus(t, VerifyFolder(ctx, bundle, trusting(s), dir, FolderOptions{}), modelvet.Verified, "")
			changed := slices.Clone(files)
			changed[0].Digest = sha("other")
			wantStatus(t, VerifyModel(ctx, bundle, trusting(s), changed), modelvet.Invalid, "changed")
		})
	}
}
