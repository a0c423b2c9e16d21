// SPDX-License-Identifier: Apache-2.0

//go:build interop

package attest

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
)

// pythonVerify checks signatures in one process; the command line of
// model_signing hashes whole files with SHA-256 whatever the signature says.
// For BLAKE2b it has to be told: 1.1.1 writes blake2b and reads blake2 only.
const pythonVerify = `
import sys
from model_signing import hashing, verifying
key, model, *signatures = sys.argv[1:]
for s in signatures:
    signature, algorithm, shard = s.split("|")
    v = verifying.Config().use_elliptic_key_verifier(public_key=key)
    if algorithm == "blake2b":
        c = hashing.Config()
        v = v.set_hashing_config(c.use_shard_serialization(hashing_algorithm="blake2", shard_size=int(shard)) if int(shard) else c.use_file_serialization(hashing_algorithm="blake2"))
    v.verify(model, signature)
`

// model_signing verifies every serialization that it knows itself.
func TestInteropModelSigningVerifiesOurFolders(t *testing.T) {
	ctx, s := context.Background(), fixed(t)
	dir, _ := folder(t)
	if err := os.WriteFile(filepath.Join(dir, "big"), make([]byte, 2500), 0o600); err != nil {
		t.Fatal(err)
	}
	key := save(t, "key.pub", s.PublicPEM())
	var signatures []string
	for _, c := range []Serialization{{}, {Hash: "blake2b"}, {Hash: "blake3"}, {ShardSize: 1000}, {Hash: "blake2b", ShardSize: 1000}, {Ignore: []string{"a"}}} {
		bundle, err := SignFolder(ctx, s, dir, c)
		if err != nil {
			t.Fatal(err)
		}
		signatures = append(signatures, fmt.Sprintf("%s|%s|%d", save(t, "model.sig", bundle), c.Hash, c.ShardSize))
	}
	signWithPython(t, pythonVerify, append([]string{key, dir}, signatures...)...)
	first, _, _ := strings.Cut(signatures[0], "|")
	if out, err := modelSigning(t, "verify", "key", "--signature", first, "--public_key", key, dir); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "big"), append(make([]byte, 2499), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err := modelSigning(t, "verify", "key", "--signature", first, "--public_key", key, dir); err == nil {
		t.Errorf("a changed file: %s", out)
	}
}

// And we verify its folders, with what it leaves out by itself.
func TestInteropWeVerifyFoldersOfModelSigning(t *testing.T) {
	ctx := context.Background()
	dir, _ := folder(t)
	for _, name := range []string{".git/HEAD", ".gitignore", "notes/x"} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), []byte(name), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	key, s := newPEM(t)
	target := filepath.Join(dir, "model.sig")
	if out, err := modelSigning(t, "sign", "key", "--signature", target, "--private_key", key, "--ignore-paths", filepath.Join(dir, "notes"), dir); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	bundle, err := os.ReadFile(target)
	if err != nil {
		t.Fatal(err)
	}
	wantStatus(t, VerifyFolder(ctx, bundle, trusting(s), dir, FolderOptions{Ignore: []string{"model.sig"}}), modelvet.Verified, "")
	for _, c := range [][2]string{{"blake3", "0"}, {"blake2", "1000"}, {"sha256", "1000"}} {
		target := filepath.Join(t.TempDir(), "model.sig")
		signWithPython(t, pythonSettings, key, dir, target, c[0], c[1])
		bundle, err := os.ReadFile(target)
		if err != nil {
			t.Fatal(err)
		}
		// It was not told to leave model.sig and notes out.
		wantStatus(t, VerifyFolder(ctx, bundle, trusting(s), dir, FolderOptions{}), modelvet.Verified, "")
	}
}
