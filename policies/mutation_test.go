// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/modelvet/modelvet"
)

// A mutation is what evidence may become on its way: a field that is gone,
// null, of another type, or empty.
type mutation struct {
	op   string // delete, null, retype, empty
	path string // measurements[2].low
	doc  any
}

// mutations changes every node of a document, one at a time.
func mutations(doc any) []mutation {
	var out []mutation
	visit(doc, "", func(v any) any { return v }, &out)
	return out
}

// visit walks to every node; rebuild makes the whole document around a new node.
func visit(v any, path string, rebuild func(any) any, out *[]mutation) {
	add := func(op string, doc any) { *out = append(*out, mutation{op, path, doc}) }
	if path != "" {
		add("null", rebuild(nil))
		add("retype", rebuild(retyped(v)))
		add("empty", rebuild(emptied(v)))
	}
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			without := maps.Clone(v)
			delete(without, k)
			*out = append(*out, mutation{"delete", join(path, k), rebuild(without)})
			visit(v[k], join(path, k), func(n any) any {
				with := maps.Clone(v)
				with[k] = n
				return rebuild(with)
			}, out)
		}
	case []any:
		for i := range v {
			at := fmt.Sprintf("%s[%d]", path, i)
			*out = append(*out, mutation{"delete", at, rebuild(slices.Delete(slices.Clone(v), i, i+1))})
			visit(v[i], at, func(n any) any {
				with := slices.Clone(v)
				with[i] = n
				return rebuild(with)
			}, out)
		}
	}
}

func paths(ms []mutation) map[string]bool {
	out := map[string]bool{}
	for _, m := range ms {
		out[m.path] = true
	}
	return out
}

func join(path, key string) string { return strings.TrimPrefix(path+"."+key, ".") }

func retyped(v any) any {
	switch v.(type) {
	case string:
		return 7.0
	case float64:
		return "7"
	case bool:
		return "true"
	case []any:
		return map[string]any{}
	}
	return []any{}
}

func emptied(v any) any {
	switch v.(type) {
	case string:
		return ""
	case float64:
		return 0.0
	case bool:
		return false
	case []any:
		return []any{}
	}
	return map[string]any{}
}

// unread are the parts of predicates that no rule can see: what stands there
// may be anything.
func unread(kind, path string) bool {
	return kind == "provenance" && strings.HasPrefix(path, "buildDefinition.externalParameters")
}

func needing1(e *Engine, kind string) []string {
	var out []string
	for _, r := range e.Rules() {
		if slices.Contains(r.Needs, kind) {
			out = append(out, r.ID)
		}
	}
	return out
}

// only keeps the evidence that the given rules need.
func only(all map[string]any, e *Engine, rules []string) map[string]any {
	out := map[string]any{}
	for _, r := range e.Rules() {
		for _, n := range r.Needs {
			if slices.Contains(rules, r.ID) {
				out[n] = all[n]
			}
		}
	}
	return out
}

// Of evidence on which everything passes, any field that is null or of
// another type makes every rule unknown that needs this evidence.
func TestBrokenEvidenceIsUnknown(t *testing.T) {
	e := engine(t)
	for kind, predicate := range good() {
		t.Run(kind, func(t *testing.T) {
			ask := needing1(e, kind)
			if len(ask) == 0 {
				t.Skip("no rule needs " + kind)
			}
			base := only(good(), e, ask)
			for _, m := range mutations(plain(predicate)) {
				if unread(kind, m.path) || m.op == "delete" || m.op == "empty" {
					continue
				}
				all := maps.Clone(base)
				all[kind] = m.doc
				in := caseOf(t, all)
				in.Rules = ask
				for id, r := range outcomes(t, e, in) {
					if r.Outcome != modelvet.Unknown || r.Reason == "" {
						t.Errorf("%s %s: %s is %s", m.op, m.path, id, r.Outcome)
					}
				}
			}
		})
	}
}

// Of evidence on which a rule fails, no mutation makes it pass: the one
// exception is an entry of a list of claims that is taken out (see honest).
func TestNoMutationTurnsFailIntoPass(t *testing.T) {
	e := engine(t)
	for _, r := range e.Rules() {
		spoil, ok := failing[r.ID]
		if !ok {
			t.Errorf("rule %s has no failing evidence here; add it to the table", r.ID)
			continue
		}
		t.Run(r.ID, func(t *testing.T) {
			t.Parallel()
			base := good()
			in := spoil.input(t, base)
			in.Rules = []string{r.ID}
			if got := outcomes(t, e, in)[r.ID]; got.Outcome != modelvet.Fail {
				t.Fatalf("the failing evidence: %s %s", got.Outcome, got.Reason)
			}
			base = only(base, e, in.Rules)
			for _, kind := range r.Needs {
				known := paths(mutations(plain(good()[kind])))
				for _, m := range mutations(plain(base[kind])) {
					if known[m.path] && (m.op == "null" || m.op == "retype") {
						continue // TestBrokenEvidenceIsUnknown tries it with every rule
					}
					if !mentions(e, r.ID, kind, m.path) {
						continue
					}
					all := maps.Clone(base)
					all[kind] = m.doc
					in := spoil.with(t, all)
					in.Rules = []string{r.ID}
					got := outcomes(t, e, in)[r.ID]
					better := got.Outcome != modelvet.Fail && got.Outcome != modelvet.Unknown
					if (m.op == "null" || m.op == "retype") && got.Outcome != modelvet.Unknown {
						t.Errorf("%s %s %s: %s", kind, m.op, m.path, got.Outcome)
					}
					if better && !honest(r.ID, m) {
						t.Errorf("%s %s %s: fail became %s %s", kind, m.op, m.path, got.Outcome, got.Reason)
					}
				}
			}
		})
	}
}

