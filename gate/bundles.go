// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/artifact"
	"github.com/modelvet/modelvet/attest"
	"github.com/modelvet/modelvet/controls"
	"github.com/modelvet/modelvet/policies"
)

// BundleRef is a folder of rules, catalogues and profiles that lies in a
// registry or layout: pinned by its digest, and signed.
type BundleRef struct {
	Ref    string   `json:"ref"`
	Digest string   `json:"digest"`
	Keys   []string `json:"keys"` // names under trust, with the role policy-owner
}

// What a bundle may hold at most: rules are text.
const (
	maxBundleBytes = 64 << 20
	maxBundleFiles = 5000
)

// bundles brings the policy's bundles into folders of a temporary directory,
// each verified before a byte of it is parsed. The caller removes the directory.
func (g *Gate) bundles(ctx context.Context, dir string) ([]fs.FS, error) {
	var out []fs.FS
	for i, b := range g.Policy.Bundles {
		to := filepath.Join(dir, fmt.Sprint(i))
		if err := g.bundle(ctx, b, to); err != nil {
			return nil, fmt.Errorf("%s: bundles[%d]: %s: %w", g.Policy.Origin, i, b.Ref, err)
		}
		out = append(out, os.DirFS(to))
	}
	return out, nil
}

func (g *Gate) bundle(ctx context.Context, b BundleRef, to string) error {
	trust, err := g.Policy.only(b.Keys, g.Now)
	if err != nil {
		return err
	}
	a, err := artifact.Open(ctx, pinned(g.Policy.resolve(b.Ref), b.Digest), artifact.Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	if got := a.Subject().Digest; got != b.Digest {
		return fmt.Errorf("its digest is %s, and %s is pinned", got, b.Digest)
	}
	if err := small(a.Subject().Files); err != nil {
		return err
	}
	if err := a.Verify(ctx); err != nil {
		return err
	}
	if err := signedRules(ctx, a, trust); err != nil {
		return err
	}
	return a.Extract(ctx, to)
}

// pinned is a reference by digest, whatever its tag says by now.
func pinned(ref, digest string) string {
	base := ref
	if i := strings.LastIndex(base, "@sha256:"); i >= 0 {
		base = base[:i]
	}
	if i := strings.LastIndexAny(base, ":/"); i >= 0 && base[i] == ':' && base[:i] != "oci" {
		base = base[:i]
	}
	return base + "@" + digest
}

func small(files []modelvet.File) error {
	var size int64
	for _, f := range files {
		size += f.Size
	}
	if size > maxBundleBytes || len(files) > maxBundleFiles {
		return fmt.Errorf("it has %d bytes in %d files; at most %d bytes in %d files are read", size, len(files), maxBundleBytes, maxBundleFiles)
	}
	return nil
}

// signedRules demands one statement about exactly this artifact that says that
// it is rules, by one of the bundle's keys.
func signedRules(ctx context.Context, a *artifact.Artifact, trust attest.Trust) error {
	referrers, err := a.Referrers(ctx)
	if err != nil {
		return err
	}
	why := []string{}
	for _, r := range referrers {
		if r.Err != nil {
			return r.Err
		}
		e := attest.Verify(ctx, r.Bundle, trust, a.Subject())
		if e.Status == modelvet.Verified && e.PredicateType == modelvet.PredicateRules {
			return nil
		}
		if r.PredicateType == modelvet.PredicateRules {
			why = append(why, e.Reason)
		}
	}
	if len(why) == 0 {
		why = append(why, "nobody signed it; `modelvet policy push` does")
	}
	return fmt.Errorf("it is not believed: %s", strings.Join(why, "; "))
}

// only is trust in the named policy owners and in nobody else.
func (p *Policy) only(names []string, now time.Time) (attest.Trust, error) {
	owners := p.owners(now)
	t := attest.Trust{Roots: owners.Roots, Authorities: owners.Authorities, Now: now}
	for _, name := range names {
		n := len(t.Keys) + len(t.Identities)
		for _, k := range owners.Keys {
			if k.Name == name {
				t.Keys = append(t.Keys, k)
			}
		}
		for _, i := range owners.Identities {
			if i.Name == name {
				t.Identities = append(t.Identities, i)
			}
		}
		if len(t.Keys)+len(t.Identities) == n {
			return t, fmt.Errorf("%w: keys: trust names nobody called %q with the role %s", ErrInput, name, RolePolicyOwner)
		}
	}
	return t, nil
}

// PushRules checks a folder of rules, packs it as an OCI artifact, signs that
// and brings both to ref. It returns the digest to pin.
func PushRules(ctx context.Context, dir, ref string, signer *attest.Signer, now time.Time) (string, error) {
	rules, err := checkRules(ctx, dir)
	if err != nil {
		return "", fmt.Errorf("%w: checking the rules: %w", ErrInput, err)
	}
	work, err := os.MkdirTemp("", "modelvet-rules-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	sys := modelvet.System{Name: "rules", Version: "1", Model: modelvet.ModelFiles{Files: rules, Format: "rego"}}
	subject, err := artifact.Pack(ctx, dir, sys, filepath.Join(work, "layout"), artifact.Options{})
	if err != nil {
		return "", err
	}
	if err := small(subject.Files); err != nil {
		return "", fmt.Errorf("%w: %w", ErrInput, err)
	}
	bundle, err := attest.Sign(ctx, signer, subject, modelvet.PredicateRules, map[string]any{"rules": rules}, now)
	if err != nil {
		return "", err
	}
	from := "oci:" + filepath.Join(work, "layout")
	if err := attachAll(ctx, from, []artifact.Attachment{{PredicateType: modelvet.PredicateRules, Bundle: bundle}}, now); err != nil {
		return "", err
	}
	if _, err := artifact.Copy(ctx, from, ref, artifact.Options{}); err != nil {
		return "", err
	}
	return subject.Digest, nil
}

// checkRules loads a folder as the gate would, and lists its rules' files.
func checkRules(ctx context.Context, dir string) ([]string, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	var books []fs.FS
	if adds(root.FS()) {
		books = append(books, root.FS())
	}
	set, err := controls.Load(books...)
	if err != nil {
		return nil, err
	}
	e, err := policies.New(ctx, root.FS())
	if err != nil {
		return nil, err
	}
	if err := e.CheckControls(known(set)); err != nil {
		return nil, err
	}
	var out []string
	for _, id := range e.Added() {
		area, name, _ := strings.Cut(id, ".")
		out = append(out, "rules/"+area+"/"+name+"/"+name+".rego")
	}
	slices.Sort(out)
	return out, nil
}

func known(set *controls.Set) func(string) bool {
	return func(id string) bool {
		e, ok := set.Control(id)
		return ok && e.InForce()
	}
}

// withBundles runs f with the folders of the policy's bundles, which are gone afterwards.
func (g *Gate) withBundles(ctx context.Context, f func([]fs.FS) error) (err error) {
	if len(g.Policy.Bundles) == 0 {
		return f(nil)
	}
	dir, err := os.MkdirTemp("", "modelvet-bundles-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	folders, err := g.bundles(ctx, dir)
	if err != nil {
		return err
	}
	return f(folders)
}
