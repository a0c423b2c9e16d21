// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"encoding/xml"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/modelvet/modelvet"
)

type junitSuites struct {
	XMLName  xml.Name `xml:"testsuites"`
	Name     string   `xml:"name,attr"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Errors   int      `xml:"errors,attr"` // the schema of Jenkins knows no skipped here
	Suites   []junitSuite
}

type junitSuite struct {
	XMLName   xml.Name `xml:"testsuite"`
	Name      string   `xml:"name,attr"`
	Tests     int      `xml:"tests,attr"`
	Failures  int      `xml:"failures,attr"`
	Errors    int      `xml:"errors,attr"`
	Skipped   int      `xml:"skipped,attr"`
	Timestamp string   `xml:"timestamp,attr,omitempty"`
	Cases     []junitCase
}

type junitCase struct {
	XMLName xml.Name   `xml:"testcase"`
	Class   string     `xml:"classname,attr"`
	Name    string     `xml:"name,attr"`
	Failure *junitNote `xml:"failure,omitempty"`
	Error   *junitNote `xml:"error,omitempty"`
	Skipped *junitNote `xml:"skipped,omitempty"`
	Out     string     `xml:"system-out,omitempty"`
}

type junitNote struct {
	Message string `xml:"message,attr"`
	Type    string `xml:"type,attr,omitempty"`
	Text    string `xml:",chardata"`
}

// JUnit writes one test case for each rule and one for the decision itself, so
// that the test report of a pipeline is red exactly when the gate is shut. A
// rule that only warns is told as skipped, with its objections.
func JUnit(w io.Writer, d modelvet.Decision) error {
	v, err := newView(d)
	if err != nil {
		return err
	}
	s := junitSuite{Name: "modelvet " + visible(v.Stage), Cases: []junitCase{verdictCase(v)}}
	for _, r := range v.Results {
		s.Cases = append(s.Cases, ruleCase(r))
	}
	if !v.At.IsZero() {
		s.Timestamp = v.At.UTC().Format(time.RFC3339)
	}
	s.count()
	all := junitSuites{Name: "modelvet: " + v.Stamp + ": " + visible(v.Title), Tests: s.Tests, Failures: s.Failures, Errors: s.Errors, Suites: []junitSuite{s}}
	out, err := xml.MarshalIndent(all, "", "  ")
	if err != nil {
		return fmt.Errorf("encoding JUnit: %w", err)
	}
	_, err = fmt.Fprintf(w, "%s%s\n", xml.Header, out)
	return err
}

func (s *junitSuite) count() {
	for _, c := range s.Cases {
		s.Tests++
		switch {
		case c.Failure != nil:
			s.Failures++
		case c.Error != nil:
			s.Errors++
		case c.Skipped != nil:
			s.Skipped++
		}
	}
}

func verdictCase(v view) junitCase {
	c := junitCase{Class: "modelvet", Name: "decision"}
	var about []string
	about = append(about, v.Reasons...)
	for _, w := range v.Decision.Waivers {
		about = append(about, fmt.Sprintf("waiver %s of %s %s", w.ID, w.Rule, counting(w.Valid, w.Reject)))
	}
	about = append(append(about, v.attestationLines()...), v.Notes...)
	text := visibleLines(about)
	if v.Outcome == modelvet.Allowed {
		c.Out = strings.TrimSpace(v.Stamp + ": " + v.Sentence + "\n" + text)
		return c
	}
	c.Failure = &junitNote{Message: v.Stamp + ": " + visible(v.Sentence), Type: v.Stamp, Text: text}
	return c
}

func ruleCase(r modelvet.Result) junitCase {
	class, name := "modelvet", r.ID
	if i := strings.LastIndex(r.ID, "."); i >= 0 {
		class, name = r.ID[:i], r.ID[i+1:]
	}
	c := junitCase{Class: visible(class), Name: visible(name)}
	word := outcomeWord(r.Outcome)
	note := &junitNote{Message: visible(word + ": " + r.ID + ": " + r.Title), Type: word, Text: visibleLines(told(r))}
	if r.Remediation != "" {
		note.Text += "\nfix: " + visible(r.Remediation)
	}
	switch {
	case r.Outcome == modelvet.Pass:
	case blocks(r) && r.Outcome == modelvet.Fail:
		c.Failure = note
	case blocks(r):
		c.Error = note
	default:
		note.Type = ""
		if r.Waiver != "" {
			note.Message += " (waiver " + visible(r.Waiver) + ")"
		}
		c.Skipped = note
	}
	return c
}

func visibleLines(list []string) string { return strings.Join(visibleAll(list), "\n") }
