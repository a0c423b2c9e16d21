// SPDX-License-Identifier: Apache-2.0

package documents

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/modelvet/modelvet/schemas"
)

// section is a heading of a Markdown file and what stands below it.
type section struct {
	title string
	level int
	line  int
	body  strings.Builder
}

// readMarkdown reads the front matter as Hugging Face does, the headings, the
// tables and the prose.
func (d *Document) readMarkdown(k Kind, data []byte) error {
	text := strings.ReplaceAll(string(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))), "\r\n", "\n")
	front, body, offset, err := splitFront(d.Path, text)
	if err != nil {
		return err
	}
	var meta frontMatter
	if front != "" {
		if meta, err = d.readFront(k, front); err != nil {
			return err
		}
	}
	sections := sectionsOf(body, offset)
	for _, it := range k.Items {
		if len(it.Headings) > 0 {
			d.Answers = append(d.Answers, answerIn(it, sections, meta))
		}
	}
	for _, s := range sections {
		d.readBody(s.body.String(), s.line+1)
	}
	return nil
}

// splitFront cuts off the YAML between two lines of ---. A head without an end
// is an error: what follows would be read as prose.
func splitFront(path, text string) (front, body string, offset int, err error) {
	rest, ok := strings.CutPrefix(text, "---\n")
	if !ok {
		return "", text, 0, nil
	}
	if i := strings.Index("\n"+rest, "\n---\n"); i >= 0 {
		front = rest[:i]
		body = rest[i+len("---\n"):]
		return front, body, strings.Count(front, "\n") + 2, nil
	}
	if front, ok := strings.CutSuffix(rest, "\n---"); ok {
		return front, "", strings.Count(rest, "\n") + 1, nil
	}
	return "", "", 0, fmt.Errorf("%s:1: the front matter begins with --- and does not end with a line ---", path)
}

// frontMatter is the part of a card's head that speaks of evidence.
type frontMatter struct {
	License  any `json:"license"`
	Datasets any `json:"datasets"`
	Index    []struct {
		Results []struct {
			Dataset struct {
				Name  string `json:"name"`
				Split string `json:"split"`
			} `json:"dataset"`
			Metrics []struct {
				Type  string `json:"type"`
				Name  string `json:"name"`
				Value any    `json:"value"`
			} `json:"metrics"`
		} `json:"results"`
	} `json:"model-index"`
}

func (d *Document) readFront(k Kind, front string) (frontMatter, error) {
	var m frontMatter
	contract := k.Kind
	if contract != "model-card" && contract != "data-card" {
		contract = "data-card" // any head: no field of it is a figure
	}
	var raw map[string]any
	if err := schemas.DecodeYAML(contract, d.Path, []byte("\n"+front), &raw); err != nil {
		return m, err
	}
	doc, err := json.Marshal(raw)
	if err != nil {
		return m, fmt.Errorf("%s: %w", d.Path, err)
	}
	if err := json.Unmarshal(doc, &m); err != nil {
		return m, fmt.Errorf("%s: front matter: %w", d.Path, err)
	}
	d.readIndex(m, front)
	return m, nil
}

// readIndex takes the results of a model-index. Per cent is told by the value:
// a share cannot be above 1, so 91.3 for an accuracy means 0.913.
func (d *Document) readIndex(m frontMatter, front string) {
	for _, model := range m.Index {
		for _, r := range model.Results {
			for _, x := range r.Metrics {
				metric, _ := metricIn(strings.ReplaceAll(x.Type, "_", " "))
				if metric == "" {
					metric, _ = metricIn(x.Name)
				}
				text, ok := indexValue(x.Value)
				if metric == "" || !ok {
					d.Unread++
					continue
				}
				f, ok := figure(metric, text, lineOf(front, text)+1)
				if !ok {
					d.Unread++
					continue
				}
				if f.Value > 1 && f.Value <= 100 && isShare(metric) {
					f.Value, f.Tolerance, f.Text = f.Value/100, f.Tolerance/100, f.Text+" (read as per cent)"
				}
				f.Dataset = strings.TrimSpace(r.Dataset.Name + " " + r.Dataset.Split)
				d.Figures = append(d.Figures, f)
			}
		}
	}
}

