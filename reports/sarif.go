// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"time"

	"github.com/modelvet/modelvet"
)

// sarifLimit is how many results of a run code-scanning services accept.
const sarifLimit = 25_000

// systemFile is where an objection is shown that is about no file of the model.
const systemFile = "modelvet.yaml"

// SARIF writes SARIF 2.1.0 (OASIS, 2020): one result for each objection and
// for each thing a scanner saw. What cannot be verified is told as a failure;
// what is waived is told as suppressed.
func SARIF(w io.Writer, d modelvet.Decision) error {
	v, err := newView(d)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(newSarif(v)); err != nil {
		return fmt.Errorf("encoding SARIF: %w", err)
	}
	return nil
}

type object = map[string]any

type sarifLog struct {
	rules   []object
	known   map[string]int
	results []object
	left    int
}

func newSarif(v view) object {
	l := &sarifLog{known: map[string]int{}, results: []object{}, rules: []object{}}
	for _, r := range v.findings() {
		l.rule(r.Rule)
		l.objections(v, r)
	}
	for _, s := range v.Scans {
		for _, f := range s.Findings {
			l.finding(s, f)
		}
	}
	for _, r := range v.Holding {
		l.rule(r.Rule)
	}
	return object{
		"$schema": "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
		"version": "2.1.0", "runs": []object{l.run(v)},
	}
}

func (l *sarifLog) run(v view) object {
	call := object{"executionSuccessful": true, "exitCode": exitCode(v.Outcome), "properties": object{"verdict": v.Stamp}}
	if !v.At.IsZero() {
		call["endTimeUtc"] = v.At.UTC().Format(time.RFC3339)
	}
	var notes []object
	tell := func(level, text string) {
		notes = append(notes, object{"level": level, "message": object{"text": text}})
	}
	for _, c := range v.Causes {
		tell("error", visible(c))
	}
	for _, n := range v.Notes {
		tell("warning", visible(n))
	}
	for _, g := range v.Gaps {
		tell("warning", visible(fmt.Sprintf("%s did not look at %s: %s", g.Scanner, g.Path, g.Reason)))
	}
	for _, w := range v.Decision.Waivers {
		tell("note", visible(fmt.Sprintf("waiver %s of %s: %s", w.ID, w.Rule, counting(w.Valid, w.Reject))))
	}
	for i, a := range v.attestationLines() {
		tell(map[bool]string{true: "note", false: "warning"}[v.Attestations[i].Valid], visible(a))
	}
	if l.left > 0 {
		tell("warning", fmt.Sprintf("%d more results in decision.json", l.left))
	}
	if notes != nil {
		call["toolExecutionNotifications"] = notes
	}
	driver := object{"name": "modelvet", "informationUri": "https://github.com/modelvet/modelvet", "rules": l.rules}
	if v.Engine.Modelvet != "" {
		driver["version"] = visible(v.Engine.Modelvet)
	}
	return object{"tool": object{"driver": driver}, "invocations": []object{call}, "results": l.results, "columnKind": "unicodeCodePoints",
		"properties": object{"outcome": string(v.Outcome), "verdict": v.Stamp, "subject": visible(v.Subject.Digest), "stage": visible(v.Stage)}}
}

// exitCode is the contract of the command line; what is unknown is closed.
func exitCode(o modelvet.Verdict) int {
	switch o {
	case modelvet.Allowed:
		return 0
	case modelvet.Pending:
		return 4
	}
	return 3
}

// descriptor declares a rule once and returns its index.
func (l *sarifLog) descriptor(id string, make func() object) int {
	if i, ok := l.known[id]; ok {
		return i
	}
	l.known[id] = len(l.rules)
	l.rules = append(l.rules, make())
	return l.known[id]
}

