// SPDX-License-Identifier: Apache-2.0

// Command release packs and signs modelvet's own programs, for
// scripts/release.sh, which builds them.
package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/attest"
	"github.com/modelvet/modelvet/release"
)

func main() {
	if err := run(context.Background(), os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "release:", err)
		os.Exit(1)
	}
}

// plan is what scripts/release.sh knows of its build.
type plan struct {
	Version  string
	At       int64 // seconds since 1970
	Programs []release.Program
	Statics  []release.Static
	Modules  []struct{ Path, Version, Dir string }
	Source   attest.Git
	Tools    []modelvet.LineageInput // what it was built with
	Licence  string                  // file
}

func run(ctx context.Context, args []string) error {
	flags := flag.NewFlagSet("release", flag.ContinueOnError)
	planFile := flags.String("plan", "", "JSON file that scripts/release.sh writes")
	out := flags.String("out", "", "folder for the release, new or empty")
	key := flags.String("key", "", "private key to sign the provenance with")
	keyless := flags.Bool("keyless", false, "sign the provenance with the identity of the pipeline")
	if err := flags.Parse(args); err != nil {
		return err
	}
	p, r, err := read(*planFile)
	if err != nil {
		return err
	}
	files, err := r.Write(*out)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(r.Programs, func(p release.Program) bool { return p.OS == "linux" }) {
		image, err := r.Image(filepath.Join(*out, "image"))
		if err != nil {
			return err
		}
		files = append(files, release.File{Name: "ghcr.io/modelvet/modelvet", SHA256: strings.TrimPrefix(image, "sha256:")})
	}
	for _, f := range files {
		fmt.Printf("%s  %s\n", f.SHA256, f.Name)
	}
	if *key == "" && !*keyless {
		fmt.Fprintln(os.Stderr, "release: nothing is signed: no --key and no --keyless")
		return nil
	}
	return sign(ctx, p, *out, *key, files)
}

func read(name string) (p plan, r release.Release, err error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return p, r, err
	}
	if err := json.Unmarshal(data, &p); err != nil {
		return p, r, fmt.Errorf("reading %s: %w", name, err)
	}
	r = release.Release{Version: p.Version, At: time.Unix(p.At, 0), Programs: p.Programs, Statics: p.Statics}
	for _, program := range r.Programs {
		if err := release.Examine(program); err != nil {
			return p, r, err
		}
	}
	if r.Licence, err = os.ReadFile(p.Licence); err != nil {
		return p, r, err
	}
	dirs := map[string]string{}
	for _, m := range p.Modules {
		dirs[m.Path+"@"+m.Version] = m.Dir
	}
	r.Others, err = r.Licences(dirs)
	return p, r, err
}

// sign states where everything comes from, in one SLSA provenance.
func sign(ctx context.Context, p plan, out, key string, files []release.File) error {
	env := map[string]string{}
	for _, kv := range os.Environ() {
		name, value, _ := strings.Cut(kv, "=")
		env[name] = value
	}
	b := attest.Build{
		Git: p.Source, Entry: "scripts/release.sh", Parameters: map[string]string{"version": p.Version}, Inputs: p.Tools,
		Started: time.Unix(p.At, 0), Finished: time.Unix(p.At, 0),
	}
	signer, err := load(ctx, key, env, &b)
	if err != nil {
		return err
	}
	predicate, err := attest.Provenance(env, b)
	if err != nil {
		return err
	}
	subjects := make([]modelvet.Subject, len(files))
	for i, f := range files {
		subjects[i] = modelvet.Subject{Name: f.Name, Digest: "sha256:" + f.SHA256}
	}
	bundle, err := attest.SignAll(ctx, signer, subjects, modelvet.PredicateProvenance, predicate, time.Unix(p.At, 0))
	if err != nil {
		return err
	}
	name := filepath.Join(out, "modelvet_"+strings.TrimPrefix(p.Version, "v")+".provenance.sigstore.json")
	if err := os.WriteFile(name, bundle, 0o644); err != nil {
		return err
	}
	sum := sha256.Sum256(bundle)
	fmt.Printf("%s  %s\n", hex.EncodeToString(sum[:]), filepath.Base(name))
	return nil
}

// load opens the signer, and lets the pipeline's token vouch for the build.
func load(ctx context.Context, key string, env map[string]string, b *attest.Build) (*attest.Signer, error) {
	tokens, none := attest.Tokens("", env)
	if none == nil && (env["GITHUB_ACTIONS"] == "true" || env["GITLAB_CI"] == "true") {
		token, err := tokens(ctx)
		if err != nil {
			return nil, err
		}
		if b.Vouched, err = attest.Vouch(ctx, token, "", env, time.Now()); err != nil {
			return nil, err
		}
	}
	if key != "" {
		return attest.LoadSigner(ctx, key, func() ([]byte, error) { return []byte(os.Getenv("MODELVET_PASSWORD")), nil })
	}
	if none != nil {
		return nil, none
	}
	return attest.NewKeyless(ctx, tokens, attest.Sigstore{})
}
