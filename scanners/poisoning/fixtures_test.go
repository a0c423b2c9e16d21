// SPDX-License-Identifier: Apache-2.0

package poisoning

import (
	"context"
	"encoding/csv"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"testing"

	"github.com/modelvet/modelvet"
)

const german = "../../testdata/data/german-credit.csv"

// sheet is a table in memory: a header and rows of text.
type sheet struct {
	header []string
	rows   [][]string
}

func readSheet(t testing.TB, path string) sheet {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	all, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return sheet{all[0], all[1:]}
}

func (s sheet) clone() sheet {
	out := sheet{header: s.header}
	for _, r := range s.rows {
		out.rows = append(out.rows, slices.Clone(r))
	}
	return out
}

func (s sheet) at(column string) int { return slices.Index(s.header, column) }

// frame is the sheet as the scanner would load it.
func (s sheet) frame(label string, leave ...string) *frame {
	f := &frame{path: "sheet", label: label, total: int64(len(s.rows)), rng: rand.New(rand.NewPCG(1, 1))}
	var labels []string
	var texts [][]string
	for j, name := range s.header {
		if name == label || slices.Contains(leave, name) {
			continue
		}
		c, words := column{name: name, numeric: true}, []string(nil)
		for _, r := range s.rows {
			v, err := strconv.ParseFloat(r[j], 64)
			c.numeric = c.numeric && err == nil
			c.number, words = append(c.number, v), append(words, r[j])
		}
		f.columns, texts = append(f.columns, c), append(texts, words)
	}
	for _, r := range s.rows {
		labels = append(labels, r[s.at(label)])
	}
	f.encode(labels, texts)
	return f
}

// look runs everything but the reading of files.
func look(t testing.TB, f *frame) modelvet.Scan {
	t.Helper()
	s := &scan{}
	if !s.fit(f) {
		return s.result
	}
	n, err := f.neighbours(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	s.duplicates(f, n)
	s.noise(f, n)
	if err := s.triggers(context.Background(), f); err != nil {
		t.Fatal(err)
	}
	return s.result
}

func alarms(s modelvet.Scan) []string {
	var out []string
	for _, f := range s.Findings {
		if f.Severity != modelvet.SeverityInfo {
			out = append(out, f.ID+": "+f.What)
		}
	}
	return out
}
