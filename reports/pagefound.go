// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf16"

	"github.com/modelvet/modelvet/reports/pades"
)

const (
	recordName    = "decision.json"
	templateName  = "template.json"
	maxAttachment = 64 << 20 // bytes of one attachment, or of one page's marks
	maxPages      = 20_000
)

// PageFound is what one page of a report turned out to be.
type PageFound struct {
	Number     int
	Title      string // the first words of the page below its header
	Difference string // from the rendering; empty: none
}

// sheetOf is one page as objects.
type sheetOf struct {
	dict  map[string]string
	marks []byte
	err   error
}

// sheets are the pages of the newest revision, in order.
func sheets(f *pades.File) ([]sheetOf, error) {
	rev := f.Last()
	root, err := pades.Dict(f.Object(f.Revisions[rev].Root, rev))
	if err != nil {
		return nil, fmt.Errorf("reading the catalogue: %w", err)
	}
	list, err := pades.Dict(f.Object(pades.Ref(root["Pages"]), rev))
	if err != nil {
		return nil, fmt.Errorf("reading the list of pages: %w", err)
	}
	kids, err := pades.Array(list["Kids"])
	if err != nil || len(kids) > maxPages {
		return nil, fmt.Errorf("reading the list of pages: %d pages, %v", len(kids), err)
	}
	var out []sheetOf
	for _, k := range kids {
		var s sheetOf
		if s.dict, s.err = pades.Dict(f.Object(pades.Ref(k), rev)); s.err == nil {
			s.marks, s.err = content(f.Object(pades.Ref(s.dict["Contents"]), rev))
		}
		out = append(out, s)
	}
	return out, nil
}

// content is what a stream holds, unpacked.
func content(object []byte) ([]byte, error) {
	d, err := pades.Dict(object)
	if err != nil {
		return nil, err
	}
	_, data, ok := bytes.Cut(object, []byte("stream\n"))
	if !ok || d["Filter"] != "/FlateDecode" {
		return nil, fmt.Errorf("reading a stream: it is none, or not packed as modelvet does")
	}
	r, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("unpacking a stream: %w", err)
	}
	return inflated(r, maxAttachment)
}

// comparePages says of every page whether it shows what the rendering shows.
func comparePages(f, want *pades.File) []PageFound {
	b, err := sheets(want)
	if err != nil {
		return []PageFound{{Number: 1, Difference: "the rendering cannot be read: " + err.Error()}}
	}
	a, err := sheets(f)
	if err != nil {
		return []PageFound{{Number: 1, Difference: err.Error()}}
	}
	var out []PageFound
	for i := range max(len(a), len(b)) {
		p := PageFound{Number: i + 1}
		switch {
		case i >= len(a):
			p.Title, p.Difference = headline(b[i].marks), "it is missing"
		case i >= len(b):
			p.Title, p.Difference = headline(a[i].marks), "the decision has no such page"
		default:
			p.Title, p.Difference = headline(b[i].marks), differs(a[i], b[i])
		}
		out = append(out, p)
	}
	return out
}

func differs(got, want sheetOf) string {
	switch {
	case got.err != nil:
		return got.err.Error()
	case !bytes.Equal(got.marks, want.marks):
		return textDiffers(words(got.marks), words(want.marks))
	case !maps.Equal(got.dict, want.dict):
		return "its text is as rendered, but what is attached to the page differs"
	}
	return ""
}

func textDiffers(got, want []string) string {
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			return fmt.Sprintf("%q is missing", clipped(want[i]))
		case i >= len(want):
			return fmt.Sprintf("%q was added", clipped(got[i]))
		case got[i] != want[i]:
			return fmt.Sprintf("it says %q where the decision says %q", clipped(got[i]), clipped(want[i]))
		}
	}
	return "its text is as rendered, but drawn in another way"
}

func clipped(s string) string { return clip(strings.TrimSpace(s), 80, "the file") }

// headline is the first text of a page after the running header.
func headline(marks []byte) string {
	all := words(marks)
	for i, s := range all {
		if strings.TrimSpace(s) != "" && i < 60 {
			return clipped(s)
		}
	}
	return "no text"
}

