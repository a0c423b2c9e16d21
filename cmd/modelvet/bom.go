// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet/bom"
)

func bomVerb(t *terminal) *cobra.Command {
	var f judgeFlags
	var trust trustFlags
	var format string
	cmd := &cobra.Command{
		Use:   "bom REF",
		Short: "Write the bill of materials of a model: CycloneDX 1.7 or SPDX 3.0.1",
		Long:  "Writes what an artifact is and what it was made from, out of the statements attached to it that the\npolicy believes: its files and their digests, data sets, base models, licence, the model card with the\nfigures that were measured and their intervals. What the provider only declares is marked so.\n\n`modelvet gate` attaches the same bill in CycloneDX, signed. To attach the one in SPDX:\n\n  modelvet bom REF --format spdx > model.spdx.json\n  modelvet attest REF --type spdx --predicate model.spdx.json --key KEY",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !slices.Contains(bom.Formats, format) {
				return usage("--format: there is no format %q; there are: %s", format, strings.Join(bom.Formats, ", "))
			}
			g, err := f.open(cmd.Context(), t)
			if err != nil {
				return err
			}
			if err := trust.apply(g); err != nil {
				return err
			}
			bill, left, err := g.BOM(cmd.Context(), reference(args[0]), format)
			if err != nil {
				return err
			}
			if left > 0 {
				t.say("%d statements that do not hold are left out; `modelvet verify` names them.", left)
			}
			_, err = t.out.Write(bill)
			return err
		},
	}
	f.addPolicy(cmd)
	trust.add(cmd)
	cmd.Flags().StringVar(&format, "format", bom.FormatCycloneDX, strings.Join(bom.Formats, " or "))
	return cmd
}
