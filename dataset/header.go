// SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/modelvet/modelvet"
)

// maxHeader bounds the header line of a CSV file, in bytes.
const maxHeader = 1 << 20

// header reads the names of the columns of CSV files; it is nil for other
// formats. It does not trust the engine here, which renames what it finds twice.
func header(sources []source) ([]string, error) {
	if sources[0].format != formatCSV {
		return nil, nil
	}
	var first []string
	for i, s := range sources {
		h, err := headerOf(s)
		if err != nil {
			return nil, fmt.Errorf("reading %s, line 1: %w", s.rel, err)
		}
		if i == 0 {
			first = h
		} else if !slices.Equal(first, h) {
			return nil, fmt.Errorf("reading %s, line 1: other columns than in %s: all files of a table must have the same", s.rel, sources[0].rel)
		}
	}
	return first, nil
}

func headerOf(s source) ([]string, error) {
	line, delim, err := firstLine(s)
	if err != nil {
		return nil, err
	}
	return parseHeader(line, delim)
}

// parseHeader splits the first record.
func parseHeader(line string, delim rune) ([]string, error) {
	r := csv.NewReader(strings.NewReader(line))
	r.Comma = delim
	names, err := r.Read()
	if err != nil {
		return nil, fmt.Errorf("the header is no CSV: %w", err)
	}
	return names, checkNames(names)
}

// checkNames refuses names of columns that cannot be told apart.
func checkNames(names []string) error {
	seen := map[string]bool{}
	for i, n := range names {
		switch key := strings.ToLower(n); {
		case n == "":
			return fmt.Errorf("column %d has no name", i+1)
		case !utf8.ValidString(n) || strings.ContainsRune(n, 0):
			return fmt.Errorf("the name of column %d is not UTF-8 text", i+1)
		case seen[key]:
			return fmt.Errorf("two columns are called %q (SQL does not tell upper from lower case): rename one", n)
		default:
			seen[key] = true
		}
	}
	return nil
}

// firstLine reads the header record and finds its delimiter.
func firstLine(s source) (string, rune, error) {
	f, err := os.Open(s.abs)
	if err != nil {
		return "", 0, err
	}
	defer f.Close()
	line, err := readRecord(bufio.NewReader(io.LimitReader(f, maxHeader)))
	if err != nil {
		return "", 0, err
	}
	return line, separator(line), nil
}

// readRecord reads up to the first line end outside quotation marks.
func readRecord(r *bufio.Reader) (string, error) {
	var b strings.Builder
	quoted := false
	for {
		c, err := r.ReadByte()
		if err == io.EOF && b.Len() < maxHeader-3 {
			break
		}
		if err != nil {
			return "", fmt.Errorf("no line end within %d bytes", maxHeader)
		}
		if c == '"' {
			quoted = !quoted
		}
		if !quoted && (c == '\n' || c == '\r') {
			break
		}
		b.WriteByte(c)
	}
	line := strings.TrimPrefix(b.String(), "\uFEFF")
	if line == "" {
		return "", fmt.Errorf("the header is empty")
	}
	return line, nil
}

func delimiter(s source) (rune, error) {
	_, d, err := firstLine(s)
	return d, err
}

// separator is the candidate that the header holds most often outside
// quotation marks; a comma if none.
func separator(line string) rune {
	candidates := []rune{',', ';', '\t', '|'}
	counts := make([]int, len(candidates))
	quoted := false
	for _, c := range line {
		if c == '"' {
			quoted = !quoted
		} else if i := slices.Index(candidates, c); i >= 0 && !quoted {
			counts[i]++
		}
	}
	return candidates[slices.Index(counts, slices.Max(counts))]
}

// sameHeader makes sure that the engine and we read the same header.
func sameHeader(header, columns []string, path string) error {
	if header == nil || slices.Equal(header, columns) {
		return nil
	}
	return fmt.Errorf("reading %s: its header cannot be read without doubt: quote the names of the columns and use a comma", path)
}

// role is what a column is for.
type role struct {
	name, column string
	text         bool // its values are names
}

func roles(t modelvet.Table) []role {
	out := []role{
		{"id", t.ID, true}, {"label", t.Label, true}, {"prediction", t.Prediction, true},
		{"score", t.Score, false}, {"weight", t.Weight, false}, {"output", t.Output, false},
		{"time", t.Time, false}, {"split", t.Split, true},
		{"loss", t.Loss, false}, {"member", t.Member, true}, {"previous", t.Previous, false},
	}
	for _, c := range t.Text {
		out = append(out, role{"text", c, true})
	}
	for _, c := range t.Embedding {
		out = append(out, role{"embedding", c, false})
	}
	for _, c := range t.Perturbed {
		out = append(out, role{"perturbed", c, true})
	}
	if t.BiasAudit != nil {
		out = append(out, role{"biasAudit.sex", t.BiasAudit.Sex, true}, role{"biasAudit.race", t.BiasAudit.Race, true})
	}
	for _, c := range t.Quasi {
		out = append(out, role{"quasi", c, true})
	}
	for _, c := range t.Protected {
		out = append(out, role{"protected", c, true})
	}
	for _, c := range t.Features {
		out = append(out, role{"features", c, false})
	}
	return out
}

// checkRoles wants every column that the table names to exist.
func checkRoles(t modelvet.Table, columns []string, path string) error {
	for _, r := range roles(t) {
		if r.column == "" || slices.Contains(columns, r.column) {
			continue
		}
		hint := ""
		if near := nearest(r.column, columns); near != "" {
			hint = fmt.Sprintf("; did you mean %q?", near)
		}
		return fmt.Errorf("%s: %s names column %q, which %s does not have%s The columns there are %s",
			path, r.name, r.column, path, sentence(hint), shortList(columns))
	}
	return nil
}

func sentence(hint string) string {
	if hint == "" {
		return "."
	}
	return hint
}

func shortList(columns []string) string {
	const most = 40
	if len(columns) > most {
		return strings.Join(columns[:most], ", ") + fmt.Sprintf(" and %d more", len(columns)-most)
	}
	return strings.Join(columns, ", ")
}

// nearest is the column whose name needs the fewest edits, if that is few.
func nearest(want string, columns []string) string {
	best, at := "", len(want)/3+2
	for _, c := range columns {
		if d := edits(strings.ToLower(want), strings.ToLower(c)); d < at && d < len(want) {
			best, at = c, d
		}
	}
	return best
}

// edits is the Levenshtein distance, over bytes.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}

func names(columns []Column) []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = c.Name
	}
	return out
}
