// SPDX-License-Identifier: Apache-2.0

package main

import (
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet"
)

func judgeVerb(t *terminal) *cobra.Command {
	var f judgeFlags
	var r results
	var out, output string
	cmd := &cobra.Command{
		Use:   "judge REF",
		Short: "Judge what is attached to an artifact, for a stage",
		Long:  "Reads back the evidence that is attached to REF, verifies it, asks the rules and decides. Measures\nnothing. With --out it also writes the reports and, with --key, signs the decision and attaches it\nto the copy of the artifact there.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			js, err := asJSON(output)
			if err != nil {
				return err
			}
			if err := r.clear(); err != nil {
				return err
			}
			g, err := f.open(cmd.Context(), t)
			if err != nil {
				return err
			}
			var d modelvet.Decision
			if out == "" {
				d, err = g.Judge(cmd.Context(), reference(args[0]))
			} else {
				d, err = g.Rejudge(cmd.Context(), reference(args[0]), filepath.Clean(out), render)
			}
			if err != nil {
				return err
			}
			if err := r.write(d); err != nil {
				return err
			}
			return t.conclude(d, out, js)
		},
	}
	f.add(cmd)
	r.add(cmd)
	cmd.Flags().StringVar(&out, "out", "", "folder for the result; it is replaced as a whole")
	cmd.Flags().StringVar(&output, "output", "table", "table or json")
	return cmd
}
