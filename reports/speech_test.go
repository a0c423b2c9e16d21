// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"go/ast"
	"go/parser"
	gotoken "go/token"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/modelvet/modelvet/documents/kinds"
)

// sayers are the functions whose literal arguments are words of the report,
// and which of the arguments; none: all.
var sayers = map[string][]int{"t": {0}, "columns": nil, "name": {0}, "need": {0}, "fill": {0, 2}, "table": {1}, "h1": {0}, "h2": {0}, "fact": {0}, "newDraft": {2}}

// spoken are all words that the code and the page say.
func spoken(t testing.TB) []string {
	t.Helper()
	words := map[string]bool{}
	add := func(list ...string) {
		for _, w := range list {
			words[w] = true
		}
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(gotoken.NewFileSet(), f, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.CallExpr:
				called := ""
				switch fn := n.Fun.(type) {
				case *ast.SelectorExpr:
					called = fn.Sel.Name
				case *ast.Ident:
					called = fn.Name
				}
				if at, ok := sayers[called]; ok {
					for i, arg := range n.Args {
						if lit, ok := arg.(*ast.BasicLit); ok && lit.Kind == gotoken.STRING && (at == nil || slices.Contains(at, i)) {
							add(unquote(t, lit.Value))
						}
					}
				}
			case *ast.CompositeLit: // the columns of the table of numbers
				if id, ok := n.Type.(*ast.Ident); ok && id.Name == "column" {
					if lit, ok := n.Elts[0].(*ast.BasicLit); ok {
						add(unquote(t, lit.Value))
					}
				}
			}
			return true
		})
	}
	page, err := os.ReadFile("page/page.html.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`[{(]t ("(?:[^"\\]|\\.)*")`).FindAllStringSubmatch(string(page), -1) {
		add(unquote(t, m[1]))
	}
	kind, _ := kinds.Of("annex-iv")
	for _, item := range kind.Items {
		add(item.Title, item.Asks)
	}
	for _, point := range annexIVPoints {
		add(point)
	}
	add(wordOrder...)
	add(signFields...)
	add("ALLOW", "ALLOW WITH CONDITIONS", "PENDING", "BLOCKED", "CANNOT DECIDE", "blocks", "warns", "Name and function", "Date", "Signature",
		"within", "beyond", "undecided", "verified", "missing", "invalid", "stale", "unverified", "unknown")
	for _, title := range scannerTitles {
		add(title)
	}
	delete(words, "p")
	delete(words, "n")
	return slices.Sorted(maps.Keys(words))
}

func unquote(t testing.TB, s string) string {
	t.Helper()
	out, err := strconv.Unquote(s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

var verbs = regexp.MustCompile(`%[dsqv%]`)

// TestNoWordIsMissing: every language has every word, with the same arguments
// in the same order, and no word that nobody says.
func TestNoWordIsMissing(t *testing.T) {
	all, err := dictionaries()
	if err != nil {
		t.Fatal(err)
	}
	if len(all) < 3 {
		t.Fatalf("there are only %v", Languages())
	}
	said := spoken(t)
	for _, language := range Languages() {
		if language == "en" {
			continue
		}
		var missing []string
		for _, w := range said {
			own := all[language][w]
			if own == "" {
				missing = append(missing, w)
			} else if !slices.Equal(verbs.FindAllString(w, -1), verbs.FindAllString(own, -1)) {
				t.Errorf("%s: %q has other arguments than %q", language, own, w)
			}
		}
		for _, w := range missing {
			t.Errorf("%s: no word for %q", language, w)
		}
		for w := range all[language] {
			if !slices.Contains(said, w) {
				t.Errorf("%s: nobody says %q", language, w)
			}
		}
	}
	if path := os.Getenv("MODELVET_WORDS"); path != "" {
		if err := os.WriteFile(path, []byte(strings.Join(said, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}
