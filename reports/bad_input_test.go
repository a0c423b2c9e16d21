// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/modelvet/modelvet"
)

// everywhere puts a text into every place of a decision that takes one.
func everywhere(s string) modelvet.Decision {
	d := fixture()
	d.Subject.Name, d.System.Name, d.System.Purpose, d.System.Provider.Name, d.Stage, d.Notes, d.Reasons = s, s, s, s, s, []string{s}, append(d.Reasons, s)
	for i := range d.Results {
		r := &d.Results[i]
		r.Title, r.Description, r.Remediation, r.Reason = s, s, s, s
		if r.Outcome == modelvet.Fail {
			r.Objections = []string{s, s}
		}
	}
	for i := range d.Controls {
		d.Controls[i].Title, d.Controls[i].Reason = s, s
	}
	for i := range d.Evidence {
		d.Evidence[i].Reason, d.Evidence[i].Signer.Name = s, s
	}
	for i := range d.Scans {
		d.Scans[i].Coverage.Read, d.Scans[i].Coverage.Skipped = []string{s}, []modelvet.Gap{{Path: s, Reason: s}}
		d.Scans[i].Findings = []modelvet.Finding{{ID: s, Path: s, What: s}}
		for k := range d.Scans[i].Measurements {
			d.Scans[i].Measurements[k].Method = s
			d.Scans[i].Measurements[k].Slice = map[string]string{"attribute": s, "group": fmt.Sprint(s, k)}
		}
	}
	for i := range d.Waivers {
		d.Waivers[i].Reason, d.Waivers[i].RequestedBy = s, s
	}
	for i := range d.Attestations {
		d.Attestations[i].Kind, d.Attestations[i].Comment, d.Attestations[i].Role = s, s, s
	}
	d.Lineage[0].Inputs[0].Name, d.Lineage[1].Facts = s, map[string]string{s: s}
	d.Classification.Mismatch, d.Classification.Steps[0].Finding = s, s
	return d
}

// all renders a decision in every format.
func all(t *testing.T, d modelvet.Decision) map[string]string {
	t.Helper()
	out := map[string]string{}
	for _, name := range Names() {
		out[name] = string(render(t, name, d))
	}
	return out
}

var controls = regexp.MustCompile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u0080-\u009f\u202a-\u202e\u200e\u200f\u2066\u2067]")

// TestBadInputControlCharacters: no format passes on what a terminal, a
// browser or an editor would obey.
func TestBadInputControlCharacters(t *testing.T) {
	for name, text := range all(t, everywhere("bell\x07 esc\x1b[31m null\x00 del\x7f c1\u009b csi \u202egnp.exe \u2066iso")) {
		if name == "pdf" || strings.HasSuffix(name, "-docx") {
			continue // packed: their text is held to this by the next lines
		}
		if name == "json" {
			text = strings.NewReplacer(`\u0007`, "", `\u001b`, "").Replace(text)
			text = regexp.MustCompile("[\u007f-\u009f\u202a-\u202e\u2066-\u2069]").ReplaceAllString(text, "") // the record holds a text as it is
		}
		if at := controls.FindStringIndex(text); at != nil {
			t.Errorf("%s passes on %+q", name, text[max(at[0]-20, 0):min(at[1]+20, len(text))])
		}
	}
	d := everywhere("bell\x07 \u202egnp.exe")
	for name, text := range map[string]string{"pdf": pdfText(t, d), "docx": documentXML(t, render(t, "annex-iv-docx", d))} {
		if controls.MatchString(text) || !strings.Contains(text, "[U+0007]") || !strings.Contains(text, "[U+202E]") {
			t.Errorf("%s does not show the control characters as what they are", name)
		}
	}
}

// TestBadInputRightToLeft: a name from right to left is isolated wherever a
// program orders the line, so that it moves nothing beside it.
func TestBadInputRightToLeft(t *testing.T) {
	out := all(t, everywhere("שלום (עולם) 2026"))
	for _, name := range []string{"html", "markdown", "text"} {
		bare := regexp.MustCompile("\u2068[^\u2069\u2068]*\u2069").ReplaceAllString(regexp.MustCompile(`<(title|desc|text|svg)[^>]*>[^<]*`).ReplaceAllString(out[name], ""), "")
		if at := strings.IndexFunc(bare, isRTL); at >= 0 {
			t.Errorf("%s: not isolated: %q", name, bare[max(at-80, 0):min(at+40, len(bare))])
		}
	}
}

