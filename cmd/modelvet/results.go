// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet"
)

// results are single values of a decision, each in a file of its own: what
// Tekton calls results, and Argo and Kubeflow output parameters. An image
// without a shell can write them.
type results struct {
	given []string
	files map[string]string
}

// values are what can be asked for.
var values = map[string]func(modelvet.Decision) string{
	"outcome": func(d modelvet.Decision) string { return string(d.Outcome) },
	"digest":  func(d modelvet.Decision) string { return d.Subject.Digest },
	"stage":   func(d modelvet.Decision) string { return d.Stage },
	"policy":  func(d modelvet.Decision) string { return d.Policy.Digest },
	"expires": func(d modelvet.Decision) string { return d.Expires.UTC().Format("2006-01-02T15:04:05Z") },
}

func (r *results) add(cmd *cobra.Command) {
	cmd.Flags().StringArrayVar(&r.given, "result", nil, "NAME=FILE: write one value of the decision into a file of its own, for Tekton, Argo and Kubeflow; names: "+strings.Join(slices.Sorted(maps.Keys(values)), ", "))
}

// clear takes away what an earlier run left, so that nobody reads it as ours.
func (r *results) clear() error {
	r.files = map[string]string{}
	for _, g := range r.given {
		name, file, ok := strings.Cut(g, "=")
		if !ok || values[name] == nil || file == "" {
			return usage("--result %s: want NAME=FILE, the name one of: %s", g, strings.Join(slices.Sorted(maps.Keys(values)), ", "))
		}
		if r.files[name] != "" {
			return usage("--result %s is given twice", name)
		}
		if err := os.Remove(file); err != nil && !os.IsNotExist(err) {
			return usage("--result %s: %w", name, err)
		}
		r.files[name] = file
	}
	return nil
}

// write leaves no newline: Tekton hands on every byte.
func (r *results) write(d modelvet.Decision) error {
	for _, name := range slices.Sorted(maps.Keys(r.files)) {
		if err := os.WriteFile(r.files[name], []byte(values[name](d)), 0o644); err != nil {
			return fmt.Errorf("writing the result %s: %w", name, err)
		}
	}
	return nil
}
