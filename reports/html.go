// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/modelvet/modelvet"
)

//go:embed page/page.css
var pageCSS string

//go:embed page/page.js
var pageJS string

//go:embed page/page.html.tmpl
var pageHTML string

// HTML writes one self-contained file. It asks nothing of any server, its
// content security policy lets only its own style and script run, and it can
// be read without either.
func HTML(w io.Writer, d modelvet.Decision) error { return Template{}.HTML(w, d) }

// HTML writes the page in the organisation's look and language.
func (t Template) HTML(w io.Writer, d modelvet.Decision) error {
	v, err := newViewIn(d, newSpeech(t.Language))
	if err != nil {
		return err
	}
	p := newHTMLPage(v, t)
	tmpl, err := pageTemplate()
	if err != nil {
		return err
	}
	if tmpl, err = tmpl.Clone(); err != nil {
		return fmt.Errorf("preparing the page: %w", err)
	}
	var b bytes.Buffer
	if err := tmpl.Funcs(p.funcs()).Execute(&b, p); err != nil {
		return fmt.Errorf("filling the page: %w", err)
	}
	_, err = w.Write(b.Bytes())
	return err
}

var pageTemplate = sync.OnceValues(func() (*template.Template, error) {
	return template.New("page").Funcs((&htmlPage{}).funcs()).Parse(pageHTML)
})

// htmlPage is the view and what only HTML needs: anchors.
type htmlPage struct {
	view
	Template      Template
	Logo          template.URL
	Language      string
	CSP           string
	Style, Script template.HTML
	Findings      []modelvet.Result
	Panels        []panel
	rules         map[string]string // rule id to anchor
	evidence      map[string]string
	regions       map[string]int
	drawn         int
}

func newHTMLPage(v view, t Template) *htmlPage {
	p := &htmlPage{view: v, Template: t, Findings: v.findings(), Panels: panels(v), rules: map[string]string{}, evidence: map[string]string{}, regions: map[string]int{}}
	css := t.css()
	p.Style = template.HTML("<style>" + css + "</style>")
	p.Script = template.HTML("<script>" + pageJS + "</script>")
	p.CSP = fmt.Sprintf("default-src 'none'; style-src '%s'; script-src '%s'; img-src data:; base-uri 'none'; form-action 'none'", cspHash(css), cspHash(pageJS))
	p.Language = v.language
	for _, h := range []string{"Summary", "Findings", "Controls", "Rules", "Measurements", "System", "Lineage", "Evidence", "Approvals and waivers", "Limits of this report", "Annexes"} {
		p.regions[v.t(h)] = 1 // the sections themselves have these names
	}
	if len(t.Logo) > 0 {
		p.Logo = template.URL("data:" + http.DetectContentType(t.Logo) + ";base64," + base64.StdEncoding.EncodeToString(t.Logo))
	}
	for i, r := range v.Results {
		p.rules[r.ID] = fmt.Sprintf("rule-%d", i+1)
	}
	for i, e := range v.Evidence {
		p.evidence[e.Digest] = fmt.Sprintf("evidence-%d", i+1)
	}
	return p
}

// region is a name for a part of the page that no other part has.
func (p *htmlPage) region(name string) string {
	p.regions[name]++
	if n := p.regions[name]; n > 1 {
		return fmt.Sprintf("%s (%d)", name, n)
	}
	return name
}

func cspHash(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha256-" + base64.StdEncoding.EncodeToString(sum[:])
}

// funcs are the words of the page. Every foreign text goes through vis.
func (p *htmlPage) funcs() template.FuncMap {
	return template.FuncMap{
		"vis": func(s any) string { return plainText(fmt.Sprint(s)) }, "word": outcomeWord, "state": stateWord, "tone": tone, "sign": sign,
		"signTone": func(t string) string { return toneSigns[t] },
		"num":      number, "interval": interval, "pvalue": pvalue, "slice": func(s map[string]string) string { return plainText(slice(s)) },
		"metric": metricName, "moment": p.moment, "date": p.date, "short": func(s string) string { return visible(short(s)) },
		"tally": p.counts, "words": func() []string { return wordOrder }, "level": p.level, "cause": p.cause, "effect": p.effect,
		"finding": func(i int) string { return fmt.Sprintf("F-%02d", i+1) }, "kind": func(e modelvet.Evidence) string { return visible(p.kindOf(e)) },
		"signer": p.signer, "place": p.place, "points": p.points, "evidenceStatus": func(e modelvet.Evidence) string { return or(string(e.Status), "unknown") },
		"ruleID": func(id string) string { return p.rules[id] }, "evidenceID": func(d string) string { return p.evidence[d] },
		"evidenceName": func(d string) string { return or(p.called([]string{d}), short(d)) }, "ruleName": p.ruleName, "grade": p.grade, "age": p.age,
		"draw":         func(c chart) template.HTML { p.drawn++; return svg(c.scene, fmt.Sprintf("c%d", p.drawn)) },
		"lineageChart": func() template.HTML { return svg(lineageScene(p.view), "lineage-picture") },
		"areas":        p.areas,
		"table":        func(s panel) chart { return chart{scene: scene{Title: s.Title}, Rows: s.Single} },
		"who":          func(d []string) string { _, who := p.signersOf(d); return who },
		"sorted":       p.inOrder, "gap": p.gap, "from": p.From, "later": p.Later, "lists": p.Lists, "listTitle": p.ListTitle, "names": p.Names,
		"lower": strings.ToLower, "limit": p.limit, "counts": p.counting,
		"region": p.region, "t": p.t,
	}
}

// ruleName is R-01, as the PDF calls a rule; a rule that did not run has its id.
func (p *htmlPage) ruleName(id string) string {
	if i, ok := p.numbered[id]; ok {
		return ruleNumber(i)
	}
	return visible(id)
}

// inOrder sorts evidence by its numbers.
func (p *htmlPage) inOrder(digests []string) []string {
	out := slices.Clone(digests)
	slices.SortStableFunc(out, func(a, b string) int { return cmp.Compare(p.evidenceAt[a], p.evidenceAt[b]) })
	return out
}

// areas is the picture of the summary; nothing when there is none.
func (p *htmlPage) areas() template.HTML {
	s, ok := areaScene(p.view)
	if !ok {
		return ""
	}
	return svg(s, "areas")
}

// css is the style sheet with the organisation's colour; in the dark theme it
// is too dark to read, so that theme keeps its own.
func (t Template) css() string {
	if t.Colour == "" {
		return pageCSS
	}
	return pageCSS + "@media (prefers-color-scheme:light){:root{--accent:" + t.Colour + "}}"
}
