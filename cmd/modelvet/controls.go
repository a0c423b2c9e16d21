// SPDX-License-Identifier: Apache-2.0

package main

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/controls"
	"github.com/modelvet/modelvet/controls/oscal"
	"github.com/modelvet/modelvet/policies"
)

// book is what the controls verbs read.
type book struct {
	set      *controls.Set
	rules    []modelvet.Rule
	profiles []string
	asOf     string
	output   string
	folder   string
}

func (b *book) open(ctx context.Context) error {
	added, rules, err := b.added()
	if err != nil {
		return err
	}
	if b.set, err = controls.Load(added...); err != nil {
		if len(added) > 0 {
			return usage("--rules: %w", err)
		}
		return err
	}
	e, err := policies.New(ctx, rules...)
	if err != nil {
		return usage("--rules: %w", err)
	}
	b.rules = e.Rules()
	for _, p := range b.profiles {
		if _, err := b.set.Profile(p); err != nil {
			return usage("--profile: %w", err)
		}
	}
	return nil
}

// added are the user's catalogues and profiles, and the user's rules.
func (b *book) added() (books, rules []fs.FS, err error) {
	if b.folder == "" {
		return nil, nil, nil
	}
	root, err := os.OpenRoot(b.folder)
	if err != nil {
		return nil, nil, usage("--rules: %w", err)
	}
	for _, name := range []string{"catalogues", "profiles"} {
		if _, err := root.Stat(name); err == nil && books == nil {
			books = []fs.FS{root.FS()}
		}
	}
	if _, err := root.Stat("rules"); err == nil {
		rules = []fs.FS{root.FS()}
	}
	if books == nil && rules == nil {
		return nil, nil, usage("--rules: %s has none of the folders catalogues, profiles, rules", b.folder)
	}
	return books, rules, nil
}

func (b *book) date() (time.Time, error) {
	if b.asOf == "" {
		now, _, err := clock()
		return now, err
	}
	t, err := time.Parse(time.DateOnly, b.asOf)
	if err != nil {
		return t, usage("--as-of is %q; want a date such as 2027-12-02", b.asOf)
	}
	return t, nil
}

func controlsVerb(t *terminal) *cobra.Command {
	b := &book{}
	cmd := &cobra.Command{
		Use:   "controls",
		Short: "List and explain the controls, and what speaks to them",
		Long:  "The catalogues are dated data with sources. That a rule speaks to a control does not show that the\ncontrol is met; crosswalks are this project's own reading.",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.PersistentFlags().StringSliceVar(&b.profiles, "profile", nil, "only the controls of these profiles")
	cmd.PersistentFlags().StringVar(&b.asOf, "as-of", "", "the day to look from, such as 2027-12-02 (default: today)")
	cmd.PersistentFlags().StringVar(&b.output, "output", "table", "table or json")
	cmd.PersistentFlags().StringVar(&b.folder, "rules", "", "folder with catalogues, profiles and rules of your own, beside the built-in ones")
	cmd.AddCommand(
		b.classifyVerb(t), b.exportVerb(t), b.importVerb(t), decisionVerb(t, "results", "Write a decision as OSCAL assessment results", oscal.FromDecision),
		decisionVerb(t, "plan", "Write what a decision leaves to do as an OSCAL plan of action and milestones", oscal.PlanFromDecision),
		b.sub(t, "list", "List the controls, with the rules that speak to each", cobra.NoArgs, listControls),
		b.sub(t, "show ID", "Explain one control", cobra.ExactArgs(1), showControl),
		b.sub(t, "coverage", "Count, by framework, what evidence and what persons speak to", cobra.NoArgs, coverControls),
		b.sub(t, "crosswalk ID", "Show the related controls of other frameworks", cobra.ExactArgs(1), crosswalk),
		b.sub(t, "gaps", "List the controls to which a machine could speak and no rule does", cobra.NoArgs, gaps),
		b.sub(t, "upcoming", "List the duties that begin after a day", cobra.NoArgs, upcoming),
		b.sub(t, "profiles", "List the profiles", cobra.NoArgs, listProfiles),
	)
	return cmd
}

// sub is one verb below controls: f returns what programs read, and rows for people.
func (b *book) sub(t *terminal, use, short string, args cobra.PositionalArgs, f func(*book, []string) (any, [][]string, error)) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: args,
		RunE: func(cmd *cobra.Command, args []string) error {
			js, err := asJSON(b.output)
			if err != nil {
				return err
			}
			if err := b.open(cmd.Context()); err != nil {
				return err
			}
			data, rows, err := f(b, args)
			if err != nil {
				return err
			}
			if js {
				return t.json(data)
			}
			return t.table(rows)
		},
	}
}

