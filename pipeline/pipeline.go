// SPDX-License-Identifier: Apache-2.0

// Package pipeline tells a CI platform what was decided, in the platform's own
// words: annotations, job summaries, outputs and comments on GitHub; dotenv and
// report links on GitLab. Both limits and escapes are the platform's.
//
// It must never judge, and never print text of the model or of the judged
// repository unescaped: on GitHub a line of a log can be a command.
package pipeline

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/modelvet/modelvet"
)

// Mode says what a denial does to the job.
type Mode string

const (
	Enforce Mode = "enforce" // the job ends with the code of the decision
	Warn    Mode = "warn"    // the job goes on; the reasons are warnings
	Observe Mode = "observe" // the job goes on; the reasons are notices
)

// ParseMode reads a mode as a user types it.
func ParseMode(s string) (Mode, error) {
	m := Mode(s)
	if !slices.Contains([]Mode{Enforce, Warn, Observe}, m) {
		return "", fmt.Errorf("the mode is %q; want enforce, warn or observe", s)
	}
	return m, nil
}

// Result is a decision and where its renderings lie.
type Result struct {
	Decision   modelvet.Decision
	Dir        string   // the result folder, as later steps of the job see it
	Model      string   // folder of the model below the root of the repository, with slashes; "" is the root
	Summary    []byte   // the Markdown rendering
	Statements []string // files with the signed bundles of the decision
}

// ExitCode is what the command line ends with for this outcome; what is
// unknown is closed.
func (r Result) ExitCode() int {
	switch r.Decision.Outcome {
	case modelvet.Allowed:
		return 0
	case modelvet.Pending:
		return 4
	}
	return 3
}

// title is the decision in one line.
func (r Result) title() string {
	name := "the model"
	if s := r.Decision.System; s != nil && s.Name != "" {
		name = strings.TrimSpace(s.Name + " " + s.Version)
	} else if r.Decision.Subject.Name != "" {
		name = r.Decision.Subject.Name
	}
	return fmt.Sprintf("modelvet: %s is %s for %s", name, r.Decision.Outcome, r.Decision.Stage)
}

// remark is one thing to be shown at a place in the repository.
type remark struct {
	blocking bool
	file     string
	line     int
	title    string
	text     string
}

// remarks are the decision's reasons and objections, blocking ones first, then
// what the scanners saw in files. Rules that hold are not told.
func (r Result) remarks() []remark {
	var blocking, rest []remark
	for _, result := range r.Decision.Results {
		if result.Outcome != modelvet.Fail && result.Outcome != modelvet.Unknown {
			continue
		}
		m := r.remark(result)
		if m.blocking {
			blocking = append(blocking, m)
		} else {
			rest = append(rest, m)
		}
	}
	return slices.Concat(blocking, r.seen(), rest)
}

func (r Result) remark(result modelvet.Result) remark {
	why := slices.Clone(result.Objections)
	if result.Reason != "" {
		why = append(why, result.Reason)
	}
	if len(why) == 0 {
		why = []string{"the rule gave no reason"}
	}
	text := strings.Join(why, "\n")
	if result.Remediation != "" {
		text += "\nfix: " + result.Remediation
	}
	word := map[modelvet.Outcome]string{modelvet.Fail: "not met", modelvet.Unknown: "cannot be verified"}[result.Outcome]
	return remark{blocking: result.Level != modelvet.Warn, file: r.at("modelvet.yaml"), line: 1,
		title: fmt.Sprintf("%s: %s (%s)", word, result.Title, result.ID), text: text}
}

// seen are the findings in files that speak against the model.
func (r Result) seen() []remark {
	var out []remark
	for _, s := range r.Decision.Scans {
		for _, f := range s.Findings {
			if f.Severity == modelvet.SeverityInfo || f.Path == "" {
				continue
			}
			out = append(out, remark{blocking: f.Severity == modelvet.SeverityBlock, file: r.at(f.Path), line: max(f.Line, 1),
				title: s.Scanner + ": " + f.ID, text: f.What})
		}
	}
	return out
}

// at is a file of the model, from the root of the repository. A path that
// leaves the model's folder is shown at modelvet.yaml.
func (r Result) at(name string) string {
	if clean := path.Clean("/" + name); clean != "/"+name {
		name = "modelvet.yaml"
	}
	return path.Join(r.Model, name)
}

// failed lists the ids of the rules that close the gate.
func (r Result) failed() []string {
	var out []string
	for _, result := range r.Decision.Results {
		if result.Level != modelvet.Warn && (result.Outcome == modelvet.Fail || result.Outcome == modelvet.Unknown) {
			out = append(out, result.ID)
		}
	}
	return out
}

// unsupported lists the ids of the controls that the evidence speaks against,
// or that could not be verified.
func (r Result) unsupported() []string {
	var out []string
	for _, c := range r.Decision.Controls {
		if c.State == modelvet.NotSupported || c.State == modelvet.CannotVerify {
			out = append(out, c.ID)
		}
	}
	return out
}
