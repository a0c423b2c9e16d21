// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet/attest"
)

// signingFlags say with what something is signed. They are named as those of cosign.
type signingFlags struct {
	key     string
	keyless bool
	token   string
	config  string
	root    string
	fulcio  string
	rekor   string
	stamps  string
	issuer  string
}

func (f *signingFlags) add(cmd *cobra.Command) {
	fs := cmd.Flags()
	fs.StringVar(&f.key, "key", os.Getenv("MODELVET_KEY"), "private key: a PEM file, env://NAME or a KMS address (or MODELVET_KEY)")
	fs.BoolVar(&f.keyless, "keyless", false, "sign as the holder of an identity token, with a certificate of Sigstore; GitHub Actions and GitLab CI offer the token")
	fs.StringVar(&f.token, "identity-token", "", "with --keyless: the token, or a file that holds it")
	fs.StringVar(&f.issuer, "oidc-issuer", os.Getenv("MODELVET_OIDC_ISSUER"), "issuer of the pipeline's identity token, where it is not the platform's own (or MODELVET_OIDC_ISSUER)")
	fs.StringVar(&f.config, "signing-config", "", "signing_config.json of a private Sigstore (default with --keyless: the public one)")
	fs.StringVar(&f.root, "trusted-root", "", "trusted_root.json of the same Sigstore")
	fs.StringVar(&f.fulcio, "fulcio-url", "", "certificate authority, in place of the signing config's")
	fs.StringVar(&f.rekor, "rekor-url", "", "transparency log (Rekor v1), in place of the signing config's")
	fs.StringVar(&f.stamps, "timestamp-server-url", "", "time-stamp authority (RFC 3161), in place of the signing config's")
}

func (f *signingFlags) named() bool { return f.key != "" || f.keyless }

// signer opens what the flags name; nil when they name nothing.
func (f *signingFlags) signer(ctx context.Context, t *terminal) (*attest.Signer, error) {
	switch {
	case f.keyless && f.key != "" && os.Getenv("MODELVET_KEY") != f.key:
		return nil, usage("--keyless and --key exclude each other")
	case !f.keyless && f.token != "":
		return nil, usage("--identity-token is for --keyless")
	case !f.named():
		return nil, nil
	}
	services, err := f.services()
	if err != nil {
		return nil, err
	}
	if f.keyless {
		tokens, err := attest.Tokens(f.token, environment())
		if err != nil {
			return nil, usage("--keyless: %w", err)
		}
		s, err := attest.NewKeyless(ctx, tokens, services)
		if err != nil {
			return nil, usage("--keyless: %w", err)
		}
		return s, nil
	}
	s, err := attest.LoadSigner(ctx, f.key, t.password)
	if err != nil {
		return nil, usage("--key: %w", err)
	}
	if f.config == "" && f.rekor == "" && f.stamps == "" {
		return s, nil
	}
	if s, err = s.WithServices(services, time.Now()); err != nil {
		return nil, usage("--signing-config: %w", err)
	}
	return s, nil
}

func (f *signingFlags) services() (attest.Sigstore, error) {
	s := attest.Sigstore{FulcioURL: f.fulcio, RekorURL: f.rekor, TimestampURL: f.stamps}
	var err error
	if s.SigningConfig, err = readOptional("--signing-config", f.config); err != nil {
		return s, err
	}
	s.TrustedRoot, err = readOptional("--trusted-root", f.root)
	return s, err
}

func readOptional(flag, path string) ([]byte, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, usage("%s: %w", flag, err)
	}
	return data, nil
}

// tokenOfRun is where the run's identity token comes from, whoever signs; nil when
// the pipeline offers none.
func (f *signingFlags) tokenOfRun() attest.TokenSource {
	source, err := attest.Tokens(f.token, environment())
	if err != nil {
		return nil // said by --keyless, which needs one
	}
	return source
}
