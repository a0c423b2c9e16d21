// SPDX-License-Identifier: Apache-2.0

package main

import (
	"time"

	"github.com/spf13/cobra"
)

func approveVerb(t *terminal) *cobra.Command {
	var f judgeFlags
	var role, comment string
	var days int
	cmd := &cobra.Command{
		Use:   "approve REF",
		Short: "Sign a person's yes to exactly what is attached now",
		Long:  "Signs an approval in a role that the policy gives to your key. It binds the artifact, the evidence\nand the policy as they are now: any change makes it void. Whoever signed evidence cannot approve.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if days < 1 {
				return usage("--days is %d; an approval ends, after one day at least", days)
			}
			g, err := f.open(cmd.Context(), t)
			if err != nil {
				return err
			}
			a, err := g.Approve(cmd.Context(), reference(args[0]), role, comment, time.Duration(days)*24*time.Hour)
			if err != nil {
				return err
			}
			t.say("Approved for %s as %s until %s.\n  artifact  %s\n  evidence  %s\n  policy    %s\nJudge again to use it: modelvet judge %s --stage %s", a.Stage, a.Role, a.Expires.Format(time.DateOnly), a.Subject, a.EvidenceRoot, a.Policy, args[0], a.Stage)
			return nil
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&role, "role", "", "the role in which you approve")
	cmd.Flags().StringVar(&comment, "comment", "", "what the report says beside your approval")
	cmd.Flags().IntVar(&days, "days", 90, "for how many days it holds")
	_ = cmd.MarkFlagRequired("role")
	return cmd
}
