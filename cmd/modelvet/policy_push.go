// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet/attest"
	"github.com/modelvet/modelvet/gate"
)

func policyPush(t *terminal) *cobra.Command {
	var key string
	cmd := &cobra.Command{
		Use:   "push DIR REF",
		Short: "Check, pack and sign a folder of rules, and bring it to a registry or layout",
		Long:  "DIR holds rules/AREA/NAME/NAME.rego and, where there are any, catalogues and profiles. Prints the digest, to be\npinned in policy.yaml:\n\n  bundles:\n  - {ref: REF, digest: sha256:..., keys: [name of the signer under trust]}",
		Args:  cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			now, _, err := clock()
			if err != nil {
				return err
			}
			signer, err := attest.LoadSigner(cmd.Context(), key, t.password)
			if err != nil {
				return usage("--key: %w", err)
			}
			digest, err := gate.PushRules(cmd.Context(), args[0], args[1], signer, now)
			if err != nil {
				return err
			}
			t.say("Pin it in policy.yaml:\n  bundles:\n  - {ref: %s, digest: %s, keys: [...]}", args[1], digest)
			_, err = fmt.Fprintln(t.out, digest)
			return err
		},
	}
	cmd.Flags().StringVar(&key, "key", os.Getenv("MODELVET_KEY"), "private key of a signer with the role policy-owner (or MODELVET_KEY)")
	return cmd
}
