// SPDX-License-Identifier: Apache-2.0

package documents

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/modelvet/modelvet/schemas"
)

// MaxBytes is the largest document that is read.
const MaxBytes = 8 << 20

// The states of an item.
const (
	Filled        = "filled"
	Missing       = "missing"
	Todo          = "todo" // there, and it says itself that it is not written
	NotApplicable = "not-applicable"
)

// Answer is what a document says about one item.
type Answer struct {
	Item
	State  string `json:"state"`
	Reason string `json:"reason,omitempty"` // why it is missing or not applicable
	Line   int    `json:"line,omitempty"`
}

// Document is one document as read.
type Document struct {
	Kind    string   `json:"kind"` // as modelvet.yaml calls it
	Path    string   `json:"path"`
	Digest  string   `json:"digest"`         // "sha256:..."
	Title   string   `json:"title"`          // of the kind; empty for a kind that is read for its numbers only
	System  string   `json:"system"`         // name and version that it says it is about; empty for Markdown
	Answers []Answer `json:"items"`          // one for every item of the kind
	Figures []Figure `json:"figures"`        // every number that names a metric
	Changes []string `json:"-"`              // words in the modifications of a plan of changes: the names of changes are among them
	Unread  int      `json:"numbersUnnamed"` // decimals and percentages that name no metric that modelvet knows
}

// Gaps are the answers that are missing or not written yet.
func (d Document) Gaps() []Answer {
	return slices.DeleteFunc(slices.Clone(d.Answers), func(a Answer) bool { return a.State == Filled || a.State == NotApplicable })
}

// Controls are the controls that the document answers, and those that it
// excludes with a reason.
func (d Document) Controls() (answered []string, excluded map[string]string) {
	excluded = map[string]string{}
	k, _ := KindOf(d.Kind)
	answered = slices.Clone(k.Attests)
	for _, a := range d.Answers {
		switch {
		case a.Control == "":
		case a.State == NotApplicable:
			excluded[a.Control] = a.Reason
		case a.State == Filled:
			answered = append(answered, a.Control)
		}
	}
	slices.Sort(answered)
	return slices.Compact(answered), excluded
}

// Folder reads a file of the model, at most [MaxBytes] of it.
type Folder func(path string) ([]byte, error)

// In reads from a folder on disk.
func In(folder fs.FS) Folder {
	return func(path string) ([]byte, error) { return readFile(folder, path) }
}

// Read reads a document of the given kind, and the files that it refers to. An error says that the document cannot be read at all; what is
// missing in it is in its answers.
func Read(kind, path string, folder Folder) (Document, error) {
	data, err := folder(path)
	if err != nil {
		return Document{}, err
	}
	sum := sha256.Sum256(data)
	d := Document{Kind: kind, Path: path, Digest: "sha256:" + hex.EncodeToString(sum[:]), Answers: []Answer{}, Figures: []Figure{}}
	k, known := KindOf(kind)
	d.Title = k.Title
	yamlForm := strings.HasSuffix(path, ".yaml") || strings.HasSuffix(path, ".yml")
	switch {
	case !utf8.Valid(data):
		return d, fmt.Errorf("%s is no text: write it as YAML or Markdown, and keep a PDF beside it", path)
	case len(bytes.TrimSpace(data)) == 0:
		return d, fmt.Errorf("%s is empty", path)
	case known && k.Form == "yaml" && yamlForm:
		return d, d.readForm(k, data, folder)
	case yamlForm:
		return d, d.readFree(data)
	}
	if err := d.readMarkdown(k, data); err != nil {
		return d, err
	}
	if known && k.Form == "yaml" { // prose: nobody can tell which item is where
		for _, it := range k.Items {
			d.Answers = append(d.Answers, Answer{Item: it, State: Missing, Reason: "written as prose: `modelvet document draft " + k.Kind + "` makes the form"})
		}
	}
	return d, nil
}

func readFile(folder fs.FS, path string) ([]byte, error) {
	f, err := folder.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("opening %s: %w", path, err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file", path)
	}
	var b bytes.Buffer
	n, err := b.ReadFrom(&bounded{f, MaxBytes + 1})
	if err != nil {
		return nil, fmt.Errorf("reading %s: %w", path, err)
	}
	if n > MaxBytes {
		return nil, fmt.Errorf("%s is larger than the %d bytes that are read", path, MaxBytes)
	}
	return b.Bytes(), nil
}

