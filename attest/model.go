// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/modelvet/modelvet"
)

// The predicate of OpenSSF Model Signing v1.0 (ossf/model-signing-spec, spec/v1.0.md).
type modelPredicate struct {
	Serialization serialization   `json:"serialization"`
	Resources     []modelResource `json:"resources"`

	allowUnsigned bool // of the verifier: more files than are signed
	workers       int
}

type serialization struct {
	Method        string   `json:"method"` // files or shards
	HashType      string   `json:"hash_type"`
	ShardSize     float64  `json:"shard_size,omitempty"` // bytes; model_signing writes 1000.0
	AllowSymlinks bool     `json:"allow_symlinks"`
	IgnorePaths   []string `json:"ignore_paths"`
}

type modelResource struct {
	Name      string `json:"name"`
	Digest    string `json:"digest"`
	Algorithm string `json:"algorithm"`
}

const (
	methodFiles  = "files"
	methodShards = "shards"
	hashSHA256   = "sha256"
	hashBLAKE2b  = "blake2b"
	hashBLAKE3   = "blake3"
)

// hashSizes are in bytes.
var hashSizes = map[string]int{hashSHA256: 32, hashBLAKE2b: 64, hashBLAKE3: 32}

// maxShards bounds the parts of one file: more would make a signature that nobody reads.
const maxShards = 1 << 20

// predicateDigests is what model_signing 0.2 wrote: every file is a subject.
const predicateDigests = "https://model_signing/Digests/v0.1"

func isModel(predicateType string) bool {
	return predicateType == modelvet.PredicateModelSignature || predicateType == predicateDigests
}

// SignModel makes an OpenSSF Model Signing v1.0 signature over files whose
// digests are known already: no byte of a weight is read. name is the name of
// the model (informational); ignore are exact relative paths that a verifier
// of the folder leaves out, such as the signature's own file. A file may not
// be both signed and ignored.
func SignModel(ctx context.Context, signer *Signer, name string, files []modelvet.File, ignore []string) ([]byte, error) {
	p := modelPredicate{Serialization: serialization{Method: methodFiles, HashType: hashSHA256, IgnorePaths: sortedUnique(ignore)}}
	var err error
	if p.Resources, err = resourcesOf(files, p.Serialization.IgnorePaths); err != nil {
		return nil, fmt.Errorf("signing a model: %w", err)
	}
	root, err := rootDigest(p.Resources)
	if err != nil {
		return nil, fmt.Errorf("signing a model: %w", err)
	}
	data, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("signing a model: %w", err)
	}
	return signStatement(ctx, signer, newStatement(cmp.Or(name, "model"), root, modelvet.PredicateModelSignature, data))
}

// VerifyModel checks an OpenSSF model signature against the files of a model,
// all of them: a file that is missing, changed or not signed makes it
// invalid, and is named. Leave out of files what the signature is not meant
// to cover, such as its own file. The subject of the evidence is the model as
// signed; its digest is the root of the signature, not of an OCI manifest.
//
// A signature over shards of files or with another hash than SHA-256 cannot
// be compared by digest: it is unverified here, see [VerifyModelBytes].
func VerifyModel(ctx context.Context, bundle []byte, trust Trust, files []modelvet.File) modelvet.Evidence {
	return VerifyModelBytes(ctx, bundle, trust, files, nil)
}

// VerifyModelBytes is VerifyModel with the files themselves: where digests do
// not suffice, the bytes are read from fsys, once, in pieces of 1 MiB.
func VerifyModelBytes(ctx context.Context, bundle []byte, trust Trust, files []modelvet.File, fsys fs.FS) modelvet.Evidence {
	return examine(ctx, bundle, trust, func(s statement) (modelvet.Subject, error) {
		if !isModel(s.PredicateType) {
			return claimed(s), fmt.Errorf("predicateType: %.120q: expected a model signature, %s", s.PredicateType, modelvet.PredicateModelSignature)
		}
		return claimed(s), checkModel(ctx, s, files, fsys)
	})
}

func resourcesOf(files []modelvet.File, ignore []string) ([]modelResource, error) {
	out := make([]modelResource, 0, len(files))
	for _, f := range files {
		if err := checkName(f.Path); err != nil {
			return nil, err
		}
		if ignored(f.Path, ignore) {
			return nil, fmt.Errorf("file %q is both signed and ignored: drop it from one of the lists", f.Path)
		}
		digest, err := hexDigest(f.Digest)
		if err != nil {
			return nil, fmt.Errorf("file %q: %w", f.Path, err)
		}
		out = append(out, modelResource{Name: f.Path, Digest: digest, Algorithm: hashSHA256})
	}
	slices.SortFunc(out, func(a, b modelResource) int { return strings.Compare(a.Name, b.Name) })
	return out, checkUnique(out)
}

