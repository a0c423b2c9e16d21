// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/modelvet/modelvet"
)

const (
	sastVersion = "15.2.2"              // of GitLab's report schemas
	sastMoment  = "2006-01-02T15:04:05" // the schema allows no zone: UTC
)

// sast is GitLab's SAST report (security-report-schemas 15.x), as far as
// modelvet has something to say.
type sast struct {
	Version         string     `json:"version"`
	Scan            sastScan   `json:"scan"`
	Vulnerabilities []sastItem `json:"vulnerabilities"`
}

type sastScan struct {
	Analyzer sastTool `json:"analyzer"`
	Scanner  sastTool `json:"scanner"`
	Type     string   `json:"type"`
	Start    string   `json:"start_time"`
	End      string   `json:"end_time"`
	Status   string   `json:"status"` // success: the gate came to a decision, whichever
}

type sastTool struct {
	ID      string            `json:"id"`
	Name    string            `json:"name"`
	Version string            `json:"version"`
	Vendor  map[string]string `json:"vendor"`
}

type sastItem struct {
	ID          string           `json:"id"`
	Name        string           `json:"name"`
	Description string           `json:"description"`
	Severity    string           `json:"severity"` // Info, Low, Medium, High, Critical
	Solution    string           `json:"solution,omitempty"`
	Location    sastPlace        `json:"location"`
	Identifiers []sastIdentifier `json:"identifiers"`
}

type sastPlace struct {
	File string `json:"file"`
	Line int    `json:"start_line"`
}

type sastIdentifier struct {
	Type  string `json:"type"`
	Name  string `json:"name"`
	Value string `json:"value"`
}

// SAST writes GitLab's SAST report: one entry for the verdict when it is not
// "allowed", one for each objection, one for each thing seen in a file.
func SAST(w io.Writer, d modelvet.Decision) error {
	v, err := newView(d)
	if err != nil {
		return err
	}
	s := newSast(v)
	if v.Outcome != modelvet.Allowed || len(v.Causes) > 0 {
		s.add("decision", "decision", v.Stamp, v.Sentence, map[string]string{bad: "Critical", warn: "High"}[v.Tone], "", sastPlace{})
	}
	for _, c := range append(v.Causes, v.idleWaivers()...) {
		s.add("decision", "decision", v.Stamp, c, "High", "", sastPlace{})
	}
	for _, a := range v.idleAttestations() {
		s.add("attestation", "attestation", "attestation that does not count", a, "Low", "", sastPlace{})
	}
	for _, r := range v.findings() {
		for _, o := range told(r) {
			s.add("rule", r.ID, outcomeWord(r.Outcome)+": "+or(r.Title, r.ID), o+waiverWord(r), sastSeverity(r), r.Remediation, sastPlace{})
		}
	}
	for _, scan := range v.Scans {
		for _, f := range scan.Findings {
			severity := or(map[string]string{modelvet.SeverityInfo: "Info", modelvet.SeverityWarn: "Medium"}[f.Severity], "Critical")
			s.add("finding", or(f.ID, scan.Scanner), or(f.ID, scan.Scanner), or(f.What, f.ID), severity, "", sastPlace{f.Path, f.Line})
		}
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(s.sast); err != nil {
		return fmt.Errorf("encoding the SAST report: %w", err)
	}
	return nil
}

type sastReport struct {
	sast
	seen map[string]int
}

func newSast(v view) *sastReport {
	tool := sastTool{ID: "modelvet", Name: "modelvet", Version: or(visible(v.Engine.Modelvet), "unknown"), Vendor: map[string]string{"name": "modelvet"}}
	at := v.At.UTC().Format(sastMoment)
	if v.At.IsZero() {
		at = time.Unix(0, 0).UTC().Format(sastMoment)
	}
	return &sastReport{seen: map[string]int{}, sast: sast{Version: sastVersion, Vulnerabilities: []sastItem{},
		Scan: sastScan{Analyzer: tool, Scanner: tool, Type: "sast", Start: at, End: at, Status: "success"}}}
}

// add writes one entry. Its id is the same tomorrow, and its own.
func (s *sastReport) add(kind, id, name, what, severity, fix string, at sastPlace) {
	key := fmt.Sprintf("%s\n%s\n%s\n%s\n%d", kind, id, what, at.File, at.Line)
	s.seen[key]++
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\n%d", key, s.seen[key]))
	id = visible(or(id, "unnamed"))
	s.Vulnerabilities = append(s.Vulnerabilities, sastItem{
		ID:   fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16]),
		Name: shortened(visible(name), 255), Description: shortened(visible(what), 1<<20), Severity: or(severity, "Info"), Solution: shortened(visible(fix), 7000),
		Location:    sastPlace{visible(or(at.File, systemFile)), max(at.Line, 1)},
		Identifiers: []sastIdentifier{{"modelvet_" + kind, id, id}},
	})
}

func shortened(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}

func sastSeverity(r modelvet.Result) string {
	switch {
	case blocks(r):
		return "Critical"
	case r.Outcome == modelvet.Waived:
		return "Info"
	}
	return "Low"
}
