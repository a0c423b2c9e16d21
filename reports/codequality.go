// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"

	"github.com/modelvet/modelvet"
)

// quality is one entry of GitLab's Code Quality report, a subset of the Code
// Climate format.
type quality struct {
	Description string          `json:"description"`
	CheckName   string          `json:"check_name"`
	Fingerprint string          `json:"fingerprint"`
	Severity    string          `json:"severity"`
	Location    qualityLocation `json:"location"`
}

type qualityLocation struct {
	Path  string `json:"path"`
	Lines struct {
		Begin int `json:"begin"`
	} `json:"lines"`
}

// CodeQuality writes GitLab's Code Quality report: one entry for the verdict,
// one for each objection, one for each thing seen in a file.
func CodeQuality(w io.Writer, d modelvet.Decision) error {
	v, err := newView(d)
	if err != nil {
		return err
	}
	out, seen := []quality{}, map[string]int{}
	add := func(rule, what, severity, path string, line int) {
		key := fmt.Sprintf("%s\n%s\n%s\n%d", rule, what, path, line)
		seen[key]++ // a fingerprint must be unique, and the same tomorrow
		q := quality{Description: visible(what), CheckName: visible(or(rule, "unnamed")), Severity: severity, Fingerprint: fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%s\n%d", key, seen[key])))}
		q.Location.Path, q.Location.Lines.Begin = visible(or(path, systemFile)), max(line, 1)
		out = append(out, q)
	}
	severity := map[string]string{bad: "blocker", warn: "major", good: "info"}[v.Tone]
	add("decision", v.Stamp+": "+v.Sentence, severity, "", 0)
	for _, c := range append(v.Causes, v.idleWaivers()...) {
		add("decision", c, severity, "", 0)
	}
	for _, a := range v.idleAttestations() {
		add("attestation", a, "info", "", 0)
	}
	for _, r := range v.findings() {
		for _, o := range told(r) {
			add(r.ID, outcomeWord(r.Outcome)+": "+o+waiverWord(r), qualitySeverity(r), "", 0)
		}
	}
	for _, s := range v.Scans {
		for _, f := range s.Findings {
			add(or(f.ID, s.Scanner), or(f.What, f.ID), or(map[string]string{modelvet.SeverityInfo: "info", modelvet.SeverityWarn: "minor"}[f.Severity], "critical"), f.Path, f.Line)
		}
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(out); err != nil {
		return fmt.Errorf("encoding the code quality report: %w", err)
	}
	return nil
}

func waiverWord(r modelvet.Result) string {
	if r.Waiver == "" {
		return ""
	}
	return " (waiver " + r.Waiver + ")"
}

func qualitySeverity(r modelvet.Result) string {
	switch {
	case blocks(r):
		return "blocker"
	case r.Outcome == modelvet.Waived:
		return "info"
	}
	return "minor"
}
