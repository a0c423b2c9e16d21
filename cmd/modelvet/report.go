// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/reports"
	"github.com/modelvet/modelvet/schemas"
)

func reportVerb(t *terminal) *cobra.Command {
	var f reportFlags
	cmd := &cobra.Command{
		Use:   "report DECISION.json",
		Short: "Render a decision again; never judge again",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			d, err := readDecision(args[0])
			if err != nil {
				return usage("%w", err)
			}
			b, err := f.render(cmd.Context(), d)
			if err != nil {
				return err
			}
			if f.out != "" {
				return writeFile(f.out, b)
			}
			_, err = t.out.Write(b)
			return err
		},
	}
	cmd.Flags().StringVar(&f.format, "format", "text", "one of: "+strings.Join(formats(), ", "))
	cmd.Flags().StringVar(&f.out, "out", "", "file to write (default: standard output)")
	cmd.Flags().StringVar(&f.template, "template", "", "JSON or YAML file with the organisation's name, logo, colour, language and sections")
	f.seal.add(cmd, "Seal of the organisation")
	cmd.AddCommand(reportVerifyVerb(t), reportSignVerb(t), reportDiffVerb(t))
	return cmd
}

type reportFlags struct {
	format, out, template string
	seal                  sealFlags
}

// render is the whole report, signed if that was asked for.
func (f *reportFlags) render(ctx context.Context, d modelvet.Decision) ([]byte, error) {
	if name := f.format + "-docx"; strings.HasSuffix(f.out, ".docx") && reports.Formats[name] != nil {
		f.format = name
	}
	if _, ok := reports.Formats[f.format]; !ok {
		return nil, usage("there is no format %q; there are: %s", f.format, strings.Join(formats(), ", "))
	}
	if f.seal.asked() && f.format != "pdf" {
		return nil, usage("only --format pdf can be signed")
	}
	t, err := readTemplate(f.template)
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := t.Render(f.format, &b, d); err != nil {
		return nil, err
	}
	if f.seal.asked() {
		return f.seal.sign(ctx, b.Bytes())
	}
	return b.Bytes(), nil
}

// readTemplate reads a template and the logo beside it; no path is no template.
func readTemplate(path string) (reports.Template, error) {
	var t reports.Template
	if path == "" {
		return t, nil
	}
	b, err := os.ReadFile(path)
	if err != nil {
		return t, usage("--template: %w", err)
	}
	if err := schemas.DecodeYAML("template", path, b, &t); err != nil {
		return t, usage("--template: %w", err)
	}
	raw, err := json.Marshal(t)
	if err != nil {
		return t, err
	}
	root, err := os.OpenRoot(filepath.Dir(path)) // a logo lies beside its template
	if err != nil {
		return t, usage("--template: %w", err)
	}
	defer root.Close()
	if t, err = reports.ReadTemplate(raw, root.ReadFile); err != nil {
		return t, usage("--template: %s: %w", path, err)
	}
	return t, nil
}

func formats() []string {
	var out []string
	for name := range reports.Formats {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// readDecision reads a decision strictly: an unknown or repeated field means
// that this is another program's file.
func readDecision(path string) (modelvet.Decision, error) {
	var d modelvet.Decision
	b, err := os.ReadFile(path)
	if err != nil {
		return d, err
	}
	if err := otherVersion(path, b); err != nil {
		return d, err
	}
	if err := schemas.Validate("decision", b); err != nil {
		return d, usage("%s is no decision that this version of modelvet knows%s: %w", path, madeBy(b), err)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return d, usage("%s is no decision of modelvet: %w", path, err)
	}
	return d, nil
}

// decisionHead is what every version of a decision begins with.
type decisionHead struct {
	Schema string          `json:"schema"`
	Engine modelvet.Engine `json:"engine"`
}

// otherVersion refuses a decision of another schema: what it holds that this
// version does not know would be left out of the report.
func otherVersion(path string, raw []byte) error {
	var head decisionHead
	if err := json.Unmarshal(raw, &head); err != nil {
		return usage("%s is no decision of modelvet: %w", path, err)
	}
	if head.Schema == modelvet.DecisionSchema || head.Schema == "" {
		return nil
	}
	return usage("%s has schema %q and this version of modelvet knows %q: render it with the version that made it%s", path, head.Schema, modelvet.DecisionSchema, madeBy(raw))
}

// madeBy names the version that made a decision.
func madeBy(raw []byte) string {
	var head decisionHead
	if err := json.Unmarshal(raw, &head); err != nil || head.Engine.Modelvet == "" {
		return ""
	}
	return fmt.Sprintf(" (made by modelvet %s)", printable(head.Engine.Modelvet))
}

// writeFile writes the whole file or nothing.
func writeFile(path string, b []byte) error {
	tmp, err := os.CreateTemp(filepath.Dir(path), ".modelvet-*")
	if err != nil {
		return err
	}
	defer os.Remove(tmp.Name())
	if _, err := tmp.Write(b); err != nil {
		tmp.Close()
		return err
	}
	if err := tmp.Chmod(0o644); err != nil {
		tmp.Close()
		return err
	}
	if err := tmp.Close(); err != nil {
		return err
	}
	return os.Rename(tmp.Name(), path)
}
