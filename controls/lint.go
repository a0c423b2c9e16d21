// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/modelvet/modelvet"
)

// Problem is something wrong between rules, profiles and catalogues.
type Problem struct {
	Rule    string `json:"rule,omitempty"`
	Control string `json:"control,omitempty"`
	Where   string `json:"where,omitempty"` // file:line in a catalogue or profile
	What    string `json:"what"`
}

// String puts the problem into one line.
func (p Problem) String() string {
	subject := p.Where
	if p.Rule != "" {
		subject = "rule " + p.Rule
	}
	return subject + ": " + p.What
}

// MaxAge is how long a provision may be relied on without being read again.
const MaxAge = 180 * 24 * time.Hour

// Lint compares rules with the set: a rule that cites what does not exist,
// what was deleted or withdrawn, a blocking rule for what is only proposed, a
// rule that no control or no profile demands, a profile that sets the level of
// a rule that does not exist. The result is sorted; nil means clean.
func Lint(s *Set, rules []modelvet.Rule) []Problem {
	var out []Problem
	demanded := s.demanded()
	for _, r := range rules {
		out = append(out, s.lintRule(r, demanded)...)
	}
	out = append(out, s.lintLevels(rules)...)
	slices.SortFunc(out, func(a, b Problem) int {
		return cmp.Or(cmp.Compare(a.Rule, b.Rule), cmp.Compare(a.Control, b.Control), cmp.Compare(a.Where, b.Where), cmp.Compare(a.What, b.What))
	})
	return out
}

func (s *Set) lintRule(r modelvet.Rule, demanded map[string]bool) []Problem {
	if len(r.Controls) == 0 {
		return []Problem{{Rule: r.ID, What: "no control demands it: name the controls that it serves"}}
	}
	var out []Problem
	seen := map[string]bool{}
	serves := false
	for _, id := range r.Controls {
		if seen[id] {
			out = append(out, Problem{Rule: r.ID, Control: id, What: "names control " + id + " twice"})
		}
		seen[id] = true
		serves = serves || demanded[id]
		if what, where := s.lintCitation(r, id); what != "" {
			out = append(out, Problem{Rule: r.ID, Control: id, Where: where, What: what})
		}
	}
	if !serves && len(out) == 0 {
		out = append(out, Problem{Rule: r.ID, What: "no profile demands any of its controls: it would never be asked"})
	}
	return out
}

func (s *Set) lintCitation(r modelvet.Rule, id string) (what, where string) {
	e, ok := s.entries[id]
	switch {
	case !ok:
		return fmt.Sprintf("cites %q, which no catalogue has%s", id, s.nearest(id)), ""
	case e.Status == Deleted || e.Status == Withdrawn:
		return fmt.Sprintf("cites %s, which is %s: %s See %s", e.Ref, e.Status, e.Summary, words(e.SeeAlso)), e.Where
	case e.Status == Proposed && r.Level != modelvet.Warn:
		return fmt.Sprintf("enforces %s, which is only proposed: make it a warning", e.Ref), e.Where
	}
	return "", ""
}

// nearest suggests the id with the longest beginning in common.
func (s *Set) nearest(id string) string {
	best, common := "", len(id)/2
	for _, c := range s.catalogues {
		for _, e := range c.Entries {
			if n := sharedPrefix(e.ID, id); n > common {
				best, common = e.ID, n
			}
		}
	}
	if best == "" {
		return ": see modelvet controls list"
	}
	return ": did you mean " + best + "?"
}

func sharedPrefix(a, b string) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// demanded are all controls of all profiles.
func (s *Set) demanded() map[string]bool {
	out := map[string]bool{}
	for _, p := range s.profiles {
		for _, id := range p.Controls {
			out[id] = true
		}
	}
	return out
}

func (s *Set) lintLevels(rules []modelvet.Rule) []Problem {
	var out []Problem
	for _, p := range s.Profiles() {
		for _, id := range slices.Sorted(maps.Keys(p.Levels)) {
			if !slices.ContainsFunc(rules, func(r modelvet.Rule) bool { return r.ID == id }) {
				out = append(out, Problem{Where: p.Where, What: fmt.Sprintf("profile %s sets the level of %q, which is no rule", p.ID, id)})
			}
		}
	}
	return out
}

// Unverified lists the provisions in force that nobody has read again for
// [MaxAge] before at, and those that claim to have been read after it.
func (s *Set) Unverified(at time.Time) []Problem {
	var out []Problem
	for _, c := range s.catalogues {
		for _, e := range c.Entries {
			day, err := time.Parse(time.DateOnly, e.Verified)
			switch age := at.Sub(day); {
			case err != nil || age < 0:
				out = append(out, Problem{Control: e.ID, Where: e.Where, What: fmt.Sprintf("%s was verified on %s, which is after %s", e.ID, e.Verified, at.UTC().Format(time.DateOnly))})
			case age > MaxAge && e.InForce():
				out = append(out, Problem{Control: e.ID, Where: e.Where, What: fmt.Sprintf("%s was last verified on %s, %d days ago: read %s again", e.ID, e.Verified, int(age.Hours()/24), e.Source)})
			}
		}
	}
	return out
}
