// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// source is one Rego file, parsed.
type source struct {
	path    string
	text    []byte
	module  *ast.Module
	library bool // stands in lib/: words, not a rule
	builtin bool
}

// maxRule is the largest rule file that is read, in bytes.
const maxRule = 1 << 20

// maxRules is how many files of rules are read from one folder.
const maxRules = 2000

var parserOptions = ast.ParserOptions{ProcessAnnotation: true, RegoVersion: ast.RegoV1}

// collect reads every Rego file of a folder but the tests. A Rego file that
// stands where nobody would ask it is an error, not a file to skip.
func collect(fsys fs.FS, own bool) ([]source, error) {
	var out []source
	err := fs.WalkDir(fsys, ".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if p == thresholdsFile && !own {
			return fmt.Errorf("%s: the names and ranges of thresholds are built in; the policy file gives their values", p)
		}
		if d.IsDir() || !strings.HasSuffix(p, ".rego") || strings.HasSuffix(p, "_test.rego") {
			return nil
		}
		s, err := read(fsys, p, own)
		if err != nil {
			return err
		}
		if len(out) == maxRules {
			return fmt.Errorf("%s: a folder has more than %d rules", p, maxRules)
		}
		out = append(out, s)
		return nil
	})
	if err == nil && len(out) == 0 {
		err = fmt.Errorf("no rules found: want rules/AREA/NAME/NAME.rego")
	}
	return out, err
}

func read(fsys fs.FS, p string, own bool) (source, error) {
	s := source{path: p, library: strings.HasPrefix(p, "lib/"), builtin: own}
	if s.library && !own {
		return s, fmt.Errorf("%s: lib is the library of the built-in rules; rules stand at rules/AREA/NAME/NAME.rego", p)
	}
	if !s.library && !stands(p) {
		return s, fmt.Errorf("%s: nobody would ask this rule; want rules/AREA/NAME/NAME.rego", p)
	}
	info, err := fs.Stat(fsys, p)
	if err != nil {
		return s, err
	}
	if info.Size() > maxRule {
		return s, fmt.Errorf("%s: %d bytes; at most %d are read", p, info.Size(), maxRule)
	}
	if s.text, err = fs.ReadFile(fsys, p); err != nil {
		return s, err
	}
	s.module, err = ast.ParseModuleWithOpts(p, string(s.text), parserOptions)
	if err == nil && s.module == nil {
		err = fmt.Errorf("%s: the file is empty", p)
	}
	return s, err
}

// stands reports whether p is rules/AREA/NAME/NAME.rego.
func stands(p string) bool {
	parts := strings.Split(p, "/")
	return len(parts) == 4 && parts[0] == "rules" && word(parts[1]) && word(parts[2]) && path.Base(p) == parts[2]+".rego"
}

// word reports whether s may be an area or a name: [a-z][a-z0-9_]*.
func word(s string) bool {
	for i, c := range s {
		letter := c >= 'a' && c <= 'z'
		if !letter && (i == 0 || c != '_' && (c < '0' || c > '9')) {
			return false
		}
	}
	return s != "" && !strings.HasSuffix(s, "_test")
}
