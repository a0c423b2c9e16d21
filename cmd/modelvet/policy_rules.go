// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet/controls"
	"github.com/modelvet/modelvet/policies"
)

// ruleFolder opens a folder of rules; without one it is nil, the built-in rules.
func ruleFolder(args []string) (fs.FS, error) {
	if len(args) == 0 {
		return nil, nil
	}
	root, err := os.OpenRoot(args[0])
	if err != nil {
		return nil, usage("opening the rules: %w", err)
	}
	return root.FS(), nil
}

// overRules is a verb over a folder of rules.
func overRules(t *terminal, use, short, long string, run func(context.Context, fs.FS, bool) error) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use: use + " [DIR]", Short: short, Long: long, Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			js, err := asJSON(output)
			if err != nil {
				return err
			}
			fsys, err := ruleFolder(args)
			if err != nil {
				return err
			}
			return run(cmd.Context(), fsys, js)
		},
	}
	cmd.Flags().StringVar(&output, "output", "table", "table or json")
	return cmd
}

func policyTest(t *terminal) *cobra.Command {
	var least int
	cmd := overRules(t, "test", "Run the tests of rules, with coverage of lines and branches",
		"Runs every *_test.rego of DIR (default: the built-in rules). A branch is an outcome of an expression: seen\ntrue, and, where it decides something, seen false or undefined. Ends with 2 when a test does not hold.",
		func(ctx context.Context, fsys fs.FS, js bool) error {
			r, err := policies.Test(ctx, fsys)
			if err != nil {
				return usage("%w", err)
			}
			if js {
				err = t.json(r)
			} else {
				err = t.tests(r)
			}
			return errors.Join(err, testVerdict(r, least))
		})
	cmd.Flags().IntVar(&least, "branches", 0, "least share of branches that the tests have to see, in percent")
	return cmd
}

func (t *terminal) tests(r policies.TestReport) error {
	for _, test := range r.Tests {
		if !test.Passed {
			fmt.Fprintf(t.out, "%s:%d: %s: %s\n", test.File, test.Line, test.Name, printable(test.Message))
		}
	}
	for _, gap := range r.Uncovered {
		fmt.Fprintf(t.out, "%s:%d: no test reaches lines %d to %d\n", gap.File, gap.From, gap.From, gap.To)
	}
	for _, b := range r.Branches {
		fmt.Fprintf(t.out, "%s:%d: no test sees this %s: %s\n", b.File, b.Line, strings.Join(b.Missing, " or "), printable(b.Text))
	}
	_, err := fmt.Fprintf(t.out, "%d of %d tests hold; %d lines reached; branches: %d of %d seen (%.1f %%)\n",
		len(r.Tests)-r.Failed(), len(r.Tests), r.Covered, r.Seen(), r.Outcomes, r.Share())
	return err
}

func testVerdict(r policies.TestReport, least int) error {
	switch failed := r.Failed(); {
	case failed > 0:
		return usage("%d of %d tests do not hold", failed, len(r.Tests))
	case r.Share() < float64(least):
		return usage("the tests see %.1f %% of the branches; --branches asks for %d %%", r.Share(), least)
	}
	return nil
}

func policyCoverage(t *terminal) *cobra.Command {
	return overRules(t, "coverage", "Show, file by file, what the tests of rules do not reach", "",
		func(ctx context.Context, fsys fs.FS, js bool) error {
			r, err := policies.Test(ctx, fsys)
			if err != nil {
				return usage("%w", err)
			}
			files := r.Files()
			if js {
				return t.json(files)
			}
			rows := [][]string{{"FILE", "LINES MISSED", "BRANCHES", "NOT SEEN"}}
			for _, f := range files {
				rows = append(rows, []string{f.File, fmt.Sprint(f.LinesMissed), fmt.Sprint(f.Outcomes), fmt.Sprint(f.Missing)})
			}
			return t.table(rows)
		})
}

func policyLint(t *terminal) *cobra.Command {
	cmd := overRules(t, "lint", "Say everything that is wrong with a folder of rules, by file and line",
		"What keeps a rule from being loaded, a control that is in no catalogue or not in force, and a rule without a\ntest in which it objects. Ends with 2 when there is something.",
		func(ctx context.Context, fsys fs.FS, js bool) error {
			if fsys == nil {
				return usage("name the folder of rules; the built-in ones are checked in modelvet's own tests")
			}
			set, err := controls.Load()
			if err != nil {
				return err
			}
			problems, err := policies.Lint(ctx, fsys, func(id string) bool { e, ok := set.Control(id); return ok && e.InForce() })
			if err != nil {
				return usage("%w", err)
			}
			if js {
				if problems == nil {
					problems = []policies.Problem{}
				}
				err = t.json(problems)
			}
			for _, p := range problems {
				if !js {
					fmt.Fprintf(t.out, "%s:%d: %s\n", p.File, max(p.Line, 1), printable(p.What))
				}
			}
			if len(problems) > 0 {
				return usage("%d problems", len(problems))
			}
			return err
		})
	return cmd
}

func policyDocs(t *terminal) *cobra.Command {
	return &cobra.Command{
		Use: "docs [DIR]", Short: "Write the page about the rules, as Markdown", Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			fsys, err := ruleFolder(args)
			if err != nil {
				return err
			}
			var more []fs.FS
			if fsys != nil {
				more = append(more, fsys)
			}
			e, err := policies.New(cmd.Context(), more...)
			if err != nil {
				return usage("%w", err)
			}
			return e.Docs(t.out)
		},
	}
}

func policyNew(t *terminal) *cobra.Command {
	var dir string
	cmd := &cobra.Command{
		Use: "new AREA.NAME", Short: "Write a new rule with its tests", Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			files, err := policies.Skeleton(args[0])
			if err != nil {
				return usage("%w", err)
			}
			for _, name := range slices.Sorted(maps.Keys(files)) {
				path := filepath.Join(dir, filepath.FromSlash(name))
				if err := createFile(path, files[name]); err != nil {
					return usage("writing the rule: %w", err)
				}
				fmt.Fprintln(t.out, path)
			}
			t.say("Change them into what is meant; then: modelvet policy lint %s && modelvet policy test %s", dir, dir)
			return nil
		},
	}
	cmd.Flags().StringVar(&dir, "dir", ".", "folder of rules to write into")
	return cmd
}

// createFile writes a file that is not there yet.
func createFile(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Close())
}
