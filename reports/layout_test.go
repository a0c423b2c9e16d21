// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/modelvet/modelvet"
)

func bound(t *testing.T, d modelvet.Decision) *book {
	t.Helper()
	v, err := newView(d)
	if err != nil {
		t.Fatal(err)
	}
	l, err := newLayout()
	if err != nil {
		t.Fatal(err)
	}
	b := &book{layout: l, view: v, record: digest("record")}
	b.bind()
	return b
}

// TestNothingRunsOffThePage: whatever a text holds, it stays within the margins.
func TestNothingRunsOffThePage(t *testing.T) {
	decisions := []modelvet.Decision{fixture(), allowedFixture(), {}}
	for seed := range uint64(20) {
		decisions = append(decisions, randomDecision(seed))
	}
	for i, d := range decisions {
		b := bound(t, d)
		for page, leaf := range b.leaves {
			for _, o := range leaf.ops {
				right, low := o.X+o.W, o.Y+o.H
				if o.Kind == "text" {
					right, low = o.X+b.width(o.face, o.Size, strings.TrimRight(o.Text, " ")), o.Y
				}
				decoration := o.node == nil
				if right > paperW-marginX+0.6 && !decoration || o.X < marginX-0.1 && !decoration || low > bottom+0.1 && !decoration || low > paperH {
					t.Errorf("decision %d, page %d: %s %.80q at %.1f..%.1f, %.1f runs off", i, page+1, o.Kind, o.Text, o.X, right, low)
				}
			}
		}
	}
}

// TestLabelsStayInTheirCells, in the language with the longest words too.
func TestLabelsStayInTheirCells(t *testing.T) {
	for _, language := range Languages() {
		v, err := newViewIn(fixture(), newSpeech(language))
		if err != nil {
			t.Fatal(err)
		}
		l, err := newLayout()
		if err != nil {
			t.Fatal(err)
		}
		b := &book{layout: l, view: v, record: digest("record")}
		b.bind()
		for page, leaf := range b.leaves {
			for i, o := range leaf.ops {
				for _, x := range leaf.ops[:i] { // a text that begins inside another on its line
					if o.Kind == "text" && x.Kind == "text" && o.node != x.node && o.Y-x.Y < 1 && x.Y-o.Y < 1 && o.X > x.X && o.X+0.2 < x.X+b.width(x.face, x.Size, strings.TrimRight(x.Text, " ")) {
						t.Errorf("%s, page %d: %q is written over %q", language, page+1, o.Text, x.Text)
					}
				}
			}
		}
	}
}

func TestRowsHigherThanAPageAreCut(t *testing.T) {
	l, err := newLayout()
	if err != nil {
		t.Fatal(err)
	}
	l.newPage()
	long := strings.Repeat("word ", maxText/5)
	l.table(grid{Widths: []float64{1, 8}, Head: []string{"narrow", "wide"}, Rows: [][]cell{{{Text: long}, {Text: "short"}}, {{Text: "next"}, {Text: "row"}}}})
	if len(l.leaves) < 3 {
		t.Fatalf("%d pages: the row was not cut", len(l.leaves))
	}
	words := 0
	for page, leaf := range l.leaves {
		heads := 0
		for _, o := range leaf.ops {
			words += strings.Count(o.Text, "word")
			heads += strings.Count(o.Text, "narrow")
		}
		if heads != 1 {
			t.Errorf("page %d has %d headers, want one", page+1, heads)
		}
	}
	if words != maxText/5 {
		t.Errorf("%d words placed, want %d", words, maxText/5)
	}
}

// TestTagsAreBalanced: every mark is inside a tag or marked as decoration.
func TestTagsAreBalanced(t *testing.T) {
	b := bound(t, fixture())
	for page, leaf := range b.leaves {
		seen := map[int]*node{}
		for _, o := range leaf.ops {
			if o.node == nil {
				continue
			}
			if other := seen[o.mcid]; other != nil && other != o.node {
				t.Errorf("page %d: mark %d belongs to two elements", page+1, o.mcid)
			}
			seen[o.mcid] = o.node
		}
		if len(seen) != leaf.mcids {
			t.Errorf("page %d: %d marks, %d numbers", page+1, len(seen), leaf.mcids)
		}
	}
}

