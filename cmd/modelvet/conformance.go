// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"os"

	"github.com/spf13/cobra"
)

// conformanceVerb speaks the protocol of the conformance suite of OpenSSF Model
// Signing, so that the suite runs what people run: it only translates.
func conformanceVerb(t *terminal) *cobra.Command {
	cmd := &cobra.Command{
		Use: "conformance", Hidden: true, Args: cobra.NoArgs,
		Short: "The client that the conformance suite of OpenSSF Model Signing calls",
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(conformanceStep("sign-model", func(f conformanceFlags) (*cobra.Command, []string, error) {
		return signModelVerb(t), f.sign(), nil
	}), conformanceStep("verify-model", func(f conformanceFlags) (*cobra.Command, []string, error) {
		args, err := f.verify()
		return verifyModelVerb(t), args, err
	}))
	return cmd
}

type conformanceFlags struct {
	method, model, out, bundle, private, public, cert string
	chain, ignore                                     []string
	unsigned                                          bool

	joined string // file with the certificates of the chain
}

func conformanceStep(name string, plan func(conformanceFlags) (*cobra.Command, []string, error)) *cobra.Command {
	var f conformanceFlags
	cmd := &cobra.Command{Use: name, Args: cobra.NoArgs, RunE: func(cmd *cobra.Command, _ []string) error {
		if f.method != "key" && f.method != "certificate" {
			return usage("--method is %q; want key or certificate", f.method)
		}
		done, err := f.join()
		if err != nil {
			return err
		}
		defer done()
		inner, args, err := plan(f)
		if err != nil {
			return err
		}
		inner.SilenceErrors, inner.SilenceUsage = true, true
		inner.SetArgs(args)
		return inner.ExecuteContext(cmd.Context())
	}}
	fs := cmd.Flags()
	for flag, into := range map[string]*string{"method": &f.method, "model-path": &f.model, "output-bundle": &f.out, "bundle": &f.bundle,
		"private-key": &f.private, "public-key": &f.public, "signing-cert": &f.cert} {
		fs.StringVar(into, flag, "", "as the protocol has it")
	}
	fs.StringArrayVar(&f.chain, "cert-chain", nil, "as the protocol has it")
	fs.StringArrayVar(&f.ignore, "ignore-paths", nil, "as the protocol has it")
	fs.BoolVar(&f.unsigned, "ignore-unsigned-files", false, "as the protocol has it")
	return cmd
}

// join writes the certificates into one file: the suite has one for each.
func (f *conformanceFlags) join() (done func(), err error) {
	if f.method != "certificate" {
		return func() {}, nil
	}
	var all [][]byte
	names := f.chain
	if f.cert != "" {
		names = append([]string{f.cert}, names...)
	}
	for _, name := range names {
		b, err := os.ReadFile(name)
		if err != nil {
			return nil, usage("--cert-chain: %w", err)
		}
		all = append(all, b)
	}
	file, err := os.CreateTemp("", "modelvet-chain-")
	if err != nil {
		return nil, err
	}
	f.joined = file.Name()
	_, err = file.Write(bytes.Join(all, []byte("\n")))
	if cerr := file.Close(); err == nil {
		err = cerr
	}
	return func() { os.Remove(f.joined) }, err
}

func (f conformanceFlags) sign() []string {
	args := []string{f.model, "--key", f.private, "--out", f.out}
	if f.joined != "" {
		args = append(args, "--certificate-chain", f.joined)
	}
	return append(args, f.ignored()...)
}

func (f conformanceFlags) verify() ([]string, error) {
	args := []string{f.model, "--signature", f.bundle}
	switch {
	case f.joined != "":
		args = append(args, "--certificate-chain", f.joined, "--certificate-identity-regexp", ".*", "--certificate-oidc-issuer-regexp", ".*")
	case f.public == "":
		return nil, usage("--public-key is missing")
	default:
		args = append(args, "--public-key", f.public)
	}
	if f.unsigned {
		args = append(args, "--ignore-unsigned-files")
	}
	return append(args, f.ignored()...), nil
}

func (f conformanceFlags) ignored() (args []string) {
	for _, p := range f.ignore {
		for _, rel := range inside(f.model, p) {
			args = append(args, "--ignore-paths", rel)
		}
	}
	return args
}
