// SPDX-License-Identifier: Apache-2.0

package main

import (
	"time"

	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet"
)

func waiveVerb(t *terminal) *cobra.Command {
	var f judgeFlags
	var w modelvet.Waiver
	var until string
	cmd := &cobra.Command{
		Use:   "waive REF",
		Short: "Forgive one rule for one artifact until a day",
		Long:  "Signs a waiver with a key that the policy gives the role waiver-granter. There is no waiver without\nan end, none for a rule that the policy does not let be waived, and none that its requester grants.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			end, err := time.Parse(time.DateOnly, until)
			if err != nil {
				return usage("--until is %q; want a date such as 2027-01-31", until)
			}
			w.Expires = end
			g, err := f.open(cmd.Context(), t)
			if err != nil {
				return err
			}
			if err := g.Waive(cmd.Context(), reference(args[0]), w); err != nil {
				return err
			}
			t.say("Waived %s for stage %s until %s. The report will say so.", w.Rule, f.stage, until)
			return nil
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&w.ID, "id", "", "id of the waiver, such as a ticket")
	cmd.Flags().StringVar(&w.Rule, "rule", "", "the rule to forgive")
	cmd.Flags().StringVar(&w.Reason, "reason", "", "why, and what compensates for it")
	cmd.Flags().StringVar(&w.RequestedBy, "requested-by", "", "who asked for it")
	cmd.Flags().StringVar(&w.Ticket, "ticket", "", "address of the ticket")
	cmd.Flags().StringVar(&until, "until", "", "the day on which it ends")
	for _, name := range []string{"id", "rule", "reason", "requested-by", "until"} {
		_ = cmd.MarkFlagRequired(name)
	}
	return cmd
}
