// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// Docs writes the page about the rules: what each demands, from which
// evidence, for which controls, and what to do when it objects. It is made of
// the rules' own annotations and of nothing else.
func (e *Engine) Docs(w io.Writer) error {
	var b strings.Builder
	fmt.Fprintf(&b, "# Rules\n\nGenerated from the annotations of the rules; do not edit. `go test ./policies -update` writes it again.\n\n")
	fmt.Fprintf(&b, "%d rules. Each answers *pass*, *fail*, *unknown* (evidence or a threshold is missing, stale, empty, of the wrong shape, or\n"+
		"does not say what the rule must know) or *not applicable*. A *block* rule that fails or is unknown closes the gate; a *warn* rule is told.\n", len(e.rules))
	area := ""
	for _, r := range e.rules {
		if a, _, _ := strings.Cut(r.ID, "."); a != area {
			area = a
			fmt.Fprintf(&b, "\n## %s\n", strings.ReplaceAll(area, "_", " "))
		}
		document(&b, r)
	}
	e.documentThresholds(&b)
	_, err := io.WriteString(w, b.String())
	return err
}

func document(b *strings.Builder, r rule) {
	fmt.Fprintf(b, "\n### %s\n\n**%s** (%s)\n\n%s\n\n", r.ID, r.Title, r.Level, r.Description)
	line := func(name string, values []string) {
		if len(values) > 0 {
			fmt.Fprintf(b, "- %s: `%s`\n", name, strings.Join(values, "`, `"))
		}
	}
	line("Needs", r.Needs)
	line("Thresholds", r.thresholds)
	line("Controls", r.Controls)
	if r.forbidWaiver {
		b.WriteString("- May never be waived\n")
	}
	fmt.Fprintf(b, "- When it objects: %s\n", r.Remediation)
}

func (e *Engine) documentThresholds(b *strings.Builder) {
	fmt.Fprintf(b, "\n## thresholds\n\nNumbers that a stage of the policy file gives. A rule that reads one that is not given is *unknown*.\n\n"+
		"| name | from | to | for example | meaning |\n|---|---|---|---|---|\n")
	for _, name := range slices.Sorted(maps.Keys(e.thresholds)) {
		t := e.thresholds[name]
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", name, decimal(t.Minimum), decimal(t.Maximum), decimal(t.Example), t.Description)
	}
}

func decimal(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }
