// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/gate"
	"github.com/modelvet/modelvet/policies"
)

// decisionDiff is how one past decision would come out.
type decisionDiff struct {
	Decision string            `json:"decision"`
	Subject  string            `json:"subject"`
	Stage    string            `json:"stage"`
	Recorded modelvet.Verdict  `json:"recorded"`
	Before   modelvet.Verdict  `json:"before"` // under the old policy, judged again
	After    modelvet.Verdict  `json:"after"`
	Changes  []policies.Change `json:"changes"`
}

func policyDiff(t *terminal) *cobra.Command {
	var output, oldRules, newRules string
	cmd := &cobra.Command{
		Use:   "diff OLD NEW DECISION.json...",
		Short: "Say which past decisions a changed policy would change",
		Long:  "OLD and NEW are policy files. Each decision is judged twice more, as of its own time, from the signed evidence\nin the layout beside it; what a person had approved under OLD counts under NEW only where it is the same file.",
		Args:  cobra.MinimumNArgs(3),
		RunE: func(cmd *cobra.Command, args []string) error {
			js, err := asJSON(output)
			if err != nil {
				return err
			}
			out := []decisionDiff{}
			for _, path := range args[2:] {
				d, err := diffDecision(cmd.Context(), path, [2]string{args[0], args[1]}, [2]string{oldRules, newRules})
				if err != nil {
					return err
				}
				out = append(out, d)
			}
			if js {
				return t.json(out)
			}
			return t.diffs(out)
		},
	}
	cmd.Flags().StringVar(&output, "output", "table", "table or json")
	cmd.Flags().StringVar(&oldRules, "old-rules", "", "folder with rules of your own, beside OLD")
	cmd.Flags().StringVar(&newRules, "rules", "", "folder with rules of your own, beside NEW")
	return cmd
}

func diffDecision(ctx context.Context, path string, policy, rules [2]string) (decisionDiff, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, "decision.json")
	}
	d, err := readDecision(path)
	if err != nil {
		return decisionDiff{}, usage("%w", err)
	}
	layout := filepath.Join(filepath.Dir(path), "layout")
	if _, err := os.Stat(layout); err != nil {
		return decisionDiff{}, usage("%s: there is no layout beside it, and so no evidence to judge again: %w", path, err)
	}
	out := decisionDiff{Decision: path, Subject: d.Subject.Name, Stage: d.Stage, Recorded: d.Outcome}
	var judged [2]modelvet.Decision
	for i := range judged {
		if judged[i], err = rejudge(ctx, d, "oci:"+layout, policy[i], rules[i]); err != nil {
			return out, fmt.Errorf("judging %s by %s: %w", path, policy[i], err)
		}
	}
	out.Before, out.After = judged[0].Outcome, judged[1].Outcome
	out.Changes = policies.Diff(judged[0].Results, judged[1].Results)
	if out.Changes == nil {
		out.Changes = []policies.Change{}
	}
	return out, nil
}

// rejudge judges as of the time of a decision, for its stage.
func rejudge(ctx context.Context, d modelvet.Decision, ref, policy, rules string) (modelvet.Decision, error) {
	p, err := gate.LoadPolicy(policy)
	if err != nil {
		return d, usage("%w", err)
	}
	g := &gate.Gate{Policy: p, Stage: d.Stage, Now: d.At, Version: version()}
	if rules != "" {
		fsys, err := ruleFolder([]string{rules})
		if err != nil {
			return d, err
		}
		g.UserRules = []fs.FS{fsys}
	}
	if s, err := p.Stage(d.Stage); err == nil && s.DevelopmentKeys {
		if g.Local, err = developmentKey(); err != nil {
			return d, err
		}
	}
	if err := g.Open(ctx); err != nil {
		return d, err
	}
	return g.Judge(ctx, ref)
}

func (t *terminal) diffs(all []decisionDiff) error {
	rows := [][]string{{"DECISION", "RECORDED", "OLD", "NEW", "RULE", "OLD", "NEW", ""}}
	for _, d := range all {
		first := []string{d.Decision, string(d.Recorded), string(d.Before), string(d.After)}
		if len(d.Changes) == 0 {
			rows = append(rows, append(first, "no rule answers otherwise", "", "", ""))
		}
		for _, c := range d.Changes {
			rows = append(rows, append(first, c.Rule, orDash(c.Before), orDash(c.After), effect(c)))
			first = []string{"", "", "", ""}
		}
	}
	return t.table(rows)
}

func orDash(o modelvet.Outcome) string {
	if o == "" {
		return "-"
	}
	return string(o)
}

func effect(c policies.Change) string {
	switch {
	case c.Closes:
		return "closes the gate"
	case c.Opens:
		return "opens the gate: look twice"
	}
	return ""
}