// Two fields that get lost together: pairs are too many to try them all, so
// that some are drawn for every rule, the same ones in every run.
func TestNoPairOfMutationsTurnsFailIntoPass(t *testing.T) {
	e := engine(t)
	for i, r := range e.Rules() {
		if len(r.Needs) == 0 {
			continue // it reads the register of evidence, which TestEnvelopeMutations breaks
		}
		t.Run(r.ID, func(t *testing.T) {
			t.Parallel()
			base := good()
			failing[r.ID].input(t, base)
			base = only(base, e, []string{r.ID})
			draw := rand.New(rand.NewPCG(uint64(i), 1))
			for range 25 {
				all := maps.Clone(base)
				first, second := losing(t, e, draw, r, all), losing(t, e, draw, r, all)
				in := failing[r.ID].with(t, all)
				in.Rules = []string{r.ID}
				got := outcomes(t, e, in)[r.ID]
				if (got.Outcome == modelvet.Pass || got.Outcome == modelvet.NotApplicable) && !honest(r.ID, first) && !honest(r.ID, second) && !otherClaim(first, second) {
					t.Errorf("%s %s, and %s %s: fail became %s %s", first.op, first.path, second.op, second.path, got.Outcome, got.Reason)
				}
			}
		})
	}
}

// otherClaim tells pairs after which the evidence says something else that is
// complete: a value of zero with its interval, or a thing that is known by its
// name alone on both sides.
func otherClaim(a, b mutation) bool {
	zero := regexp.MustCompile(`^measurements\[\d+\]\.(value|low|high)$`)
	parent := func(m mutation) string { return m.path[:strings.LastIndex(m.path, ".")+1] }
	pins := regexp.MustCompile(`^(inputs\[\d+\]\.digest|components\[\d+\]\.hashes.*)$`)
	return a.op == "empty" && b.op == "empty" && zero.MatchString(a.path) && zero.MatchString(b.path) && parent(a) == parent(b) ||
		pins.MatchString(a.path) && pins.MatchString(b.path)
}

// losing takes one field that the rule could read out of the evidence, or
// empties it.
func losing(t *testing.T, e *Engine, draw *rand.Rand, r modelvet.Rule, all map[string]any) mutation {
	t.Helper()
	kind := r.Needs[draw.IntN(len(r.Needs))]
	ms := slices.DeleteFunc(mutations(plain(all[kind])), func(m mutation) bool {
		return m.op != "delete" && m.op != "empty" || !mentions(e, r.ID, kind, m.path)
	})
	if len(ms) == 0 {
		return mutation{}
	}
	m := ms[draw.IntN(len(ms))]
	all[kind] = m.doc
	return m
}

// mentions tells whether a rule could read a field of modelvet.yaml: one whose
// name stands neither in the rule nor in the library it cannot reach, since a
// computed name is refused.
func mentions(e *Engine, id, kind, path string) bool {
	if kind != "system" {
		return true
	}
	i, _ := e.find(id)
	text := string(e.rules[i].text)
	if strings.Contains(text, "policies.lib") {
		text += "documents tables"
	}
	field, _, _ := strings.Cut(path, ".")
	field, _, _ = strings.Cut(field, "[")
	return strings.Contains(text, field)
}

// Around the predicate: what is not verified, not about this model, not
// dated, or no JSON at all, is no evidence.
func TestEnvelopeMutations(t *testing.T) {
	e := engine(t)
	for name, change := range map[string]func(*modelvet.Evidence){
		"no status":        func(ev *modelvet.Evidence) { ev.Status = "" },
		"unverified":       func(ev *modelvet.Evidence) { ev.Status = modelvet.Unverified },
		"invalid":          func(ev *modelvet.Evidence) { ev.Status = modelvet.Invalid },
		"stale":            func(ev *modelvet.Evidence) { ev.Status = modelvet.Stale },
		"missing":          func(ev *modelvet.Evidence) { ev.Status = modelvet.Missing },
		"a made-up status": func(ev *modelvet.Evidence) { ev.Status = "Verified" },
		"another type":     func(ev *modelvet.Evidence) { ev.PredicateType += "x" },
		"no predicate":     func(ev *modelvet.Evidence) { ev.Predicate = nil },
		"null":             func(ev *modelvet.Evidence) { ev.Predicate = []byte("null") },
		"a list":           func(ev *modelvet.Evidence) { ev.Predicate = []byte("[]") },
		"a number":         func(ev *modelvet.Evidence) { ev.Predicate = []byte("1e999") },
		"said twice": func(ev *modelvet.Evidence) {
			ev.Predicate = append([]byte(`{"name":"x","name":"y",`), ev.Predicate[1:]...)
		},
		"cut short":   func(ev *modelvet.Evidence) { ev.Predicate = ev.Predicate[:len(ev.Predicate)-1] },
		"old":         func(ev *modelvet.Evidence) { ev.SignedAt = now.Add(-31 * 24 * time.Hour) },
		"not dated":   func(ev *modelvet.Evidence) { ev.SignedAt = time.Time{} },
		"of tomorrow": func(ev *modelvet.Evidence) { ev.SignedAt = now.Add(24 * time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			in := caseOf(t, good())
			in.MaxAge = map[string]time.Duration{"": 30 * 24 * time.Hour}
			for i := range in.Evidence {
				change(&in.Evidence[i])
			}
			for id, r := range outcomes(t, e, in) {
				if r.Outcome != modelvet.Unknown && slices.ContainsFunc(r.Needs, func(n string) bool { return !isGiven(n) }) {
					t.Errorf("%s: %s", id, r.Outcome)
				}
			}
		})
	}
}
