// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet/attest"
	"github.com/modelvet/modelvet/gate"
)

func policySign(t *terminal) *cobra.Command {
	var stage, key, out, authority string
	cmd := &cobra.Command{
		Use:   "sign POLICY.yaml",
		Short: "Sign the thresholds of a stage, so that it is shown that they were set before an evaluation",
		Long: "Signs the thresholds of a stage, and nothing else of the file, with today's date. Name the file that is written under\n" +
			"thresholdsSignature in the stage. A change of a threshold makes the signature void. With a plain key the date is the\nsigner's word; --timestamp has an RFC 3161 authority add its own.",
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := gate.LoadPolicy(args[0])
			if err != nil {
				return usage("%w", err)
			}
			now, _, err := clock()
			if err != nil {
				return err
			}
			signer, err := attest.LoadSigner(cmd.Context(), key, t.password)
			if err != nil {
				return usage("--key: %w", err)
			}
			bundle, err := gate.SignThresholds(cmd.Context(), p, stage, signer, now)
			if err != nil {
				return err
			}
			if authority != "" {
				if bundle, err = attest.Stamp(cmd.Context(), bundle, authority); err != nil {
					return err
				}
			}
			if out == "" {
				out = filepath.Join(filepath.Dir(args[0]), "thresholds-"+stage+".sigstore.json")
			}
			if err := writeFile(out, bundle); err != nil {
				return err
			}
			t.say("Name it in stage %s:  thresholdsSignature: %s", stage, filepath.Base(out))
			_, err = fmt.Fprintln(t.out, out)
			return err
		},
	}
	cmd.Flags().StringVar(&stage, "stage", "production", "stage of the policy")
	cmd.Flags().StringVar(&key, "key", os.Getenv("MODELVET_KEY"), "private key of a signer with the role policy-owner (or MODELVET_KEY)")
	cmd.Flags().StringVar(&out, "out", "", "file to write (default: thresholds-STAGE.sigstore.json beside the policy)")
	cmd.Flags().StringVar(&authority, "timestamp", "", "address of an RFC 3161 time-stamp authority")
	return cmd
}