func (l *sarifLog) rule(r modelvet.Rule) int {
	return l.descriptor("rule "+r.ID, func() object {
		o := object{"id": visible(or(r.ID, "unnamed")), "shortDescription": object{"text": visible(or(r.Title, or(r.ID, "unnamed")))},
			"fullDescription": object{"text": visible(or(r.Description, or(r.Title, "no description")))}, "defaultConfiguration": object{"level": sarifLevel(r.Level)}}
		if r.Remediation != "" {
			o["help"] = object{"text": visible(r.Remediation)}
		}
		if len(r.Controls) > 0 {
			o["properties"] = object{"tags": visibleAll(unique(r.Controls))}
		}
		return o
	})
}

func visibleAll(list []string) []string {
	var out []string
	for _, s := range list {
		out = append(out, visible(s))
	}
	return out
}

func unique(list []string) []string {
	seen := map[string]bool{}
	var out []string
	for _, s := range list {
		if !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	return out
}

func sarifLevel(l modelvet.Level) string {
	if l == modelvet.Warn {
		return "warning"
	}
	return "error"
}

func (l *sarifLog) objections(v view, r modelvet.Result) {
	word := outcomeWord(r.Outcome)
	for _, o := range told(r) {
		res := object{"ruleId": visible(or(r.ID, "unnamed")), "ruleIndex": l.rule(r.Rule), "level": sarifLevel(r.Level), "message": object{"text": visible(word + ": " + o)},
			"locations": []object{location(systemFile, modelvet.Finding{})}, "partialFingerprints": fingerprint(r.ID, o)}
		if r.Outcome == modelvet.Waived {
			res["suppressions"] = []object{{"kind": "external", "status": "accepted", "justification": visible("waiver " + r.Waiver + " " + v.grounds(r.Waiver))}}
		}
		l.add(res)
	}
}

// told are the words of one result: never none.
func told(r modelvet.Result) []string {
	out := r.Objections
	if r.Reason != "" {
		out = append(append([]string{}, out...), r.Reason)
	}
	if len(out) == 0 {
		return []string{"the rule gave no reason"}
	}
	return out
}

// grounds is the reason of a waiver.
func (v view) grounds(id string) string {
	for _, w := range v.Decision.Waivers {
		if w.ID == id {
			return w.Reason
		}
	}
	return ""
}

var sarifSeverity = map[string]string{modelvet.SeverityInfo: "note", modelvet.SeverityWarn: "warning"}

func (l *sarifLog) finding(s modelvet.Scan, f modelvet.Finding) {
	id := visible(or(f.ID, s.Scanner+"/unnamed"))
	index := l.descriptor("finding "+id, func() object {
		return object{"id": id, "shortDescription": object{"text": "seen by the scanner " + visible(s.Scanner)}}
	})
	res := object{"ruleId": id, "ruleIndex": index, "level": or(sarifSeverity[f.Severity], "error"),
		"message": object{"text": visible(or(f.What, id))}, "partialFingerprints": fingerprint(f.ID, f.Path+" "+f.What)}
	if f.Path != "" {
		res["locations"] = []object{location(f.Path, f)}
	}
	if tags := append(append([]string{}, f.CWE...), f.CVE...); len(tags) > 0 {
		res["properties"] = object{"tags": visibleAll(unique(tags))}
	}
	l.add(res)
}

func (l *sarifLog) add(result object) {
	if len(l.results) == sarifLimit {
		l.left++
		return
	}
	l.results = append(l.results, result)
}

func location(path string, f modelvet.Finding) object {
	physical := object{"artifactLocation": object{"uri": (&url.URL{Path: path}).String()}}
	switch {
	case f.Line > 0:
		physical["region"] = object{"startLine": f.Line}
	case f.Offset != nil && *f.Offset >= 0:
		physical["region"] = object{"byteOffset": *f.Offset, "byteLength": 1}
	}
	return object{"physicalLocation": physical}
}

// fingerprint lets a dashboard see that a result is the same as yesterday's.
func fingerprint(id, what string) object {
	return object{"modelvet/v1": fmt.Sprintf("%x", sha256.Sum256([]byte(id+"\n"+what)))}
}
