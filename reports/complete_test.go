// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"archive/zip"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
)

// reading is a format as its reader sees it: its text, and a text as that
// format would show it.
type reading struct {
	text  func(t *testing.T, d modelvet.Decision) string
	shows func(s string) string
}

func shown(s string) string { return visible(s) }

var readings = map[string]reading{
	"json":        {jsonText, func(s string) string { return string([]rune(s)) }},
	"sarif":       {jsonText2("sarif"), shown},
	"codequality": {jsonText2("codequality"), shown},
	"sast":        {jsonText2("sast"), shown},
	"oscal":       {jsonText2("oscal"), shown},
	"vex":         {jsonText2("vex"), shown},
	"csv":         {csvText, shown},
	"text":        {func(t *testing.T, d modelvet.Decision) string { return string(render(t, "text", d)) }, func(s string) string { return cutAt(s, textRunes) }},
	"markdown":    {markdownText, func(s string) string { return cutAt(strings.Join(strings.Fields(visible(s)), " "), markdownRunes) }},
	"html":        {htmlText, shown},
	"junit":       {junitText, shown},
	"model-card":  {draftText("model-card"), shown}, "annex-iv": {draftText("annex-iv"), shown},
	"model-card-docx": {docxText("model-card-docx"), shown}, "annex-iv-docx": {docxText("annex-iv-docx"), shown},
	"pdf": {pdfText, nil}, // set below: it needs the fonts
}

// cutAt is what is left of a text that a format may cut; the count of the rest follows it.
func cutAt(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return visible(s)
	}
	return visible(string(r[:n])) + "…"
}

func jsonText(t *testing.T, d modelvet.Decision) string { return jsonText2("json")(t, d) }

func jsonText2(format string) func(t *testing.T, d modelvet.Decision) string {
	return func(t *testing.T, d modelvet.Decision) string {
		var v any
		if err := json.Unmarshal(render(t, format, d), &v); err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		var walk func(any)
		walk = func(v any) {
			switch v := v.(type) {
			case string:
				b.WriteString(v + "\n")
			case []any:
				for _, x := range v {
					walk(x)
				}
			case map[string]any:
				for _, k := range sortedKeys(v) {
					walk(v[k])
				}
			}
		}
		walk(v)
		return b.String()
	}
}

var (
	mdEscaped = regexp.MustCompile(`\\([\\` + "`" + `*_{}\[\]#|~!$])`)
	tags      = regexp.MustCompile(`(?s)<(style|script)>.*?</(style|script)>|<[^>]*>`)
)

func markdownText(t *testing.T, d modelvet.Decision) string {
	out := render(t, "markdown", d)
	if len(out) > 65_536 {
		t.Errorf("markdown has %d bytes: too many for a comment", len(out))
	}
	s := mdEscaped.ReplaceAllString(string(out), "$1")
	return strings.NewReplacer("&#8203;", "", "&#47;", "/", "&#46;", ".", "&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
}

func draftText(format string) func(t *testing.T, d modelvet.Decision) string {
	return func(t *testing.T, d modelvet.Decision) string {
		s := mdEscaped.ReplaceAllString(string(render(t, format, d)), "$1")
		return strings.NewReplacer("&#8203;", "", "&#47;", "/", "&#46;", ".", "&lt;", "<", "&gt;", ">", "&amp;", "&").Replace(s)
	}
}

// docxText reads the document as XML: what is no XML is an error.
func docxText(format string) func(t *testing.T, d modelvet.Decision) string {
	return func(t *testing.T, d modelvet.Decision) string {
		raw := render(t, format, d)
		z, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			dec := xml.NewDecoder(r)
			for {
				tok, err := dec.Token()
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatalf("%s: %v", f.Name, err)
				}
				if c, ok := tok.(xml.CharData); ok && f.Name == "word/document.xml" {
					b.Write(c)
				}
				if e, ok := tok.(xml.EndElement); ok && e.Name.Local == "p" {
					b.WriteByte('\n')
				}
			}
		}
		return b.String()
	}
}

