// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/modelvet/modelvet"
)

// The sets in which a rule answers. deny is demanded; the others are its own
// to have. Fail goes before unknown, unknown before not applicable.
const (
	setDeny          = "deny"
	setUnknown       = "unknown"
	setNotApplicable = "not_applicable"
)

// describe reads a rule's annotations, and refuses what could never object.
func describe(s source) (rule, error) {
	r := rule{file: s.path, text: s.text, at: 1, builtin: s.builtin}
	parts := strings.Split(strings.TrimPrefix(s.module.Package.Path.String(), "data."), ".")
	where := strings.Split(s.path, "/")
	if len(parts) != 4 || parts[0] != "policies" || parts[1] != "rules" || parts[2] != where[1] || parts[3] != where[2] {
		return r, fmt.Errorf("%s:%d: package %s: want policies.rules.%s.%s, as the folder says", s.path, s.module.Package.Location.Row, strings.Join(parts, "."), where[1], where[2])
	}
	r.ID = parts[2] + "." + parts[3]
	note, err := annotations(s)
	if err != nil {
		return r, err
	}
	r.at = note.Location.Row
	if err := r.annotate(note); err != nil {
		return r, fmt.Errorf("%s:%d: %w", s.path, r.wordLine(err.Error()), err)
	}
	if r.answers, err = answers(s); err != nil {
		return r, err
	}
	return r, doors(s)
}

func annotations(s source) (*ast.Annotations, error) {
	var found *ast.Annotations
	for _, a := range s.module.Annotations {
		if len(a.Schemas) > 0 {
			return nil, fmt.Errorf("%s:%d: schemas: the engine gives every rule the schema of its input; remove the annotation", s.path, a.Location.Row)
		}
		if a.Scope == "package" {
			found = a
		}
	}
	if found == nil {
		return nil, fmt.Errorf("%s:%d: no METADATA before the package: want title, description and custom: level, needs, controls, remediation", s.path, s.module.Package.Location.Row)
	}
	return found, nil
}

// annotate takes what the METADATA say. A word that it does not know is an
// error: a misspelt one must not be an unsaid one.
func (r *rule) annotate(a *ast.Annotations) error {
	r.Title, r.Description = strings.TrimSpace(a.Title), strings.TrimSpace(a.Description)
	custom := maps.Clone(a.Custom)
	level, _ := custom["level"].(string)
	r.Level = modelvet.Level(level)
	remedy, _ := custom["remediation"].(string)
	r.Remediation = strings.TrimSpace(remedy)
	var err error
	switch {
	case r.Title == "" || r.Description == "":
		return fmt.Errorf("METADATA: want a title and a description")
	case r.Level != modelvet.Block && r.Level != modelvet.Warn:
		return fmt.Errorf("METADATA: custom.level is %q; want block or warn", level)
	case r.Remediation == "":
		return fmt.Errorf("METADATA: want custom.remediation: what to do when the rule objects")
	}
	if r.Needs, err = listOf(custom, "needs"); err != nil {
		return err
	}
	if r.Controls, err = listOf(custom, "controls"); err != nil {
		return err
	}
	for _, n := range r.Needs {
		if !isKind(n) {
			return fmt.Errorf("METADATA: custom.needs: %q is no kind of evidence; want scan/NAME or one of %s", n, strings.Join(kinds, ", "))
		}
	}
	if w, said := custom["waivable"]; said {
		yes, ok := w.(bool)
		if !ok {
			return fmt.Errorf("METADATA: custom.waivable is %v; want true or false", w)
		}
		r.forbidWaiver = !yes
	}
	if w, said := custom["nothing_read"]; said {
		if w != "judged" {
			return fmt.Errorf("METADATA: custom.nothing_read is %v; want judged: the rule itself judges a scan that read nothing", w)
		}
		r.judgesHollow = true
	}
	for _, known := range []string{"level", "needs", "controls", "remediation", "waivable", "nothing_read"} {
		delete(custom, known)
	}
	for _, unknown := range slices.Sorted(maps.Keys(custom)) {
		return fmt.Errorf("METADATA: custom.%s: unknown word; want level, needs, controls, remediation, waivable, nothing_read", unknown)
	}
	return nil
}

// lineOf is the line of a word in a text, from a line on; that line itself
// where the word does not stand.
func lineOf(text []byte, from int, word string) int {
	whole := regexp.MustCompile(`(^|[^\w.-])` + regexp.QuoteMeta(word) + `($|[^\w.-])`)
	for i, line := range strings.Split(string(text), "\n") {
		if i+1 >= from && whole.MatchString(line) {
			return i + 1
		}
	}
	return from
}

// wordLine is the line of the annotation that an error is about: the one that
// it calls custom.WORD, else where the METADATA begin.
func (r *rule) wordLine(message string) int {
	_, rest, found := strings.Cut(message, "custom.")
	if !found {
		return r.at
	}
	word := rest[:len(rest)-len(strings.TrimLeft(rest, "abcdefghijklmnopqrstuvwxyz_"))]
	return lineOf(r.text, r.at, word+":")
}

func listOf(custom map[string]any, key string) ([]string, error) {
	list, ok := custom[key].([]any)
	if !ok {
		return nil, fmt.Errorf("METADATA: want custom.%s, a list (it may be [])", key)
	}
	out := []string{}
	for _, v := range list {
		s, ok := v.(string)
		if !ok || s == "" || slices.Contains(out, s) {
			return nil, fmt.Errorf("METADATA: custom.%s: %v: want words, each once", key, v)
		}
		out = append(out, s)
	}
	return out, nil
}

// kinds are the kinds of evidence beside the scans.
var kinds = []string{"system", "lineage", "provenance", "signature", "bom", "baseline", "thresholds"}

func isKind(need string) bool {
	scanner, isScan := strings.CutPrefix(need, "scan/")
	return isScan && word(scanner) || slices.Contains(kinds, need)
}

// answers lists the sets in which a rule answers. A set under any other name
// is a slip of the pen: nobody would ask it.
func answers(s source) ([]string, error) {
	var out []string
	for _, r := range s.module.Rules {
		ref := r.Head.Ref()
		name := ref.String()
		known := name == setDeny || name == setUnknown || name == setNotApplicable
		set := r.Head.RuleKind() == ast.MultiValue && len(ref) == 1 && !r.Default
		switch {
		case known && !set:
			return nil, fmt.Errorf("%s:%d: %s must be a set of sentences: %s contains \"...\" if { ... }", s.path, r.Location.Row, name, name)
		case !known && !strings.HasPrefix(name, "_"):
			return nil, fmt.Errorf("%s:%d: nobody asks %s; answers are deny, unknown and not_applicable, and the name of a helper begins with _", s.path, r.Location.Row, name)
		case known && !slices.Contains(out, name):
			out = append(out, name)
		}
	}
	if !slices.Contains(out, setDeny) {
		return nil, fmt.Errorf("%s:%d: no set named deny: the rule could never object", s.path, s.module.Package.Location.Row)
	}
	slices.Sort(out)
	return out, nil
}
