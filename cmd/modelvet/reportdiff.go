// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet/reports"
)

func reportDiffVerb(t *terminal) *cobra.Command {
	return &cobra.Command{
		Use:   "diff BEFORE.json AFTER.json",
		Short: "Say what changed from one decision to another",
		Args:  cobra.ExactArgs(2),
		RunE: func(_ *cobra.Command, args []string) error {
			before, err := readDecision(args[0])
			if err != nil {
				return usage("%w", err)
			}
			after, err := readDecision(args[1])
			if err != nil {
				return usage("%w", err)
			}
			return reports.Diff(t.out, before, after)
		},
	}
}
