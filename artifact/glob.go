// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"fmt"
	"path"
	"strings"
)

// glob matches slash-separated paths: * ? [] within one element, ** for any
// number of elements.
type glob []string

func parseGlob(pattern string) (glob, error) {
	g := glob(strings.Split(path.Clean(pattern), "/"))
	for _, part := range g {
		if _, err := path.Match(part, ""); err != nil {
			return nil, fmt.Errorf("pattern %q: %w", pattern, err)
		}
	}
	return g, nil
}

// match walks pattern and path together, remembering where the last ** began,
// so that its time is bounded by the product of their lengths.
func (g glob) match(name string) bool {
	parts := strings.Split(name, "/")
	i, j, star, mark := 0, 0, -1, 0
	for j < len(parts) {
		switch {
		case i < len(g) && g[i] == "**":
			star, mark = i, j
			i++
		case i < len(g) && matchPart(g[i], parts[j]):
			i, j = i+1, j+1
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(g) && g[i] == "**" {
		i++
	}
	return i == len(g)
}

func matchPart(pattern, name string) bool {
	ok, err := path.Match(pattern, name)
	return ok && err == nil
}

// ignoreRule is one line of an ignore file, with the meaning it has in
// gitignore(5): later lines win, ! takes back, a trailing slash means folders,
// a slash elsewhere ties the pattern to the top.
type ignoreRule struct {
	glob
	keep, folder bool
}

type ignoreRules []ignoreRule

const ignoreFile = ".modelvetignore"

func parseIgnore(text string) (ignoreRules, error) {
	var rules ignoreRules
	for n, line := range strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n") {
		line = strings.TrimRight(line, " \t\r")
		if line == "" || line[0] == '#' {
			continue
		}
		r, err := parseIgnoreLine(line)
		if err != nil {
			return nil, fmt.Errorf("reading %s line %d: %w", ignoreFile, n+1, err)
		}
		rules = append(rules, r)
	}
	return rules, nil
}

func parseIgnoreLine(line string) (ignoreRule, error) {
	var r ignoreRule
	line, r.keep = strings.CutPrefix(line, "!")
	line, r.folder = strings.CutSuffix(line, "/")
	if line == "" {
		return r, fmt.Errorf("the pattern is empty")
	}
	line, top := strings.CutPrefix(line, "/")
	if !top && !strings.Contains(line, "/") {
		line = "**/" + line
	}
	var err error
	r.glob, err = parseGlob(line)
	return r, err
}

func (rules ignoreRules) ignores(name string, folder bool) bool {
	out := false
	for _, r := range rules {
		if (folder || !r.folder) && r.match(name) {
			out = !r.keep
		}
	}
	return out
}