func TestPagesAreNumberedAndNamed(t *testing.T) {
	b := bound(t, fixture())
	for i, leaf := range b.leaves[1:] {
		var text strings.Builder
		for _, o := range leaf.ops {
			text.WriteString(o.Text + "\n")
		}
		for _, want := range []string{fmt.Sprintf("Page %d of %d", i+2, len(b.leaves)), "artifact " + b.Subject.Digest, b.Stamp} {
			if !strings.Contains(text.String(), want) {
				t.Errorf("page %d lacks %q", i+2, want)
			}
		}
	}
}

// TestRenderingAtOnce: eight reports at a time are the same as one.
func TestRenderingAtOnce(t *testing.T) {
	want := render(t, "pdf", fixture())
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			var b bytes.Buffer
			if err := PDF(&b, fixture()); err != nil || !bytes.Equal(b.Bytes(), want) {
				t.Errorf("a report made beside others differs: %v", err)
			}
		})
	}
	wg.Wait()
}

func TestColourIsOnlyAdded(t *testing.T) {
	var plain, colour bytes.Buffer
	if err := (Text{}).Render(&plain, fixture()); err != nil {
		t.Fatal(err)
	}
	if err := (Text{Color: true}).Render(&colour, fixture()); err != nil {
		t.Fatal(err)
	}
	bare := colour.String()
	for _, code := range []string{"1;32", "1;33", "1;31", "2", "0", "1"} {
		bare = strings.ReplaceAll(bare, "\x1b["+code+"m", "")
	}
	if bare != plain.String() || bytes.ContainsRune(plain.Bytes(), 0x1b) || !bytes.ContainsRune(colour.Bytes(), 0x1b) {
		t.Error("colour changes more than colour")
	}
	if n := bytes.Count(plain.Bytes(), []byte("\n")); n > 60 {
		t.Errorf("the report has %d lines: too long for a terminal", n)
	}
}

// TestContrast holds every text colour to WCAG AA on white and on the panel.
func TestContrast(t *testing.T) {
	for _, ink := range []string{"ink", "muted", "accent", good, warn, bad, neutral} {
		for _, paper := range []string{"white", "panel"} {
			if c := contrast(ink, paper); c < 4.5 {
				t.Errorf("%s on %s has a contrast of %.2f", ink, paper, c)
			}
		}
	}
}

func contrast(a, b string) float64 { return contrastOf(palette[a], palette[b]) }

// FuzzRender puts any text into every place of a decision: no format panics,
// and each still shows a closed gate.
func FuzzRender(f *testing.F) {
	for _, s := range hostile {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d := fixture()
		d.Subject.Name, d.System.Name, d.Stage, d.Notes[0] = s, s, s, s
		d.Results[0].ID, d.Results[0].Title, d.Results[0].Outcome = s, s, modelvet.Outcome(s)
		d.Results[3].Objections, d.Controls[0].Ref, d.Evidence[0].Reason = []string{s}, s, s
		d.Scans[0].Measurements[0].Metric, d.Scans[1].Measurements[0].Slice["group"], d.Lineage[0].Inputs[0].Name = s, s, s
		for _, name := range Names() {
			var b bytes.Buffer
			if err := Render(name, &b, d); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			if name == "text" && !strings.HasPrefix(b.String(), "BLOCKED") {
				t.Errorf("the gate is not shut: %.80q", b.String())
			}
		}
	})
}

func FuzzParsePDF(f *testing.F) {
	var b bytes.Buffer
	if err := PDF(&b, allowedFixture()); err != nil {
		f.Fatal(err)
	}
	f.Add(b.Bytes()[:4000])
	f.Add([]byte("startxref\n0\n%%EOF"))
	f.Add([]byte("xref\n0 2\n0000000000 65535 f \n0000000000 00000 n \ntrailer /Root 1 0 R /Info 1 0 R\nstartxref\n0\n%%EOF"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if p, err := parsePDF(raw); err == nil && p.root >= len(p.body) {
			t.Error("a root that does not exist")
		}
	})
}
