// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"

	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet/gate"
)

func attestVerb(t *terminal) *cobra.Command {
	var predicateType, predicate string
	var signing signingFlags
	var bundle string
	cmd := &cobra.Command{
		Use:   "attest REF",
		Short: "Sign a predicate about an artifact, and attach it",
		Long:  "Signs the JSON document in --predicate as an in-toto statement about REF and attaches it. --type is\na predicate type, or one of system, scan and lineage (with the content that `modelvet scan --output\njson` prints, every scan becomes a statement). Approvals, waivers and decisions have their own verbs.\n\nWith --bundle it attaches what is signed already: by cosign or model_signing, or by `modelvet sign-model`,\nwhose signature is about files and so holds for an artifact and an image of the same model.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if bundle != "" {
				return attachBundle(cmd.Context(), t, reference(args[0]), bundle, predicateType+predicate != "" || signing.keyless || cmd.Flags().Changed("key"))
			}
			if predicateType == "" || predicate == "" {
				return usage("name --type and --predicate, or a --bundle that is signed already")
			}
			document, err := os.ReadFile(predicate)
			if err != nil {
				return usage("--predicate: %w", err)
			}
			now, _, err := clock()
			if err != nil {
				return err
			}
			g := &gate.Gate{Now: now, Version: version()}
			if !signing.named() {
				return usage("a statement has to be signed; name a key with --key, or use --keyless")
			}
			if g.Signer, err = signing.signer(cmd.Context(), t); err != nil {
				return err
			}
			n, err := g.Attest(cmd.Context(), reference(args[0]), predicateType, document)
			if err == nil {
				t.say("Attached %d statements to %s", n, args[0])
			}
			return err
		},
	}
	cmd.Flags().StringVar(&predicateType, "type", "", "predicate type, or system, scan, lineage, bom, spdx")
	cmd.Flags().StringVar(&predicate, "predicate", "", "file with the predicate, JSON")
	signing.add(cmd)
	cmd.Flags().StringVar(&bundle, "bundle", "", "attach this Sigstore bundle, which is signed already, in place of signing something")
	return cmd
}

func attachBundle(ctx context.Context, t *terminal, ref, file string, more bool) error {
	if more {
		return usage("--bundle is signed already: leave out --type, --predicate and --key")
	}
	data, err := readBundle(file)
	if err != nil {
		return err
	}
	now, _, err := clock()
	if err != nil {
		return err
	}
	kind, err := (&gate.Gate{Now: now, Version: version()}).AttachBundle(ctx, ref, data)
	if err == nil {
		t.say("Attached a statement of type %s to %s; `modelvet verify` says whether it holds", printable(kind), ref)
	}
	return err
}
