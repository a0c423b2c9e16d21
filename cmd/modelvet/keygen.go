// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet/attest"
)

func keygenVerb(t *terminal) *cobra.Command {
	var prefix string
	cmd := &cobra.Command{
		Use:   "keygen",
		Short: "Make a key pair: PREFIX.key and PREFIX.pub",
		Long:  "Makes an ECDSA P-256 key pair that cosign reads too. The private key is encrypted when\nMODELVET_PASSWORD is set and not empty. Existing files are never overwritten.",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			password := os.Getenv("MODELVET_PASSWORD")
			if err := attest.GenerateKey(prefix, []byte(password)); err != nil {
				return usage("%w", err)
			}
			pub, err := os.ReadFile(prefix + ".pub")
			if err != nil {
				return err
			}
			if password == "" {
				t.say("MODELVET_PASSWORD is empty: %s.key is not encrypted; keep it where nobody reads it.", prefix)
			}
			t.say("For the governance team, to be put under trust in the policy with a name and roles:")
			_, err = t.out.Write(pub)
			return err
		},
	}
	cmd.Flags().StringVar(&prefix, "out", "modelvet", "path and name without ending")
	return cmd
}
