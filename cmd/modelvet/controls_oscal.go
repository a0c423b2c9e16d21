// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/controls"
	"github.com/modelvet/modelvet/controls/oscal"
	"github.com/modelvet/modelvet/gate"
)

// fromWords says from when a control binds whom.
func fromWords(f controls.Effective) string {
	var out []string
	add := func(date, whom string) {
		if date != "" {
			out = append(out, strings.TrimSpace(date+" "+whom))
		}
	}
	add(f.On, "")
	add(f.AnnexIII, "high-risk under Annex III")
	add(f.AnnexI, "high-risk under Annex I")
	add(f.New, "what is placed on the market from then")
	add(f.Existing, "what was on the market before "+f.ExistingBefore)
	if len(out) == 0 {
		return "by choice"
	}
	return strings.Join(out, "; ")
}

func (b *book) classifyVerb(t *terminal) *cobra.Command {
	return &cobra.Command{
		Use:   "classify [DIR]",
		Short: "Say step by step which class of the EU AI Act the description of a system leads to",
		Long:  "Runs the decision table over DIR/modelvet.yaml. It can show that a declared class is too low; it cannot\nshow that a practice is not prohibited. It ends with 3 when the declared class is too low.",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			js, err := asJSON(b.output)
			if err != nil {
				return err
			}
			sys, err := gate.LoadSystem(folder(args))
			if err != nil {
				return usage("%w", err)
			}
			if err := b.open(cmd.Context()); err != nil {
				return err
			}
			day, err := b.date()
			if err != nil {
				return err
			}
			c := b.set.Classify(sys, day)
			if js {
				err = t.json(c)
			} else {
				err = t.classification(c, sys)
			}
			if err == nil && c.Mismatch != "" {
				return errDenied
			}
			return err
		},
	}
}

func (t *terminal) classification(c controls.Classification, sys modelvet.System) error {
	rows := [][]string{{"PROVISION", "LEADS TO", "DECIDED BY", "FINDING"}}
	for _, s := range c.Reasons {
		lead := s.Class
		if lead == "" {
			lead = "-"
		}
		rows = append(rows, []string{s.Ref, lead, s.By, s.Finding})
	}
	if err := t.table(rows); err != nil {
		return err
	}
	fmt.Fprintf(t.out, "\ndeclared  %s\nclass     %s\nroles     %s\n", sys.RiskClass, c.Class, strings.Join(c.Roles, ", "))
	for _, w := range c.Tripwires {
		fmt.Fprintf(t.out, "look at   %s\n", w)
	}
	if c.Mismatch != "" {
		fmt.Fprintf(t.out, "mismatch  %s\n", c.Mismatch)
	}
	return nil
}

func (b *book) exportVerb(t *terminal) *cobra.Command {
	var what, out string
	cmd := &cobra.Command{
		Use:   "export [ID]",
		Short: "Write a catalogue, a profile, the crosswalk, or all of them as OSCAL",
		Long:  "The same catalogues always give the same bytes. `--oscal all --out DIR` writes documents that refer to\neach other by file name.",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := b.open(cmd.Context()); err != nil {
				return err
			}
			if what == "all" {
				return b.exportAll(t, out)
			}
			id := ""
			if len(args) == 1 {
				id = args[0]
			}
			doc, err := b.document(what, id)
			if err != nil {
				return err
			}
			return t.oscal(doc, out)
		},
	}
	cmd.Flags().StringVar(&what, "oscal", "catalog", "catalog, profile, mapping or all")
	cmd.Flags().StringVar(&out, "out", "", "file to write, or folder for all (default: standard output)")
	return cmd
}

func (b *book) document(what, id string) (oscal.Document, error) {
	switch what {
	case "mapping":
		return oscal.FromCrosswalk(b.set)
	case "profile":
		p, err := b.set.Profile(id)
		if err != nil {
			return oscal.Document{}, usage("%w", err)
		}
		return oscal.FromProfile(b.set, p)
	case "catalog":
		var ids []string
		for _, c := range b.set.Catalogues() {
			if c.ID == id {
				return oscal.FromCatalogue(c), nil
			}
			ids = append(ids, c.ID)
		}
		return oscal.Document{}, usage("there is no catalogue %q; there are: %s", id, strings.Join(ids, ", "))
	}
	return oscal.Document{}, usage("--oscal is %q; want catalog, profile, mapping or all", what)
}

func (b *book) exportAll(t *terminal, dir string) error {
	if dir == "" {
		return usage("--oscal all writes several files; name a folder with --out")
	}
	files, err := oscal.Export(b.set)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return usage("--out: %w", err)
	}
	for _, f := range files {
		if err := writeFile(filepath.Join(dir, f.Name), f.Data); err != nil {
			return err
		}
	}
	t.say("Wrote %d documents into %s", len(files), dir)
	return nil
}

func (t *terminal) oscal(doc oscal.Document, out string) error {
	data, err := doc.Marshal()
	if err != nil {
		return err
	}
	if out == "" {
		_, err = t.out.Write(data)
		return err
	}
	return writeFile(out, data)
}

func (b *book) importVerb(t *terminal) *cobra.Command {
	var id, out string
	cmd := &cobra.Command{
		Use:   "import FILE",
		Short: "Read an OSCAL catalogue, and write it as a catalogue of your own",
		Long:  "FILE is an OSCAL 1.x catalogue in JSON. It is written to DIR/catalogues/ID.yaml, where --rules DIR finds\nit. An id that is built in is refused: nothing of yours can stand in for it.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := b.open(cmd.Context()); err != nil {
				return err
			}
			data, err := os.ReadFile(args[0])
			if err != nil {
				return usage("%w", err)
			}
			c, err := oscal.ReadCatalogue(args[0], id, bytes.NewReader(data))
			if err != nil {
				return usage("%w; --id names a catalogue that has no name of its own", err)
			}
			if _, err := b.set.With(args[0], c); err != nil {
				return usage("%w", err)
			}
			text, err := controls.WriteCatalogue(c)
			if err != nil {
				return usage("%w", err)
			}
			path := filepath.Join(out, "catalogues", c.ID+".yaml")
			if _, err := os.Stat(path); err == nil {
				return usage("%s exists; remove it first", path)
			}
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				return usage("--out: %w", err)
			}
			if err := writeFile(path, text); err != nil {
				return err
			}
			t.say("Wrote %d controls to %s; name the folder with --rules %s", len(c.Entries), path, out)
			return nil
		},
	}
	cmd.Flags().StringVar(&id, "id", "", "id of the catalogue, when the file does not say one")
	cmd.Flags().StringVar(&out, "out", ".", "folder of your own catalogues, profiles and rules")
	return cmd
}

// decisionVerb renders a decision as an OSCAL document.
func decisionVerb(t *terminal, name, short string, make func(modelvet.Decision) (oscal.Document, error)) *cobra.Command {
	var out string
	cmd := &cobra.Command{
		Use: name + " DECISION.json", Short: short, Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			d, err := readDecision(args[0])
			if err != nil {
				return err
			}
			doc, err := make(d)
			if err != nil {
				return usage("%w", err)
			}
			return t.oscal(doc, out)
		},
	}
	cmd.Flags().StringVar(&out, "out", "", "file to write (default: standard output)")
	return cmd
}
