// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/modelvet/modelvet"
)

// gitPaths are left out of a model's folder at its top (OpenSSF Model Signing
// v1.0; model_signing does the same).
var gitPaths = []string{".git", ".gitattributes", ".github", ".gitignore"}

// ShardSize is that of the specification: a billion bytes.
const ShardSize = 1_000_000_000

// Serialization says how the files of a folder are turned into digests. The
// zero value is SHA-256 of whole files.
type Serialization struct {
	Hash      string   // sha256, blake2b or blake3
	ShardSize int64    // bytes; 0: whole files
	Ignore    []string // paths relative to the folder, and what lies below them; no patterns
	Symlinks  bool     // follow links that stay in the folder; otherwise one is an error
	Workers   int      // files or shards hashed at a time; 0: one for each core
}

// SignFolder makes an OpenSSF Model Signing v1.0 signature over the files of a
// folder, or over one file. Each byte is read once, in pieces of 1 MiB, so that memory does not
// grow with the model. Files, and with shards the parts of one file, are
// hashed side by side.
func SignFolder(ctx context.Context, signer *Signer, dir string, s Serialization) ([]byte, error) {
	p := modelPredicate{Serialization: serialization{
		Method: methodFiles, HashType: cmp.Or(s.Hash, hashSHA256), ShardSize: float64(s.ShardSize), AllowSymlinks: s.Symlinks,
		IgnorePaths: sortedUnique(append(slices.Clone(gitPaths), s.Ignore...)),
	}}
	if s.ShardSize != 0 {
		p.Serialization.Method = methodShards
	}
	root, only, err := openFolder(dir)
	if err != nil {
		return nil, fmt.Errorf("signing a model: %w", err)
	}
	defer root.Close()
	if p.Resources, err = p.measure(ctx, root.FS(), only, s.Workers); err != nil {
		return nil, fmt.Errorf("signing a model: %w", err)
	}
	digest, err := rootDigest(p.Resources)
	if err != nil {
		return nil, fmt.Errorf("signing a model: %w", err)
	}
	data, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("signing a model: %w", err)
	}
	return signStatement(ctx, signer, newStatement(folderName(dir), digest, modelvet.PredicateModelSignature, data))
}

func folderName(dir string) string {
	abs, err := filepath.Abs(dir)
	if name := filepath.Base(abs); err == nil && name != "/" && name != "." {
		return name
	}
	return "model"
}

// openFolder opens a model. One file is a model too: only names it in the
// folder that it lies in.
func openFolder(dir string) (root *os.Root, only string, err error) {
	if info, err := os.Lstat(dir); err == nil && info.Mode().IsRegular() {
		dir, only = filepath.Split(filepath.Clean(dir))
		dir = cmp.Or(dir, ".")
	}
	root, err = os.OpenRoot(dir)
	return root, only, err
}

// measure hashes every file that is not ignored.
func (p modelPredicate) measure(ctx context.Context, fsys fs.FS, only string, workers int) ([]modelResource, error) {
	probe := p
	probe.Resources = []modelResource{{Name: "x", Digest: strings.Repeat("0", 2*hashSizes[p.Serialization.HashType]), Algorithm: p.Serialization.HashType}}
	if err := probe.check(); err != nil {
		return nil, err
	}
	files, err := listFolder(fsys, only, p.Serialization.IgnorePaths, p.Serialization.AllowSymlinks)
	if err != nil {
		return nil, err
	}
	var jobs []job
	for _, f := range files {
		cut, err := p.pieces(f, maxShards)
		if err != nil {
			return nil, err
		}
		for _, c := range cut {
			jobs = append(jobs, job{f, c})
		}
	}
	digests, err := p.hashAll(ctx, fsys, jobs, workers)
	if err != nil {
		return nil, err
	}
	out := make([]modelResource, len(jobs))
	for i, j := range jobs {
		out[i] = modelResource{Name: j.name, Digest: digests[i], Algorithm: p.algorithm()}
	}
	slices.SortFunc(out, func(a, b modelResource) int { return strings.Compare(a.Name, b.Name) })
	return out, checkUnique(out)
}

// algorithm is how model_signing names the hash of a resource.
func (p modelPredicate) algorithm() string {
	if p.Serialization.Method == methodShards {
		return fmt.Sprintf("%s-sharded-%d", p.Serialization.HashType, int64(p.Serialization.ShardSize))
	}
	return p.Serialization.HashType
}

// listFolder lists the files below a folder, or one of them, without their digests.
func listFolder(fsys fs.FS, only string, ignore []string, symlinks bool) ([]modelvet.File, error) {
	var out []modelvet.File
	err := fs.WalkDir(fsys, cmp.Or(only, "."), func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case name != "." && ignored(name, ignore):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case d.IsDir():
			return nil
		}
		f, err := oneFile(fsys, name, d, symlinks)
		if err == nil {
			out = append(out, f)
		}
		return err
	})
	return out, err
}

func oneFile(fsys fs.FS, name string, d fs.DirEntry, symlinks bool) (modelvet.File, error) {
	if d.Type()&fs.ModeSymlink != 0 && !symlinks {
		return modelvet.File{}, fmt.Errorf("%q is a symbolic link: allow links, or leave it out", name)
	}
	info, err := fs.Stat(fsys, name)
	switch {
	case err != nil:
		return modelvet.File{}, err
	case !info.Mode().IsRegular():
		return modelvet.File{}, fmt.Errorf("%q is no regular file (%s), and cannot be signed: leave it out", name, info.Mode().Type())
	}
	return modelvet.File{Path: name, Size: info.Size()}, checkName(name)
}

// FolderOptions are for verifying a folder.
type FolderOptions struct {
	Ignore        []string // beside what the signature itself ignores: its own file, say
	AllowUnsigned bool     // files that the signature does not name are no error
	Workers       int
}

// VerifyFolder checks an OpenSSF model signature against a folder, or one file. Nothing is
// hashed before the signature holds and its signer is trusted.
func VerifyFolder(ctx context.Context, bundle []byte, trust Trust, dir string, o FolderOptions) modelvet.Evidence {
	return examine(ctx, bundle, trust, func(s statement) (modelvet.Subject, error) {
		if !isModel(s.PredicateType) {
			return claimed(s), fmt.Errorf("predicateType: %.120q: expected a model signature, %s", s.PredicateType, modelvet.PredicateModelSignature)
		}
		return claimed(s), checkFolder(ctx, s, dir, o)
	})
}

func checkFolder(ctx context.Context, s statement, dir string, o FolderOptions) error {
	p, err := parseModel(s)
	if err != nil {
		return fmt.Errorf("model signature: %w", err)
	}
	root, only, err := openFolder(dir)
	if err != nil {
		return unverified("model signature: %w", err)
	}
	defer root.Close()
	ignore := slices.Concat(gitPaths, p.Serialization.IgnorePaths, o.Ignore)
	files, err := listFolder(root.FS(), only, ignore, p.Serialization.AllowSymlinks)
	if err != nil {
		return unverified("model signature: reading the folder: %w", err)
	}
	if len(files) == 0 {
		return errors.New("model signature: the folder holds no file")
	}
	p.allowUnsigned, p.workers = o.AllowUnsigned, o.Workers
	if err := compareFiles(ctx, p, files, root.FS()); err != nil {
		return fmt.Errorf("model signature: %w", err)
	}
	return nil
}

func workersOr(n int) int {
	if n > 0 {
		return n
	}
	return runtime.GOMAXPROCS(0)
}
