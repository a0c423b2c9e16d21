// SPDX-License-Identifier: Apache-2.0

package main

import (
	"strings"

	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet/gate"
	"github.com/modelvet/modelvet/policies"
)

func policyVerb(t *terminal) *cobra.Command {
	cmd := &cobra.Command{
		Use: "policy", Short: "Rules: list, write, test, compare, sign; and check a policy file", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(policyRules(t), policyCheck(t), policyTest(t), policyCoverage(t), policyLint(t), policyNew(t), policyDocs(t), policyDiff(t), policySign(t), policyExport(t), policyPush(t))
	return cmd
}

func policyRules(t *terminal) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use: "rules", Short: "List the rules, their level and the controls they speak to", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			js, err := asJSON(output)
			if err != nil {
				return err
			}
			e, err := policies.New(cmd.Context())
			if err != nil {
				return err
			}
			if js {
				return t.json(e.Rules())
			}
			rows := [][]string{{"RULE", "LEVEL", "NEEDS", "TITLE"}}
			for _, r := range e.Rules() {
				rows = append(rows, []string{r.ID, string(r.Level), strings.Join(r.Needs, ", "), r.Title})
			}
			return t.table(rows)
		},
	}
	cmd.Flags().StringVar(&output, "output", "table", "table or json")
	return cmd
}

func policyCheck(t *terminal) *cobra.Command {
	return &cobra.Command{
		Use: "check FILE", Short: "Check a policy file: schema, keys, profiles, rules, every stage", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := gate.LoadPolicy(args[0])
			if err != nil {
				return usage("%w", err)
			}
			for name := range p.Stages {
				g := &gate.Gate{Policy: p, Stage: name}
				if err := g.Open(cmd.Context()); err != nil {
					return err
				}
			}
			t.say("%s is a valid policy with %d stages and %d trusted signers", args[0], len(p.Stages), len(p.Trust))
			_, err = t.out.Write([]byte(p.Digest + "\n"))
			return err
		},
	}
}
