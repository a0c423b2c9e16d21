// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/gate"
	"github.com/modelvet/modelvet/reports"
)

// judgeFlags are those of every verb that needs a policy.
type judgeFlags struct {
	policy, stage, rules string
	signing              signingFlags
}

func (f *judgeFlags) add(cmd *cobra.Command) {
	f.addPolicy(cmd)
	f.signing.add(cmd)
}

// addPolicy is for verbs that sign nothing.
func (f *judgeFlags) addPolicy(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.policy, "policy", os.Getenv("MODELVET_POLICY"), "policy file of the governance team (or MODELVET_POLICY; default: a built-in one that can allow nothing)")
	cmd.Flags().StringVar(&f.stage, "stage", "production", "stage of the policy to judge for")
	cmd.Flags().StringVar(&f.rules, "rules", "", "folder with rules of your own, beside the built-in ones")
}

// open makes the gate that the flags describe, ready to judge.
func (f *judgeFlags) open(ctx context.Context, t *terminal) (*gate.Gate, error) {
	now, notes, err := clock()
	if err != nil {
		return nil, err
	}
	g := &gate.Gate{Stage: f.stage, Now: now, Notes: notes, Version: version(), Env: environment()}
	if g.Policy, err = f.loadPolicy(); err != nil {
		return nil, usage("%w", err)
	}
	if f.rules != "" {
		root, err := os.OpenRoot(f.rules)
		if err != nil {
			return nil, usage("--rules: %w", err)
		}
		g.UserRules = append(g.UserRules, root.FS())
	}
	if g.Signer, err = f.signing.signer(ctx, t); err != nil {
		return nil, err
	}
	g.Token, g.Issuer = f.signing.tokenOfRun(), f.signing.issuer
	if stage, err := g.Policy.Stage(f.stage); err == nil && stage.DevelopmentKeys {
		if g.Local, err = developmentKey(); err != nil {
			return nil, err
		}
	}
	return g, g.Open(ctx)
}

func (f *judgeFlags) loadPolicy() (*gate.Policy, error) {
	if f.policy == "" {
		return gate.DefaultPolicy()
	}
	return gate.LoadPolicy(f.policy)
}

// environment is what the pipeline tells of itself.
func environment() map[string]string {
	out := map[string]string{}
	for _, kv := range os.Environ() {
		if name, value, ok := strings.Cut(kv, "="); ok {
			out[name] = value
		}
	}
	return out
}

func gateVerb(t *terminal) *cobra.Command {
	var f judgeFlags
	var r results
	var out, output string
	cmd := &cobra.Command{
		Use:   "gate [DIR]",
		Short: "Pack, measure, sign, judge and report: the main job",
		Long:  "Packs the model in DIR (default: the current folder) as an OCI artifact, measures it, signs every\npiece of evidence, judges it for a stage of the policy and writes the reports.\n\nWithout --key, a development key of this machine signs, and the decision says so.",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			js, err := asJSON(output)
			if err != nil {
				return err
			}
			if err := r.clear(); err != nil {
				return err
			}
			dir := folder(args)
			g, err := f.open(cmd.Context(), t)
			if err != nil {
				return err
			}
			if g.Signer == nil {
				if g.Signer, err = developmentKey(); err != nil {
					return err
				}
			}
			if out == "" {
				out = filepath.Join(dir, ".modelvet")
			}
			d, err := g.Run(cmd.Context(), dir, out, render)
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
	cmd.Flags().StringVar(&out, "out", "", "folder for the result (default DIR/.modelvet); it is replaced as a whole")
	cmd.Flags().StringVar(&output, "output", "table", "table or json")
	return cmd
}

func folder(args []string) string {
	if len(args) == 0 {
		return "."
	}
	return filepath.Clean(args[0])
}

// files are the reports that a result folder holds, and their formats.
var files = [][2]string{
	{"decision.json", "json"}, {"report.pdf", "pdf"}, {"report.html", "html"},
	{"summary.md", "markdown"}, {"results.sarif", "sarif"}, {"junit.xml", "junit"},
}

func render(dir string, d modelvet.Decision) error {
	for _, f := range files {
		if err := renderFile(filepath.Join(dir, f[0]), f[1], d); err != nil {
			return err
		}
	}
	return nil
}

func renderFile(path, format string, d modelvet.Decision) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}()
	return reports.Render(format, f, d)
}

// conclude prints the decision, and turns it into the exit code.
func (t *terminal) conclude(d modelvet.Decision, out string, js bool) error {
	var err error
	if js {
		err = reports.Render("json", t.out, d)
	} else {
		err = reports.Text{Color: t.color()}.Render(t.out, d)
	}
	if err != nil {
		return err
	}
	if out != "" {
		t.say("\nThe result is in %s:", out)
		for _, f := range files {
			t.say("  %s", filepath.Join(out, f[0]))
		}
		t.say("  %s  (OCI layout: the model and its signed evidence)", filepath.Join(out, "layout"))
	}
	return verdict(d)
}

// verdict is the exit code of a decision, as an error.
func verdict(d modelvet.Decision) error {
	switch d.Outcome {
	case modelvet.Allowed:
		return nil
	case modelvet.Pending:
		return errPending
	}
	return errDenied
}