// words are the texts that a page shows, in the order in which it draws them.
func words(marks []byte) []string {
	var out []string
	for {
		from := bytes.Index(marks, []byte(" Td ("))
		if from < 0 {
			return out
		}
		marks = marks[from+5:]
		s, n := literal(marks)
		out, marks = append(out, s), marks[n:]
	}
}

// literal reads a string of UTF-16 up to its closing bracket.
func literal(b []byte) (string, int) {
	var raw []byte
	i := 0
	for ; i < len(b) && b[i] != ')'; i++ {
		if b[i] == '\\' && i+1 < len(b) {
			i++
			if b[i] == 'r' {
				raw = append(raw, '\r')
				continue
			}
		}
		raw = append(raw, b[i])
	}
	var units []uint16
	for k := 0; k+1 < len(raw); k += 2 {
		units = append(units, uint16(raw[k])<<8|uint16(raw[k+1]))
	}
	return string(utf16.Decode(units)), i
}

// attachments are the files inside the first revision, by name.
func attachments(f *pades.File) (map[string][]byte, error) {
	specs, err := fileSpecs(f, 0)
	if err != nil {
		return nil, err
	}
	out := map[string][]byte{}
	for name, object := range specs {
		d, err := pades.Dict(f.Object(object, 0))
		if err != nil {
			return nil, fmt.Errorf("reading attachment %s: %w", name, err)
		}
		if out[name], err = content(f.Object(object, 0)); err != nil || d["Type"] != "/EmbeddedFile" {
			return nil, fmt.Errorf("reading attachment %s: %w", name, err)
		}
	}
	return out, nil
}

// fileSpecs are the embedded files of a revision: name to object.
func fileSpecs(f *pades.File, rev int) (map[string]int, error) {
	root, err := pades.Dict(f.Object(f.Revisions[rev].Root, rev))
	if err != nil {
		return nil, fmt.Errorf("reading the catalogue: %w", err)
	}
	if root["Names"] == "" {
		return nil, nil
	}
	names, err := pades.Dict([]byte(root["Names"]))
	if err != nil {
		return nil, fmt.Errorf("reading the names: %w", err)
	}
	tree, err := pades.Dict([]byte(names["EmbeddedFiles"]))
	if err != nil {
		return nil, fmt.Errorf("reading the attachments: %w", err)
	}
	list, err := pades.Array(tree["Names"])
	if err != nil {
		return nil, fmt.Errorf("reading the attachments: %w", err)
	}
	out := map[string]int{}
	for i := 0; i+1 < len(list); i += 2 {
		spec, err := pades.Dict(f.Object(pades.Ref(list[i+1]), rev))
		if err != nil {
			return nil, fmt.Errorf("reading attachment %s: %w", list[i], err)
		}
		files, err := pades.Dict([]byte(spec["EF"]))
		if err != nil || spec["F"] != list[i] || out[strings.Trim(spec["F"], "()")] != 0 {
			return nil, fmt.Errorf("reading attachment %s: it has two names, or is there twice", list[i])
		}
		out[strings.Trim(spec["F"], "()")] = pades.Ref(files["F"])
	}
	return out, nil
}

// compareAttachments holds what a reader can take out of the newest revision
// to what the rendering attaches.
func compareAttachments(f, want *pades.File) []error {
	a, err := fileSpecs(f, f.Last())
	if err != nil {
		return []error{err}
	}
	b, err := fileSpecs(want, want.Last())
	if err != nil {
		return []error{err}
	}
	var out []error
	for _, name := range slices.Sorted(maps.Keys(b)) {
		if !bytes.Equal(f.Object(a[name], f.Last()), want.Object(b[name], want.Last())) {
			out = append(out, fmt.Errorf("attachment %s is another than the one the pages render", name))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(a)) {
		if _, ok := b[name]; !ok {
			out = append(out, fmt.Errorf("attachment %s was added", name))
		}
	}
	return out
}