func indexValue(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case float64:
		return strings.TrimSuffix(fmt.Sprintf("%v", v), ".0"), true
	}
	return "", false
}

func lineOf(front, text string) int {
	if i := strings.Index(front, text); i >= 0 {
		return strings.Count(front[:i], "\n") + 1
	}
	return 1
}

// isShare tells the metrics that lie between 0 and 1.
func isShare(metric string) bool {
	switch metric {
	case "performance/log_loss", "performance/rmse", "performance/mae":
		return false
	}
	return true
}

// sectionsOf cuts a text at its headings, which are no headings inside a code fence.
func sectionsOf(body string, offset int) []*section {
	current := &section{line: offset}
	out := []*section{current}
	fenced := false
	for i, row := range strings.Split(body, "\n") {
		trimmed := strings.TrimSpace(row)
		if strings.HasPrefix(trimmed, "```") || strings.HasPrefix(trimmed, "~~~") {
			fenced = !fenced
		}
		level := len(row) - len(strings.TrimLeft(row, "#"))
		if !fenced && level > 0 && level <= 6 && strings.HasPrefix(row[level:], " ") {
			current = &section{title: strings.ToLower(strings.TrimSpace(row[level:])), level: level, line: offset + i + 1}
			out = append(out, current)
			continue
		}
		current.body.WriteString(row + "\n")
	}
	return out
}

// empties are what templates leave where nobody wrote anything.
var empties = []string{"[more information needed]", "[needs more information]", "more information needed", "tbd", "n/a", "coming soon"}

// answerIn finds the section that answers an item. A section whose only content
// are sections below it is answered by them.
func answerIn(it Item, sections []*section, meta frontMatter) Answer {
	a := Answer{Item: it, State: Missing, Reason: "no section is headed " + strings.Join(it.Headings, ", or ")}
	if it.ID == "licence" && meta.License != nil {
		return Answer{Item: it, State: Filled, Line: 1}
	}
	for i, s := range sections {
		if !headed(s.title, it.Headings) {
			continue
		}
		text := s.body.String()
		for _, below := range sections[i+1:] {
			if below.level <= s.level {
				break
			}
			text += below.body.String()
		}
		state, reason := prose(text)
		if a.State != Filled {
			a.State, a.Reason, a.Line = state, reason, s.line
		}
	}
	if a.State == Missing && it.ID == "licence" && mentions(sections, "licence", "license") {
		return Answer{Item: it, State: Filled}
	}
	return a
}

func mentions(sections []*section, words ...string) bool {
	for _, s := range sections {
		for _, w := range words {
			if hasWord(s.body.String(), w) {
				return true
			}
		}
	}
	return false
}

func headed(title string, headings []string) bool {
	for _, h := range headings {
		if strings.Contains(title, h) {
			return true
		}
	}
	return false
}

// prose tells whether a section says anything.
func prose(text string) (state, reason string) {
	for _, comment := range strings.Split(text, "<!--")[1:] {
		inside, _, _ := strings.Cut(comment, "-->")
		text = strings.Replace(text, "<!--"+inside+"-->", "", 1)
	}
	lower := strings.ToLower(text)
	said := lower
	for _, e := range empties {
		said = strings.ReplaceAll(said, e, "")
	}
	said = strings.Trim(said, " \t\n-*_.:#>|")
	switch {
	case strings.Contains(text, "TODO"):
		return Todo, "it still says TODO"
	case said == "" && strings.TrimSpace(lower) != "":
		return Todo, "the template's words stand there, and nothing else"
	case said == "":
		return Missing, "the section is empty"
	}
	return Filled, ""
}