func listControls(b *book, _ []string) (any, [][]string, error) {
	day, err := b.date()
	if err != nil {
		return nil, nil, err
	}
	list, err := b.set.List(b.profiles, b.rules)
	rows := [][]string{{"CONTROL", "REFERENCE", "MACHINE", "RULES", "BINDS", "TITLE"}}
	for _, c := range list {
		rows = append(rows, []string{c.ID, c.Ref, c.Automatable, fmt.Sprint(len(c.Rules)), binds(c.From, day), c.Title})
	}
	return list, rows, err
}

// binds says from when a control binds anybody, seen from a day.
func binds(from string, day time.Time) string {
	switch {
	case from == "":
		return "by choice"
	case from > day.UTC().Format(time.DateOnly):
		return "from " + from
	}
	return "since " + from
}

func showControl(b *book, args []string) (any, [][]string, error) {
	e, ok := b.set.Control(args[0])
	if !ok {
		return nil, nil, usage("there is no control %q; `modelvet controls list` names them", args[0])
	}
	var rules []string
	list, err := b.set.List(nil, b.rules)
	for _, c := range list {
		if c.ID == e.ID {
			rules = c.Rules
		}
	}
	rows := [][]string{
		{"control", e.ID}, {"reference", e.Ref}, {"title", e.Title}, {"status", e.Status}, {"says", e.Summary}, {"check", e.Check},
		{"machine", e.Automatable}, {"binds", fromWords(e.From)}, {"note", cmp.Or(e.Note, e.Enforcement)}, {"evidence", strings.Join(e.Evidence, ", ")}, {"verified", e.Verified + " " + e.Confidence}, {"source", e.Source}, {"rules", strings.Join(rules, ", ")}, {"see also", strings.Join(e.SeeAlso, ", ")},
	}
	return e, rows, err
}

func coverControls(b *book, _ []string) (any, [][]string, error) {
	day, err := b.date()
	if err != nil {
		return nil, nil, err
	}
	cover, err := b.set.Coverage(b.profiles, b.rules, day)
	rows := [][]string{{"FRAMEWORK", "CONTROLS", "BY EVIDENCE", "BY PERSON", "NOT ASSESSED", "BIND LATER", "VERSION", "READ"}}
	for _, r := range cover {
		rows = append(rows, []string{r.Framework, fmt.Sprint(r.Total), fmt.Sprint(r.ByEvidence), fmt.Sprint(r.ByPerson), fmt.Sprint(r.NotAssessed), fmt.Sprint(r.Later), r.Version, r.AsOf})
	}
	return cover, rows, err
}

func crosswalk(b *book, args []string) (any, [][]string, error) {
	links, err := b.set.Crosswalk(args[0])
	if err != nil {
		return nil, nil, usage("%w", err)
	}
	rows := [][]string{{"CONTROL", "FRAMEWORK", "REFERENCE", "TITLE"}}
	for _, l := range links {
		rows = append(rows, []string{l.ID, l.Framework, l.Ref, l.Title})
	}
	return links, rows, nil
}

func gaps(b *book, _ []string) (any, [][]string, error) {
	list, err := b.set.Gaps(b.profiles, b.rules)
	rows := [][]string{{"CONTROL", "REFERENCE", "MACHINE", "TITLE"}}
	for _, e := range list {
		rows = append(rows, []string{e.ID, e.Ref, e.Automatable, e.Title})
	}
	return list, rows, err
}

func upcoming(b *book, _ []string) (any, [][]string, error) {
	day, err := b.date()
	if err != nil {
		return nil, nil, err
	}
	duties := b.set.Upcoming(day)
	rows := [][]string{{"DATE", "IN DAYS", "FRAMEWORK", "REFERENCE", "FOR", "TITLE"}}
	for _, d := range duties {
		rows = append(rows, []string{d.Date, fmt.Sprint(d.Days), d.Framework, d.Ref, d.For, d.Title})
	}
	return duties, rows, nil
}

func listProfiles(b *book, _ []string) (any, [][]string, error) {
	rows := [][]string{{"PROFILE", "CONTROLS", "RULES", "TITLE"}}
	list := b.set.Profiles()
	for _, p := range list {
		rows = append(rows, []string{p.ID, fmt.Sprint(len(p.Controls)), fmt.Sprint(len(b.set.RulesFor([]string{p.ID}, b.rules))), p.Title})
	}
	return list, rows, nil
}
