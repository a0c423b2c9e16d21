// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet/gate"
)

func attestVerb(t *terminal) *cobra.Command {
	var predicateType, predicate string
	var signing signingFlags
	cmd := &cobra.Command{
		Use:   "attest REF",
		Short: "Sign a predicate about an artifact, and attach it",
		Long:  "Signs the JSON document in --predicate as an in-toto statement about REF and attaches it. --type is\na predicate type, or one of system, scan and lineage (with the content that `modelvet scan --output\njson` prints, every scan becomes a statement). Approvals, waivers and decisions have their own verbs.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
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
	_ = cmd.MarkFlagRequired("type")
	_ = cmd.MarkFlagRequired("predicate")
	return cmd
}
