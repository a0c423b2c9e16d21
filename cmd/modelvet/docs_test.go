// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet/controls"
	"github.com/modelvet/modelvet/policies"
)

// The generated pages say what the program does now; -update writes them.
func TestDocs(t *testing.T) {
	e, err := policies.New(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	set, err := controls.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range set.Pages(e.Rules()) {
		same(t, filepath.Join("../../docs/controls", p.Name), p.Content)
	}
	var cli bytes.Buffer
	describe(&cli, command(nil, io.Discard, io.Discard), true)
	same(t, "../../docs/cli.md", cli.Bytes())
	if problems := controls.Lint(set, e.Rules()); len(problems) > 0 {
		t.Errorf("the rules and the catalogues do not fit: %v", problems)
	}
}

func same(t *testing.T, path string, want []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, want, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%s is not what the program says (%v); `make golden` writes it", path, err)
	}
}

func describe(w io.Writer, cmd *cobra.Command, top bool) {
	if top {
		fmt.Fprintf(w, "# The command line\n\nGenerated from the program; `make golden` writes it.\n\n%s\n", cmd.Long)
	}
	for _, c := range cmd.Commands() {
		if c.Hidden || c.Name() == "help" || c.Name() == "completion" {
			continue
		}
		fmt.Fprintf(w, "\n## `%s`\n\n%s.\n", c.UseLine(), c.Short)
		if c.Long != "" {
			fmt.Fprintf(w, "\n%s\n", strings.TrimSpace(c.Long))
		}
		if flags := c.LocalFlags().FlagUsages(); flags != "" {
			fmt.Fprintf(w, "\n```\n%s```\n", flags)
		}
		describe(w, c, false)
	}
}

// The workflow that init writes is the one that docs and CI hold up as an example.
func TestTheWorkflowOfInitIsTheExample(t *testing.T) {
	example, err := os.ReadFile("../../examples/github/modelvet.yml")
	if err != nil {
		t.Fatal(err)
	}
	if string(example) != workflowTemplate {
		t.Error("examples/github/modelvet.yml and cmd/modelvet/init/workflow.yaml differ: copy one over the other")
	}
}