// TestBadInputHTML: markup of a text is text.
func TestBadInputHTML(t *testing.T) {
	out := all(t, everywhere(`<script>alert(1)</script><img src=x onerror=alert(1)> javascript:alert(1) "'><svg/onload=x> {{.}} ]]>`))
	if n := strings.Count(out["html"], "<script>"); n != 1 {
		t.Errorf("html: %d scripts, want our own", n)
	}
	for _, bad := range []string{"<img src=x", "<svg/onload"} {
		for _, name := range []string{"html", "markdown", "annex-iv", "model-card", "junit"} {
			if strings.Contains(out[name], bad) {
				t.Errorf("%s holds %q as markup", name, bad)
			}
		}
	}
	for _, name := range []string{"junit"} {
		if err := xml.Unmarshal([]byte(out[name]), new(any)); err != nil && err != io.EOF {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestBadInputFormulas: no cell of the CSV begins as a formula does, also
// behind spaces, tabs and line feeds (CWE-1236).
func TestBadInputFormulas(t *testing.T) {
	for _, s := range []string{"=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =1", "|calc", "%0A=1", "＝1", "\"=1"} {
		rows, err := csv.NewReader(strings.NewReader(all(t, everywhere(s))["csv"])).ReadAll()
		if err != nil {
			t.Fatal(err)
		}
		for _, row := range rows {
			for _, cell := range row {
				if trimmed := strings.TrimLeft(cell, " \t\r\n"); trimmed != "" && strings.ContainsAny(trimmed[:1], "=+-@|%") || strings.HasPrefix(trimmed, "＝") {
					t.Errorf("%q: cell %q is a formula", s, cell)
				}
			}
		}
	}
}

// TestBadInputLongWords: a word of 10,000 characters runs off no page, breaks
// no budget and is not lost.
func TestBadInputLongWords(t *testing.T) {
	word := strings.Repeat("x", 9_990) + "the-end"
	d := fixture()
	d.Results[0].Objections, d.System.Name, d.Results[0].Title = []string{word}, word, word
	out := all(t, d)
	if len(out["markdown"]) > 65_536 {
		t.Errorf("markdown has %d bytes", len(out["markdown"]))
	}
	for _, name := range []string{"html", "json", "csv", "junit", "oscal"} {
		if !strings.Contains(out[name], "the-end") {
			t.Errorf("%s lost the end of the word", name)
		}
	}
	b := bound(t, d)
	for page, leaf := range b.leaves {
		for _, o := range leaf.ops {
			if o.Kind == "text" && o.node != nil && o.X+b.width(o.face, o.Size, strings.TrimRight(o.Text, " ")) > paperW-marginX+0.6 {
				t.Errorf("page %d: %.40q runs off", page+1, o.Text)
			}
		}
	}
}

// TestBadInputMissingSections: whatever part a decision lacks, each format is
// written, says so where a person reads it, and opens nothing.
func TestBadInputMissingSections(t *testing.T) {
	for what, cut := range map[string]func(*modelvet.Decision){
		"system": func(d *modelvet.Decision) { d.System = nil }, "scans": func(d *modelvet.Decision) { d.Scans = nil }, "lineage": func(d *modelvet.Decision) { d.Lineage = nil },
		"evidence": func(d *modelvet.Decision) { d.Evidence = nil }, "controls": func(d *modelvet.Decision) { d.Controls = nil }, "results": func(d *modelvet.Decision) { d.Results = nil },
		"subject": func(d *modelvet.Decision) { d.Subject = modelvet.Subject{} }, "policy": func(d *modelvet.Decision) { d.Policy = modelvet.PolicyRef{} }, "time": func(d *modelvet.Decision) { d.At = time.Time{} },
		"classification": func(d *modelvet.Decision) { d.Classification = &modelvet.Classification{} }, "thresholds": func(d *modelvet.Decision) { d.Thresholds = &modelvet.ThresholdSet{} },
	} {
		d := fixture()
		cut(&d)
		for name, text := range all(t, d) {
			if text == "" {
				t.Errorf("%s without %s is empty", name, what)
			}
		}
		v, err := newView(d)
		if err != nil || v.Stamp == "ALLOW" {
			t.Errorf("without %s: %s, %v", what, v.Stamp, err)
		}
	}
}

// TestBadInputNewerSchema: what this version does not know is not left out in
// silence.
func TestBadInputNewerSchema(t *testing.T) {
	d := allowedFixture()
	d.Schema = strings.Replace(modelvet.DecisionSchema, "v1", "v2", 1)
	for _, name := range Names() {
		if name == "json" {
			continue // the record itself
		}
		if err := Render(name, io.Discard, d); err == nil || !strings.Contains(err.Error(), "v2") {
			t.Errorf("%s renders a decision of a newer schema: %v", name, err)
		}
	}
	raw := bytes.Replace(render(t, "json", allowedFixture()), []byte(`"outcome": "allowed"`), []byte(`"outcome": "allowed", "suspended": true`), 1)
	if err := decodeRecord(raw, new(modelvet.Decision)); err == nil || !strings.Contains(err.Error(), "suspended") {
		t.Errorf("a field of a newer version is passed over: %v", err)
	}
	if err := json.Unmarshal(raw, new(modelvet.Decision)); err != nil {
		t.Fatal(err)
	}
}
