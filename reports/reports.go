// SPDX-License-Identifier: Apache-2.0

// Package reports renders one decision for everybody who needs it: a
// terminal, a merge request, an auditor, a security dashboard, a test report.
//
// Every format is a function of the decision alone: the same decision gives
// the same bytes, on any machine, at any time. A report must never judge: it
// takes the verdict from the decision, shows a verdict that it does not know
// as BLOCKED, refuses a decision that contradicts itself, and never says that
// anything is "compliant".
package reports

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/modelvet/modelvet"
)

// Format writes one decision in one way.
type Format func(w io.Writer, d modelvet.Decision) error

// Formats are the formats by name.
var Formats = map[string]Format{
	"annex-iv": AnnexIV, "annex-iv-docx": AnnexIVDOCX, "model-card": ModelCard, "model-card-docx": ModelCardDOCX,
	"codequality": CodeQuality,
	"csv":         CSV,
	"html":        HTML,
	"json":        JSON,
	"junit":       JUnit,
	"markdown":    Markdown,
	"oscal":       OSCAL,
	"pdf":         PDF,
	"sarif":       SARIF,
	"sast":        SAST,
	"vex":         VEX,
	"text":        Text{}.Render,
}

// Render writes the decision in the named format. It fails for a name that
// [Formats] does not hold, for a decision whose verdict its own results
// contradict, and when w fails; what was written by then is not a report.
func Render(name string, w io.Writer, d modelvet.Decision) error {
	format, ok := Formats[name]
	if !ok {
		return fmt.Errorf("rendering %q: no such format: use one of %s", name, strings.Join(Names(), ", "))
	}
	if err := format(w, d); err != nil {
		return fmt.Errorf("rendering %s: %w", name, err)
	}
	return nil
}

// Names are the names of the formats, sorted.
func Names() []string { return slices.Sorted(maps.Keys(Formats)) }
