// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/documents"
	"github.com/modelvet/modelvet/gate"
)

func documentVerb(t *terminal) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "document",
		Short: "Draft, check and attest the documents that people write about a system",
		Long: "Documents are declared evidence: technical documentation (annex-iv; annex-xi and annex-xii for a\ngeneral-purpose model), statement of applicability (soa), fundamental rights impact assessment (fria),\n" +
			"plan of changes (change-plan), model-card, data-card, statement. modelvet says what is missing in them,\nand whether each number that names a metric is the measured one. Whether a document is adequate, a\nperson says, and signs.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(draftVerb(t), checkVerb(t), attestDocumentVerb(t))
	return cmd
}

func draftVerb(t *terminal) *cobra.Command {
	var dir, decision, out string
	cmd := &cobra.Command{
		Use: "draft KIND", Aliases: []string{"new"},
		Short: "Write a document's form, filled from modelvet.yaml and a decision; what is left says TODO",
		Long:  "KIND is one of annex-iv, annex-xi, annex-xii, change-plan, soa, fria, model-card, data-card. With\n--decision, measured figures and lineage are filled in. An item that says TODO counts as missing until\nsomebody writes it.",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			src, err := draftSource(dir, decision)
			if err != nil {
				return err
			}
			b, err := documents.Draft(args[0], src)
			if err != nil {
				return usage("%w", err)
			}
			if out == "" {
				_, err = t.out.Write(b)
				return err
			}
			if _, err := os.Stat(out); err == nil {
				return usage("%s exists; a draft never writes over what somebody wrote", out)
			}
			if err := writeFile(out, b); err != nil {
				return err
			}
			t.say("Wrote %s. Name it under documents in modelvet.yaml: {kind: %s, path: ...}", out, args[0])
			return nil
		},
	}
	cmd.Flags().StringVar(&dir, "dir", ".", "folder with modelvet.yaml")
	cmd.Flags().StringVar(&decision, "decision", "", "decision.json of the gate, for what was measured")
	cmd.Flags().StringVar(&out, "out", "", "file to write (default: standard output)")
	return cmd
}

func draftSource(dir, decision string) (documents.Source, error) {
	now, _, err := clock()
	if err != nil {
		return documents.Source{}, err
	}
	src := documents.Source{At: now}
	if decision == "" {
		if src.System, err = gate.LoadSystem(dir); err != nil {
			return src, usage("%w", err)
		}
		return src, nil
	}
	d, err := readDecision(decision)
	if err != nil {
		return src, err
	}
	if d.System == nil {
		return src, usage("%s rests on no verified description of the system", decision)
	}
	src.System, src.Scans, src.Lineage, src.Subject = *d.System, d.Scans, d.Lineage, d.Subject
	return src, nil
}

// checked is one document and what the check came to.
type checked struct {
	documents.Document
	Figures []documents.Comparison `json:"figures"`
	Error   string                 `json:"error,omitempty"`
}

func checkVerb(t *terminal) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "check [DIR]",
		Short: "Say what is missing in the documents of a folder, and which numbers are not the measured ones",
		Long:  "Reads the documents that DIR/modelvet.yaml names, measures the model, and compares. It ends with 3 when\nan item is missing, a number differs, or a document cannot be read.",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			js, err := asJSON(output)
			if err != nil {
				return err
			}
			list, err := checkDocuments(cmd.Context(), folder(args))
			if err != nil {
				return err
			}
			if js {
				err = t.json(list)
			} else {
				err = t.checks(list)
			}
			if err == nil && flawed(list) {
				return errDenied
			}
			return err
		},
	}
	cmd.Flags().StringVar(&output, "output", "table", "table or json")
	return cmd
}

