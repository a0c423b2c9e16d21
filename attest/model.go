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
}

type serialization struct {
	Method        string   `json:"method"` // files or shards
	HashType      string   `json:"hash_type"`
	ShardSize     int64    `json:"shard_size,omitempty"`
	AllowSymlinks bool     `json:"allow_symlinks"`
	IgnorePaths   []string `json:"ignore_paths"`
}

type modelResource struct {
	Name      string `json:"name"`
	Digest    string `json:"digest"`
	Algorithm string `json:"algorithm"`
}

const (
	methodFiles = "files"
	hashSHA256  = "sha256"
)

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
func VerifyModel(ctx context.Context, bundle []byte, trust Trust, files []modelvet.File) modelvet.Evidence {
	return examine(ctx, bundle, trust, func(s statement) (modelvet.Subject, error) {
		if s.PredicateType != modelvet.PredicateModelSignature {
			return claimed(s), fmt.Errorf("predicateType: %.120q: expected a model signature, %s", s.PredicateType, modelvet.PredicateModelSignature)
		}
		return claimed(s), checkModel(s, files)
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
func checkModel(s statement, files []modelvet.File) error {
	p, err := parseModel(s)
	if err != nil {
		return fmt.Errorf("model signature: %w", err)
	}
	if len(files) == 0 {
		return unverified("model signature: there are no files to compare it with")
	}
	return compareFiles(p, files)
}

func parseModel(s statement) (modelPredicate, error) {
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
	return p, p.check(s.Subject[0].Digest[hashSHA256])
}

func (p modelPredicate) check(root string) error {
	if p.Serialization.Method != methodFiles || p.Serialization.HashType != hashSHA256 {
		return unverified("it is made by %.40q with %.40q: only files with sha256 can be compared by digest", p.Serialization.Method, p.Serialization.HashType)
	}
	for _, r := range p.Resources {
		if err := checkName(r.Name); err != nil {
			return fmt.Errorf("resources: %w", err)
		}
		if _, err := hexDigest("sha256:" + r.Digest); err != nil || r.Algorithm != hashSHA256 {
			return fmt.Errorf("resource %.120q: expected 64 hex digits of sha256", r.Name)
		}
	}
	if err := checkUnique(p.Resources); err != nil {
		return err
	}
	if got, err := rootDigest(p.Resources); err != nil || got != root {
		return fmt.Errorf("subject: its digest is not that of the resources")
	}
	return nil
}

// compareFiles names the first few differences.
func compareFiles(p modelPredicate, files []modelvet.File) error {
	signed := map[string]string{}
	for _, r := range p.Resources {
		signed[r.Name] = "sha256:" + r.Digest
	}
	var diff []string
	for _, f := range files {
		switch want, ok := signed[f.Path]; {
		case !ok && ignored(f.Path, p.Serialization.IgnorePaths):
			diff = append(diff, fmt.Sprintf("%q is not signed (the signature ignores it)", f.Path))
		case !ok:
			diff = append(diff, fmt.Sprintf("%q is not signed, or there twice", f.Path))
		case want != f.Digest:
			diff = append(diff, fmt.Sprintf("%q changed since", f.Path))
		}
		delete(signed, f.Path)
	}
	for name := range signed {
		diff = append(diff, fmt.Sprintf("%q is missing", name))
	}
	if len(diff) == 0 {
		return nil
	}
	slices.Sort(diff)
	const most = 5
	if more := len(diff) - most; more > 0 {
		diff = append(diff[:most], fmt.Sprintf("and %d more", more))
	}
	return errors.New("model signature: " + strings.Join(diff, "; "))
}
