// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/format"
)

var update = flag.Bool("update", false, "rewrite docs/rules.md and the formatting of the rules")

func TestDocsAreFresh(t *testing.T) {
	var b bytes.Buffer
	if err := engine(t).Docs(&b); err != nil {
		t.Fatal(err)
	}
	page := filepath.Join("..", "docs", "rules.md")
	if *update {
		if err := os.WriteFile(page, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if got, _ := os.ReadFile(page); !bytes.Equal(got, b.Bytes()) {
		t.Errorf("%s is not what the rules say; run go test ./policies -update", page)
	}
}

func TestRulesAreFormatted(t *testing.T) {
	files, err := filepath.Glob("rules/*/*/*.rego")
	if err != nil {
		t.Fatal(err)
	}
	lib, _ := filepath.Glob("lib/*.rego")
	for _, f := range append(files, lib...) {
		src, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		want, err := format.SourceWithOpts(f, src, format.Opts{ParserOptions: &parserOptions, RegoVersion: parserOptions.RegoVersion})
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(f, want, 0o644); err != nil {
				t.Fatal(err)
			}
		} else if !bytes.Equal(src, want) {
			t.Errorf("%s is not formatted; run opa fmt -w policies", f)
		}
	}
}

// Every control that a rule names exists, several frameworks are named, and
// none is a provision that is deleted or withdrawn.
func TestControlsExist(t *testing.T) {
	ids, gone := map[string]bool{}, map[string]bool{}
	files, _ := filepath.Glob("../controls/catalogues/*.yaml")
	if len(files) == 0 {
		t.Fatal("no catalogues found")
	}
	entry := regexp.MustCompile(`(?m)^\s*-? ?id: *(\S+)`)
	for _, f := range files {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		at := entry.FindAllSubmatchIndex(b, -1)
		for i, m := range at {
			id := string(b[m[2]:m[3]])
			ids[id] = true
			end := len(b)
			if i+1 < len(at) {
				end = at[i+1][0]
			}
			gone[id] = regexp.MustCompile(`(?m)^\s*status: *'?(deleted|withdrawn|proposed)`).Match(b[m[3]:end])
		}
	}
	for _, r := range engine(t).Rules() {
		families := map[string]bool{}
		for _, c := range r.Controls {
			if !ids[c] || gone[c] {
				t.Errorf("%s names %s, which is in no catalogue or not in force", r.ID, c)
			}
			family, _, _ := strings.Cut(c, "-")
			families[family] = true
		}
		if len(families) < 2 || !slices.ContainsFunc(r.Controls, func(c string) bool { return strings.HasPrefix(c, "euaia-") }) {
			t.Errorf("%s: want controls of the EU AI Act and of another framework, got %v", r.ID, r.Controls)
		}
	}
}