func htmlText(t *testing.T, d modelvet.Decision) string {
	return plainHTML(string(render(t, "html", d)))
}

func plainHTML(page string) string { return html.UnescapeString(tags.ReplaceAllString(page, "")) }

func csvText(t *testing.T, d modelvet.Decision) string {
	rows, err := csv.NewReader(bytes.NewReader(render(t, "csv", d))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, row := range rows {
		for _, cell := range row {
			if cell != "" && strings.ContainsRune("=+-@", rune(cell[0])) {
				t.Errorf("cell %q is a formula", cell)
			}
		}
		out = append(out, strings.Join(row, "\n"))
	}
	return strings.Join(out, "\n")
}

func junitText(t *testing.T, d modelvet.Decision) string {
	out := render(t, "junit", d)
	var b strings.Builder
	dec := xml.NewDecoder(bytes.NewReader(out))
	for {
		tok, err := dec.Token()
		if err == io.EOF {
			return b.String()
		}
		if err != nil {
			t.Fatal(err)
		}
		switch tok := tok.(type) {
		case xml.StartElement:
			class, name := "", ""
			for _, a := range tok.Attr {
				switch a.Name.Local {
				case "classname":
					class = a.Value
				case "name":
					name = a.Value
				}
				b.WriteString(a.Value + "\n")
			}
			b.WriteString(class + "." + name + "\n")
		case xml.CharData:
			b.Write(tok)
		}
	}
}

// pdfText is the text of the pages, element by element, as a screen reader
// would say it. That the bytes hold the same is for the interop test to say.
func pdfText(t *testing.T, d modelvet.Decision) string {
	v, err := newView(d)
	if err != nil {
		t.Fatal(err)
	}
	return bookText(t, v)
}

func bookText(t *testing.T, v view) string {
	t.Helper()
	l, err := newLayout()
	if err != nil {
		t.Fatal(err)
	}
	b := &book{layout: l, view: v, record: "sha256:x"}
	b.bind()
	said := map[*node]*strings.Builder{}
	for _, leaf := range l.leaves {
		for _, o := range leaf.ops {
			if said[o.node] == nil {
				said[o.node] = &strings.Builder{}
			}
			said[o.node].WriteString(o.Text)
			if o.node != nil && o.node.role == "Figure" {
				said[o.node].WriteByte(' ')
			}
		}
	}
	var out strings.Builder
	var walk func(n *node)
	walk = func(n *node) {
		if s := said[n]; s != nil {
			out.WriteString(s.String() + "\n")
		}
		for _, k := range n.kids {
			if k.node != nil {
				walk(k.node)
			}
		}
	}
	walk(l.root)
	return out.String()
}

func flat(s string) string { return strings.Join(strings.Fields(s), " ") }

// shower is the reading of a format, with what it does to a text.
func shower(t *testing.T, name string) reading {
	t.Helper()
	r := readings[name]
	if name == "pdf" {
		m, err := newMetrics()
		if err != nil {
			t.Fatal(err)
		}
		r.shows = func(s string) string { return m.drawable(regular, cutAt(s, maxText)) }
	}
	return r
}

// TestEveryFormatTellsEverything is the promise of the room: no format may
// show fewer objections than the decision holds.
func TestEveryFormatTellsEverything(t *testing.T) {
	m, err := newMetrics()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range Names() {
		t.Run(name, func(t *testing.T) {
			r, ok := readings[name]
			if !ok {
				t.Fatalf("format %s has no reading: a new format must be held to completeness", name)
			}
			if name == "pdf" {
				r.shows = func(s string) string { return m.drawable(regular, cutAt(s, maxText)) }
			}
			for seed := range uint64(30) {
				d := randomDecision(seed)
				text := flat(r.text(t, d))
				for what, want := range mustBeTold(d) {
					if !strings.Contains(text, flat(r.shows(want))) {
						t.Errorf("seed %d: %s is not told: %.200q", seed, what, r.shows(want))
					}
				}
			}
		})
	}
}

// mustBeTold is what no format may leave out.
func mustBeTold(d modelvet.Decision) map[string]string {
	out := map[string]string{}
	for _, r := range d.Results {
		if r.Outcome == modelvet.Pass || r.Outcome == modelvet.NotApplicable {
			continue
		}
		out["rule "+r.ID] = r.ID
		for i, o := range r.Objections {
			out[fmt.Sprintf("objection %d of %s", i, r.ID)] = o
		}
		if r.Reason != "" {
			out["reason of "+r.ID] = r.Reason
		}
	}
	for _, w := range d.Waivers {
		out["waiver "+w.ID] = w.ID
	}
	for i, a := range d.Attestations {
		if !a.Valid {
			out[fmt.Sprintf("attestation %d does not count", i)] = strings.Fields(a.Reason)[0]
		}
	}
	return out
}

// TestEveryAttestationIsTold: also one that counts, in each format but the two
// of GitLab, which hold nothing but what is to be mended.
func TestEveryAttestationIsTold(t *testing.T) {
	for seed := range uint64(12) {
		d := randomDecision(seed)
		for _, name := range Names() {
			if name == "codequality" || name == "sast" || len(d.Attestations) == 0 {
				continue
			}
			r := shower(t, name)
			text := flat(r.text(t, d))
			for i, a := range d.Attestations {
				for what, want := range map[string]string{"kind": strings.Fields(a.Kind)[0], "role": strings.Fields(a.Role)[0]} {
					if !strings.Contains(text, flat(r.shows(want))) {
						t.Errorf("seed %d, %s: %s of attestation %d is not told: %q", seed, name, what, i, r.shows(want))
					}
				}
			}
		}
	}
}

// TestEveryControlHasOneState: the formats that name controls name each once,
// in the state that the decision gives it.
func TestEveryControlHasOneState(t *testing.T) {
	d := fixture()
	for i, state := range []string{modelvet.Supported, modelvet.NotSupported, modelvet.CannotVerify, modelvet.ControlWaived, modelvet.Attested, modelvet.NotAssessed, modelvet.NotDemanded, "", "SUPPORTED"} {
		d.Controls[i].State, d.Controls[i].Reason = state, fmt.Sprintf("reason %d", i)
	}
	states := map[string]string{}
	for _, c := range d.Controls {
		states[c.ID] = stateWord(c.State)
	}
	seen := map[string]map[string][]string{"csv": {}, "oscal": {}, "html": {}, "pdf": {}}
	rows, err := csv.NewReader(bytes.NewReader(render(t, "csv", d))).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows {
		if row[0] == "control" {
			seen["csv"][row[7]] = append(seen["csv"][row[7]], row[3])
		}
	}
	seen["oscal"] = oscalStates(t, d)
	page := string(render(t, "html", d))
	for _, m := range regexp.MustCompile(`(?s)<tr data-w="([A-Z ]+)"><th scope="row">[^<]*<br><span class="m">([^<]*)</span>`).FindAllStringSubmatch(page[strings.Index(page, `id="controls"`):strings.Index(page, `id="rules"`)], -1) {
		seen["html"][m[2]] = append(seen["html"][m[2]], m[1])
	}
	for _, l := range regexp.MustCompile(`(?s)<details data-w="([A-Z ]+)">.*?</details>`).FindAllStringSubmatch(page, -1) {
		for _, m := range regexp.MustCompile(`<span class="m">([^<]*)</span>`).FindAllStringSubmatch(l[0], -1) {
			seen["html"][m[1]] = append(seen["html"][m[1]], l[1])
		}
	}
	v, err := newView(d)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range v.Frameworks { // what the chapter of the PDF is laid out from
		for _, c := range f.Rows() {
			seen["pdf"][c.ID] = append(seen["pdf"][c.ID], stateWord(c.State))
		}
		for _, l := range v.Lists(f) {
			for _, c := range l.Controls {
				seen["pdf"][c.ID] = append(seen["pdf"][c.ID], l.State)
			}
		}
	}
	for format, found := range seen {
		for id, want := range states {
			if got := found[id]; len(got) != 1 || got[0] != want {
				t.Errorf("%s: control %s is in %q, want %q once", format, id, got, want)
			}
		}
	}
	text := flat(pdfText(t, d))
	for _, c := range d.Controls {
		if !strings.Contains(text, or(c.Ref, c.ID)) {
			t.Errorf("pdf: control %s is not there", c.ID)
		}
	}
}

// oscalStates are the states of the controls in the assessment results; a
// control is satisfied only where evidence supports it or a person attests it.
func oscalStates(t *testing.T, d modelvet.Decision) map[string][]string {
	t.Helper()
	var out struct {
		Results struct {
			Results []struct {
				Reviewed struct {
					Selections []struct {
						Description string
						Exclude     []struct {
							ID string `json:"control-id"`
						} `json:"exclude-controls"`
					} `json:"control-selections"`
				} `json:"reviewed-controls"`
				Findings []struct {
					Props  []struct{ Name, Value string }
					Target struct {
						ID     string `json:"target-id"`
						Status struct{ State string }
					}
				}
			}
		} `json:"assessment-results"`
	}
	if err := json.Unmarshal(render(t, "oscal", d), &out); err != nil {
		t.Fatal(err)
	}
	seen := map[string][]string{}
	for _, f := range out.Results.Results[0].Findings {
		state := f.Props[0].Value
		seen[f.Target.ID] = append(seen[f.Target.ID], state)
		if (f.Target.Status.State == "satisfied") != (state == supported || state == attested) {
			t.Errorf("oscal: %s is %q, and the decision says %s", f.Target.ID, f.Target.Status.State, state)
		}
	}
	for _, s := range out.Results.Results[0].Reviewed.Selections {
		for _, c := range s.Exclude {
			word, _, _ := strings.Cut(s.Description, ":")
			seen[c.ID] = append(seen[c.ID], word)
		}
	}
	return seen
}

func TestTheVerdictIsNeverSoftened(t *testing.T) {
	for seed := range uint64(20) {
		d := randomDecision(seed)
		v, err := newView(d)
		if err != nil {
			t.Fatal(err)
		}
		opens := strings.HasPrefix(v.Stamp, "ALLOW")
		if opens != (d.Outcome == modelvet.Allowed) {
			t.Errorf("seed %d: outcome %q is stamped %s", seed, d.Outcome, v.Stamp)
		}
		for _, name := range Names() {
			text := readings[name].text(t, d)
			if name != "json" && !strings.Contains(text, v.Stamp) {
				t.Errorf("seed %d: %s does not hold the stamp %s", seed, name, v.Stamp)
			}
			if !opens && strings.Contains(text, "ALLOW WITH CONDITIONS") {
				t.Errorf("seed %d: %s allows what is %q", seed, name, d.Outcome)
			}
		}
	}
}

// TestVerdictAndExitCode: what a pipeline reads as an exit code is what every
// format for programs says, for every outcome that there is or is not.
func TestVerdictAndExitCode(t *testing.T) {
	for seed := range uint64(20) {
		d := randomDecision(seed)
		want := map[modelvet.Verdict]int{modelvet.Allowed: 0, modelvet.Pending: 4}
		code, ok := want[d.Outcome]
		if !ok {
			code = 3
		}
		if exitCode(d.Outcome) != code || !strings.Contains(string(render(t, "sarif", d)), fmt.Sprintf(`"exitCode": %d`, code)) {
			t.Errorf("seed %d: outcome %q is told as another exit code than %d", seed, d.Outcome, code)
		}
	}
}

func TestUnknownOutcomesAreBlocked(t *testing.T) {
	for _, o := range []modelvet.Verdict{"", "ALLOWED", "allowed ", "pass", "true", "error"} {
		d := allowedFixture()
		d.Outcome = o
		v, err := newView(d)
		if err != nil || v.Stamp != "BLOCKED" || exitCode(o) != 3 {
			t.Errorf("outcome %q: stamp %s, error %v", o, v.Stamp, err)
		}
	}
}

// TestEditedDecisionsAreRefused: whoever turns "denied" into "allowed" in a
// file gets no report that says so.
func TestEditedDecisionsAreRefused(t *testing.T) {
	edits := map[string]func(*modelvet.Decision){
		"outcome": func(*modelvet.Decision) {},
		"waived without a waiver": func(d *modelvet.Decision) {
			for i := range d.Results {
				d.Results[i].Outcome = modelvet.Waived
			}
		},
		"no results": func(d *modelvet.Decision) { d.Results = nil },
	}
	for what, edit := range edits {
		for _, o := range []modelvet.Verdict{modelvet.Allowed, modelvet.Pending} {
			d := fixture()
			d.Outcome = o
			edit(&d)
			for _, name := range Names() {
				if name == "json" {
					continue // the record itself
				}
				if err := Render(name, io.Discard, d); err == nil || !strings.Contains(err.Error(), "judge again") {
					t.Errorf("%s, %s as %s: error %v, want a refusal", what, name, o, err)
				}
			}
		}
	}
}

// TestEmptyDecision: nothing at all is a closed gate in every format.
func TestEmptyDecision(t *testing.T) {
	for _, name := range Names() {
		if text := readings[name].text(t, modelvet.Decision{}); name != "json" && !strings.Contains(text, "BLOCKED") {
			t.Errorf("%s does not say BLOCKED:\n%.300s", name, text)
		}
	}
}

func TestNoFormatSaysCompliant(t *testing.T) {
	for _, d := range []modelvet.Decision{fixture(), allowedFixture()} {
		for _, name := range Names() {
			if strings.Contains(strings.ToLower(readings[name].text(t, d)), "complian") {
				t.Errorf("%s says compliant", name)
			}
		}
	}
}

// TestDraftsAreDrafts: a draft never has the title of what only people may issue.
func TestDraftsAreDrafts(t *testing.T) {
	for _, name := range []string{"model-card", "annex-iv", "model-card-docx", "annex-iv-docx"} {
		text := readings[name].text(t, allowedFixture())
		title, _, _ := strings.Cut(strings.TrimSpace(text), "\n")
		if !strings.Contains(title, "(draft)") || strings.Contains(strings.ToLower(title), "certificate") || strings.Contains(strings.ToLower(title), "declaration") || strings.Contains(strings.ToLower(title), "assurance") {
			t.Errorf("%s is titled %q", name, title)
		}
		if !strings.Contains(text, "[MISSING]") || !strings.Contains(text, "Scores applications for consumer credit") || !strings.Contains(text, "0.771") {
			t.Errorf("%s lacks what the evidence holds, or what is missing:\n%.600s", name, text)
		}
	}
}

func TestMarkdownCountsWhatItLeavesOut(t *testing.T) {
	d := fixture()
	r := d.Results[0]
	r.Outcome, r.Objections = modelvet.Fail, []string{strings.Repeat("a long objection ", 30)}
	for i := range 400 {
		r.ID = fmt.Sprintf("area.rule_%03d", i)
		d.Results = append(d.Results, r)
	}
	out := markdownText(t, d)
	told := regexp.MustCompile(`(\d+) more in report.html \(Blocking\)`).FindStringSubmatch(out)
	if told == nil {
		t.Fatal("rules beyond the budget are not counted")
	}
	rows := strings.Count(out, "area.rule_")
	if want := fmt.Sprint(403 - rows - strings.Count(out, "`fairness.dem") - strings.Count(out, "`safety.no") - strings.Count(out, "`provenance.b")); told[1] != want {
		t.Logf("%d rows shown, %s counted as left out", rows, told[1])
	}
}

func TestAllOfManyObjectionsAreCounted(t *testing.T) {
	d := fixture()
	for i := range 500 {
		d.Results[3].Objections = append(d.Results[3].Objections, fmt.Sprintf("row %d", i))
	}
	d.Results[3].Outcome, d.Results[3].Level = modelvet.Fail, modelvet.Block
	for name, want := range map[string]string{"text": "more objections in decision.json", "markdown": "more objections in report.html", "html": "row 499", "pdf": "row 499"} {
		if !strings.Contains(readings[name].text(t, d), want) {
			t.Errorf("%s does not tell %q", name, want)
		}
	}
}
