// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/json"
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
	var format, out string
	cmd := &cobra.Command{
		Use:   "report DECISION.json",
		Short: "Render a decision again; never judge again",
		Args:  cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			d, err := readDecision(args[0])
			if err != nil {
				return usage("%w", err)
			}
			if _, ok := reports.Formats[format]; !ok {
				return usage("there is no format %q; there are: %s", format, strings.Join(formats(), ", "))
			}
			if out == "" {
				return reports.Render(format, t.out, d)
			}
			var b bytes.Buffer
			if err := reports.Render(format, &b, d); err != nil {
				return err
			}
			return writeFile(out, b.Bytes())
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "one of: "+strings.Join(formats(), ", "))
	cmd.Flags().StringVar(&out, "out", "", "file to write (default: standard output)")
	return cmd
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
	if err := schemas.Validate("decision", b); err != nil {
		return d, usage("%s is no decision of modelvet: %w", path, err)
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&d); err != nil {
		return d, usage("%s is no decision of modelvet: %w", path, err)
	}
	return d, nil
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