// checkName holds a path to what the specification allows.
func checkName(name string) error {
	if name == "" || !utf8.ValidString(name) || strings.ContainsAny(name, "\\\x00") || path.IsAbs(name) ||
		path.Clean(name) != name || name == "." || name == ".." || strings.HasPrefix(name, "../") {
		return fmt.Errorf("path %.120q: expected a relative path with slashes, without . and ..", name)
	}
	return nil
}

// checkUnique does not ask for the order of the specification (by code
// point): model_signing sorts by path element, which differs for "a-b" and
// "a/b". The root digest follows the order as signed.
func checkUnique(resources []modelResource) error {
	if len(resources) == 0 {
		return errors.New("no files: an empty model cannot be signed")
	}
	seen := make(map[string]bool, len(resources))
	for _, r := range resources {
		if seen[r.Name] {
			return fmt.Errorf("file %.120q is there twice", r.Name)
		}
		seen[r.Name] = true
	}
	return nil
}

// ignored tells whether a path is one of the ignored ones or below one.
func ignored(name string, ignore []string) bool {
	return slices.ContainsFunc(ignore, func(i string) bool { return name == i || strings.HasPrefix(name, i+"/") })
}

// rootDigest is the SHA-256 of the raw digests, one after the other.
func rootDigest(resources []modelResource) (string, error) {
	h := sha256.New()
	for _, r := range resources {
		raw, err := hex.DecodeString(r.Digest)
		if err != nil {
			return "", fmt.Errorf("resource %.120q: its digest is no hex", r.Name)
		}
		h.Write(raw)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func sortedUnique(names []string) []string {
	out := append([]string{}, names...)
	slices.Sort(out)
	return slices.Compact(out)
}

// checkModel compares a model signature with the files at hand.
func checkModel(ctx context.Context, s statement, files []modelvet.File, fsys fs.FS) error {
	p, err := parseModel(s)
	if err != nil {
		return fmt.Errorf("model signature: %w", err)
	}
	if len(files) == 0 {
		return unverified("model signature: there are no files to compare it with")
	}
	if err := compareFiles(ctx, p, files, fsys); err != nil {
		return fmt.Errorf("model signature: %w", err)
	}
	return nil
}

func parseModel(s statement) (modelPredicate, error) {
	if s.PredicateType == predicateDigests {
		return parseDigests(s)
	}
	var p modelPredicate
	members, err := object(s.Predicate, "serialization", "resources")
	if err != nil {
		return p, err
	}
	if len(members) != 2 {
		return p, errors.New("predicate: expected serialization and resources, nothing else")
	}
	if err := json.Unmarshal(s.Predicate, &p); err != nil {
		return p, fmt.Errorf("predicate: %w", err)
	}
	if len(s.Subject) != 1 {
		return p, fmt.Errorf("subject: %d of them, expected exactly one", len(s.Subject))
	}
	if err := p.check(); err != nil {
		return p, err
	}
	if got, err := rootDigest(p.Resources); err != nil || got != s.Subject[0].Digest[hashSHA256] {
		return p, errors.New("subject: its digest is not that of the resources")
	}
	return p, nil
}

// parseDigests reads the older form, which has no root and no serialization.
func parseDigests(s statement) (modelPredicate, error) {
	p := modelPredicate{Serialization: serialization{Method: methodFiles, HashType: hashSHA256}}
	for _, r := range s.Subject {
		p.Resources = append(p.Resources, modelResource{Name: r.Name, Digest: r.Digest[hashSHA256], Algorithm: hashSHA256})
	}
	return p, p.check()
}

func (p modelPredicate) check() error {
	s := p.Serialization
	size := hashSizes[s.HashType]
	if s.Method != methodFiles && s.Method != methodShards || size == 0 || s.Method == methodShards && s.HashType == hashBLAKE3 {
		return unverified("it is made by %.40q with %.40q: only files with sha256, blake2b or blake3, and shards with sha256 or blake2b are known", s.Method, s.HashType)
	}
	algorithms := []string{s.HashType}
	if s.Method == methodShards {
		if n := s.ShardSize; n < 1 || n != math.Trunc(n) || n > 1<<53 {
			return fmt.Errorf("serialization: shard_size %v: expected a whole number of bytes", n)
		}
		algorithms = append(algorithms, fmt.Sprintf("%s-sharded-%d", s.HashType, int64(s.ShardSize)))
	}
	for _, r := range p.Resources {
		if err := checkName(r.Name); err != nil {
			return fmt.Errorf("resources: %w", err)
		}
		raw, err := hex.DecodeString(r.Digest)
		if err != nil || len(raw) != size || r.Digest != strings.ToLower(r.Digest) || !slices.Contains(algorithms, r.Algorithm) {
			return fmt.Errorf("resource %.120q: expected %d hex digits of %s", r.Name, 2*size, s.HashType)
		}
	}
	return checkUnique(p.Resources)
}