// form is a YAML document: one answer an item.
type form struct {
	Document string `json:"document"`
	System   string `json:"system"`
	Version  string `json:"version"`
	Author   struct {
		Name string `json:"name"`
		Role string `json:"role"`
	} `json:"author"`
	Date    string           `json:"date"`
	Items   map[string]entry `json:"items"`
	Figures []struct {
		Metric    string            `json:"metric"`
		Value     float64           `json:"value"`
		Slice     map[string]string `json:"slice"`
		Tolerance *float64          `json:"tolerance"`
		Item      string            `json:"item"`
	} `json:"figures"`
}

type entry struct {
	Text          string `json:"text"`
	File          string `json:"file"`
	NotApplicable string `json:"notApplicable"`
	Applicable    *bool  `json:"applicable"` // statement of applicability
	Justification string `json:"justification"`
	Status        string `json:"status"`
}

func (d *Document) readForm(k Kind, data []byte, folder Folder) error {
	var f form
	if err := schemas.DecodeYAML(k.Kind, d.Path, data, &f); err != nil {
		return err
	}
	d.System = f.System + " " + f.Version
	lines := lineFinder(data)
	if k.Kind == "statement" {
		k.Items = statementItems(f.Items)
	}
	for _, it := range k.Items {
		e, said := f.Items[it.ID]
		a := Answer{Item: it, State: Missing, Line: lines.of("items", it.ID)}
		if said {
			a.State, a.Reason = e.state(it, folder)
		} else {
			a.Reason = "there is no " + it.ID + " under items"
		}
		d.Answers = append(d.Answers, a)
	}
	for i, x := range f.Figures {
		line, text := lines.number("figures", i, "value")
		fig := Figure{Metric: x.Metric, Value: x.Value, Text: text, Line: line, Slice: x.Slice, Tolerance: halfDigit(text, 1), Exact: true}
		if x.Tolerance != nil {
			fig.Tolerance = *x.Tolerance
		}
		d.Figures = append(d.Figures, fig)
	}
	d.proseOf(f, lines)
	if k.Kind == "change-plan" && d.answered("modifications") {
		d.Changes = strings.FieldsFunc(f.Items["modifications"].Text, func(r rune) bool { return unicode.IsSpace(r) || strings.ContainsRune(`:,;()"'`+"`", r) })
	}
	return nil
}

func (d *Document) answered(id string) bool {
	return slices.ContainsFunc(d.Answers, func(a Answer) bool { return a.ID == id && a.State == Filled })
}

// proseOf looks for numbers in what the answers say.
func (d *Document) proseOf(f form, lines finder) {
	for _, a := range d.Answers {
		e := f.Items[a.ID]
		figs, unread := figuresInProse(e.Text+"\n"+e.Justification, lines.of("items", a.ID))
		d.Figures = append(d.Figures, figs...)
		d.Unread += unread
	}
}

func statementItems(items map[string]entry) []Item {
	var out []Item
	for id := range items {
		out = append(out, Item{ID: id, Ref: id, Title: id, Control: id, Required: true})
	}
	slices.SortFunc(out, func(a, b Item) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// state tells what one entry of a form comes to.
func (e entry) state(it Item, folder Folder) (state, reason string) {
	all := strings.Join([]string{e.Text, e.NotApplicable, e.Justification, e.File}, "\n")
	switch {
	case strings.Contains(all, "TODO"):
		return Todo, "it still says TODO"
	case e.Applicable != nil && !*e.Applicable:
		return NotApplicable, e.Justification
	case e.Applicable != nil && e.Status == "":
		return Missing, "applicable, and without a status"
	case e.Applicable != nil && (e.Status == "planned" || e.Status == "not-implemented"):
		return Missing, "applicable, and only " + strings.ReplaceAll(e.Status, "-", " ")
	case e.NotApplicable != "" && it.Required:
		return Missing, "said not to apply, but it always does"
	case e.NotApplicable != "" && (e.Text != "" || e.File != ""):
		return Missing, "said not to apply, and answered all the same: keep one"
	case e.NotApplicable != "":
		return NotApplicable, e.NotApplicable
	case e.File != "":
		return e.fileState(folder)
	case e.Applicable == nil && strings.TrimSpace(e.Text) == "":
		return Missing, "it says nothing"
	}
	return Filled, ""
}

func (e entry) fileState(folder Folder) (state, reason string) {
	data, err := folder(e.File)
	switch {
	case err != nil:
		return Missing, err.Error()
	case len(bytes.TrimSpace(data)) == 0:
		return Missing, e.File + " is empty"
	case bytes.Contains(data, []byte("TODO")) && utf8.Valid(data):
		return Todo, e.File + " still says TODO"
	}
	return Filled, ""
}
