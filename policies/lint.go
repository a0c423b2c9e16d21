// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"context"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// Problem is one thing that [Lint] holds against a rule.
type Problem struct {
	File string `json:"file"`
	Line int    `json:"line,omitempty"` // 0: the file as a whole
	What string `json:"what"`
}

// problem takes the place off the front of an error that names it.
func problem(p string, err error) Problem {
	text := err.Error()
	if i := strings.Index(text, ".rego:"); i >= 0 && p == "." {
		start := strings.LastIndexAny(text[:i], " \n") + 1
		p, text = text[start:i+5], text[start:]
	}
	rest := strings.TrimPrefix(text, p+":")
	number, what, found := strings.Cut(rest, ":")
	if line, err := strconv.Atoi(number); found && err == nil && rest != text {
		return Problem{p, line, strings.TrimSpace(what)}
	}
	return Problem{p, 0, strings.TrimSpace(rest)}
}

// Lint says everything that is wrong with a folder of rules, where [New] stops
// at the first: what keeps a rule from being loaded, and beyond that a rule
// that names no control, or one that is not known, and a rule without a test
// in which it objects. The function says whether a control exists; nil takes
// every one for known.
func Lint(ctx context.Context, fsys fs.FS, known func(control string) bool) ([]Problem, error) {
	var out []Problem
	broken := false
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(p, ".rego") || strings.HasSuffix(p, "_test.rego") {
			return err
		}
		s, err := read(fsys, p, false)
		var r rule
		if err == nil {
			r, err = describe(s)
		}
		if err != nil {
			broken = true
			out = append(out, problem(p, err))
			return nil
		}
		out = append(out, habits(fsys, r, known)...)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("reading the rules: %w", err)
	}
	if !broken {
		if _, err := New(ctx, fsys); err != nil {
			out = append(out, problem(".", err))
		}
	}
	return out, nil
}

// habits are what a rule should have, and would be loaded without.
func habits(fsys fs.FS, r rule, known func(string) bool) []Problem {
	var out []Problem
	add := func(word, format string, args ...any) {
		out = append(out, Problem{r.file, lineOf(r.text, r.at, word), fmt.Sprintf(format, args...)})
	}
	if len(r.Controls) == 0 {
		add("controls:", "custom.controls is empty: the rule is asked, and speaks to no control that a report lists")
	}
	for _, c := range r.Controls {
		if known != nil && !known(c) {
			add(c, "control %s is in no catalogue, or not in force", c)
		}
	}
	test := strings.TrimSuffix(r.file, ".rego") + "_test.rego"
	src, err := fs.ReadFile(fsys, test)
	if err != nil {
		add("package", "there is no %s: a rule that was never seen to object may never do so", test)
		return out
	}
	m, err := ast.ParseModuleWithOpts(test, string(src), parserOptions)
	if err != nil {
		out = append(out, problem(test, err))
	} else if !objects(m) {
		add("package", "no test in %s looks at deny", test)
	}
	return out
}

// objects reports whether some test looks at what a rule denies.
func objects(m *ast.Module) bool {
	found := false
	for _, r := range m.Rules {
		if !strings.HasPrefix(r.Head.Ref().String(), "test_") {
			continue
		}
		ast.WalkRefs(r, func(ref ast.Ref) bool {
			last, ok := ref[len(ref)-1].Value.(ast.String)
			found = found || ok && last == setDeny
			return false
		})
	}
	return found
}