func checkDocuments(ctx context.Context, dir string) ([]checked, error) {
	sys, err := gate.LoadSystem(dir)
	if err != nil {
		return nil, usage("%w", err)
	}
	if len(sys.Documents) == 0 {
		return nil, usage("%s names no documents; add them under documents", filepath.Join(dir, gate.SystemFile))
	}
	scans, err := gate.Scan(ctx, dir, modelvet.System{}, []string{"fairness", "performance"})
	if err != nil {
		return nil, err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, usage("%w", err)
	}
	defer root.Close()
	list := []checked{}
	for _, doc := range sys.Documents {
		d, err := documents.Read(doc.Kind, doc.Path, documents.In(root.FS()))
		c := checked{Document: d, Figures: d.Compare(scans)}
		if c.Kind, c.Path = doc.Kind, doc.Path; err != nil {
			c.Error = err.Error()
		}
		list = append(list, c)
	}
	return list, nil
}

func flawed(list []checked) bool {
	for _, c := range list {
		if c.Error != "" || len(c.Gaps()) > 0 {
			return true
		}
		for _, f := range c.Figures {
			if f.State == documents.Differs {
				return true
			}
		}
	}
	return false
}

func place(path string, line int) string {
	if line == 0 {
		return path
	}
	return fmt.Sprintf("%s:%d", path, line)
}

func (t *terminal) checks(list []checked) error {
	rows := [][]string{{"DOCUMENT", "KIND", "ITEMS", "MISSING", "NUMBERS", "DIFFER", "NOT MEASURED", "UNNAMED"}}
	var notes []string
	for _, c := range list {
		n := map[string]int{}
		for _, f := range c.Figures {
			n[f.State]++
			if f.State != documents.Agrees {
				notes = append(notes, fmt.Sprintf("%s: %s declared as %s: %s", place(c.Path, f.Line), f.Metric, f.Text, f.Reason))
			}
		}
		for _, g := range c.Gaps() {
			notes = append(notes, fmt.Sprintf("%s: %s, %s: %s: %s", place(c.Path, g.Line), g.Ref, g.Title, g.State, g.Reason))
		}
		if c.Error != "" {
			notes = append(notes, c.Error)
		}
		rows = append(rows, []string{c.Path, c.Kind, fmt.Sprint(len(c.Answers)), fmt.Sprint(len(c.Gaps())), fmt.Sprint(len(c.Figures)), fmt.Sprint(n[documents.Differs]), fmt.Sprint(n[documents.NotMeasured]), fmt.Sprint(c.Unread)})
	}
	if err := t.table(rows); err != nil {
		return err
	}
	for _, note := range notes {
		fmt.Fprintln(t.out, "  "+note)
	}
	return nil
}

func attestDocumentVerb(t *terminal) *cobra.Command {
	var f judgeFlags
	var role, path, comment string
	var days int
	cmd := &cobra.Command{
		Use:   "attest REF",
		Short: "Sign that you answer, in a role, for a document of an artifact",
		Long:  "Reads the document out of the artifact, refuses one that is incomplete or whose numbers are not the\nmeasured ones, and attaches your signature. It binds the artifact and the document's bytes. Attest before\nthe approval: new evidence makes an approval void.",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if days < 1 {
				return usage("--valid-for is %d; want at least one day", days)
			}
			g, err := f.open(cmd.Context(), t)
			if err != nil {
				return err
			}
			a, err := g.AttestDocument(cmd.Context(), reference(args[0]), path, role, comment, time.Duration(days)*24*time.Hour)
			if err != nil {
				return err
			}
			t.say("Attested %s (%s) as %s until %s: it speaks to %d controls.\n  document  %s\n  artifact  %s\nJudge again to use it: modelvet judge %s --stage %s",
				a.Path, a.Kind, a.Role, a.Expires.UTC().Format(time.DateOnly), len(a.Controls), a.File, a.Subject, args[0], f.stage)
			return nil
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&path, "document", "", "path of the document, as modelvet.yaml names it")
	cmd.Flags().StringVar(&role, "role", "", "role in which you answer for it, as the policy grants it")
	cmd.Flags().StringVar(&comment, "comment", "", "what you want to add")
	cmd.Flags().IntVar(&days, "valid-for", 365, "days after which it has to be attested again")
	_ = cmd.MarkFlagRequired("document")
	_ = cmd.MarkFlagRequired("role")
	return cmd
}
