// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/attest"
)

func signModelVerb(t *terminal) *cobra.Command {
	var signing signingFlags
	var s attest.Serialization
	var out, chain string
	cmd := &cobra.Command{
		Use:   "sign-model DIR",
		Short: "Sign the files of a folder as OpenSSF Model Signing v1.0 has it",
		Long:  "Writes a detached signature over the files in DIR, which model_signing and other tools of OpenSSF\nModel Signing verify too. `modelvet gate` makes the same signature over what it packs; this verb is for\na folder that is not packed. .git, .github, .gitignore and .gitattributes at the top, and the signature\nitself, are left out.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !signing.named() {
				return usage("name a key with --key, or use --keyless")
			}
			signer, err := signing.signer(cmd.Context(), t)
			if err != nil {
				return err
			}
			if signer, err = certified(signer, chain); err != nil {
				return err
			}
			s.Ignore = append(s.Ignore, inside(args[0], out)...)
			bundle, err := attest.SignFolder(cmd.Context(), signer, args[0], s)
			if err != nil {
				return usage("%w", err)
			}
			if err := replaceFile(out, bundle); err != nil {
				return fmt.Errorf("writing the signature: %w", err)
			}
			t.say("Signed %s: %s", args[0], out)
			return nil
		},
	}
	signing.add(cmd)
	fs := cmd.Flags()
	fs.StringVar(&out, "out", "model.sig", "file for the signature")
	fs.StringVar(&chain, "certificate-chain", "", "PEM file with the certificate of the key, and those between it and a private authority")
	fs.StringVar(&s.Hash, "hash", "sha256", "sha256, blake2b or blake3")
	fs.Int64Var(&s.ShardSize, "shard-size", 0, "sign parts of files of so many bytes, so that one large file is hashed on many cores (the specification names 1000000000)")
	fs.StringSliceVar(&s.Ignore, "ignore-paths", nil, "paths relative to DIR that are left out")
	fs.BoolVar(&s.Symlinks, "allow-symlinks", false, "follow symbolic links that stay in DIR")
	fs.IntVar(&s.Workers, "jobs", 0, "how many files or shards are hashed at a time (default: one for each core)")
	return cmd
}

func verifyModelVerb(t *terminal) *cobra.Command {
	var f judgeFlags
	var trust trustFlags
	var o attest.FolderOptions
	var signature, output string
	var authorities []string
	cmd := &cobra.Command{
		Use:   "verify-model DIR",
		Short: "Check the files of a folder against an OpenSSF model signature",
		Long:  "Checks that the files in DIR are those that somebody signed whom the policy, or a flag, trusts:\nnone changed, none missing, none more. It ends with 3 when they are not.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			js, err := asJSON(output)
			if err != nil {
				return err
			}
			g, err := f.open(cmd.Context(), t)
			if err != nil {
				return err
			}
			for _, a := range authorities {
				data, err := readOptional("--certificate-chain", a)
				if err != nil {
					return err
				}
				g.Authorities = append(g.Authorities, data)
			}
			if err := trust.apply(g); err != nil {
				return err
			}
			bundle, err := readBundle(signature)
			if err != nil {
				return err
			}
			o.Ignore = append(o.Ignore, inside(args[0], signature)...)
			e, err := g.VerifyFolder(cmd.Context(), bundle, args[0], o)
			if err != nil {
				return err
			}
			return t.concludeModel(e, args[0], js)
		},
	}
	f.addPolicy(cmd)
	trust.add(cmd)
	fs := cmd.Flags()
	fs.StringVar(&signature, "signature", "model.sig", "file with the signature")
	fs.StringSliceVar(&authorities, "certificate-chain", nil, "PEM file with the root certificate of a private authority to trust, beside the policy's")
	fs.StringSliceVar(&o.Ignore, "ignore-paths", nil, "paths relative to DIR that do not matter, beside those that the signature leaves out")
	fs.BoolVar(&o.AllowUnsigned, "ignore-unsigned-files", false, "files that are not signed are no error")
	fs.IntVar(&o.Workers, "jobs", 0, "how many files or shards are hashed at a time (default: one for each core)")
	fs.StringVar(&output, "output", "table", "table or json")
	return cmd
}

func (t *terminal) concludeModel(e modelvet.Evidence, dir string, js bool) error {
	var err error
	if js {
		err = t.json(verified([]modelvet.Evidence{e}))
	} else {
		err = t.evidence([]modelvet.Evidence{e})
	}
	if err != nil {
		return err
	}
	if e.Status != modelvet.Verified {
		return errDenied
	}
	t.say("The files in %s are those that %s signed.", dir, signerName(e.Signer))
	return nil
}

func certified(s *attest.Signer, chain string) (*attest.Signer, error) {
	if chain == "" {
		return s, nil
	}
	data, err := readOptional("--certificate-chain", chain)
	if err != nil {
		return nil, err
	}
	if s, err = s.WithCertificate(data); err != nil {
		return nil, usage("--certificate-chain: %w", err)
	}
	return s, nil
}

// inside is the path of a file relative to a folder that it lies in.
func inside(dir, file string) []string {
	d, err := filepath.Abs(dir)
	f, ferr := filepath.Abs(file)
	if err != nil || ferr != nil {
		return nil
	}
	rel, err := filepath.Rel(d, f)
	if err != nil || rel == "." || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator)) {
		return nil
	}
	return []string{filepath.ToSlash(rel)}
}

func readBundle(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, usage("reading the bundle: %w", err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, attest.MaxBundle+1))
	if err != nil {
		return nil, usage("reading the bundle: %w", err)
	}
	return data, nil
}

// replaceFile writes a file whole or not at all.
func replaceFile(path string, data []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".modelvet-")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(data)
	if serr := f.Sync(); err == nil {
		err = serr
	}
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil {
		err = os.Chmod(f.Name(), 0o644)
	}
	if err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}
