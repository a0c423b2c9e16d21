// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/modelvet/modelvet"
)

// view is what every format shows: the decision, sorted for reading.
type view struct {
	modelvet.Decision
	speech
	Stamp      string // one word for the cover
	Tone       string
	Sentence   string // why, in one sentence
	Title      string
	Blocking   []modelvet.Result // block, and neither met nor waived nor not applicable: failures first
	Warnings   []modelvet.Result // the same for rules that only warn
	Waived     []modelvet.Result
	Holding    []modelvet.Result // met or not applicable
	Counts     map[string]int    // word to number of rules
	Causes     []string          // reasons that no rule of Blocking tells
	Frameworks []framework
	Needs      []need
	Gaps       []gap
	Conditions []string
	Next       string

	evidenceAt map[string]int    // digest of evidence to its place: E-01 ...
	scanOf     map[string]string // digest of evidence to the scan that it is
	numbered   map[string]int    // rule id to its place in Results: R-01 ...
	bounds     map[string]threshold
}

// framework is the roll-up of one catalogue.
type framework struct {
	ID, Name, Version string
	Controls          []modelvet.ControlResult
	Counts            map[string]int
}

// need is one demand for approvals and how far it is met.
type need struct {
	Role       string
	Want, Have int
}

// gap is something that a scanner did not look at.
type gap struct {
	Scanner string
	modelvet.Gap
}

// newView sorts a decision for reading, and refuses one that contradicts itself.
func newView(d modelvet.Decision) (view, error) { return newViewIn(d, newSpeech("")) }

// newViewIn is the same in a language.
func newViewIn(d modelvet.Decision, in speech) (view, error) {
	if err := consistent(d); err != nil {
		return view{}, err
	}
	v := view{Decision: d, speech: in, Title: in.title(d), Counts: map[string]int{}}
	v.number()
	v.bounds = bounds(d)
	v.sortResults()
	v.Frameworks = rollUp(d)
	v.Needs = needs(d)
	v.Gaps = gaps(d.Scans)
	v.Causes = v.causes()
	v.Conditions = v.conditions()
	v.stamp()
	v.Next = v.next()
	return v, nil
}

// consistent keeps an edited decision from being rendered as one that opens
// the gate.
func consistent(d modelvet.Decision) error {
	if d.Schema != "" && d.Schema != modelvet.DecisionSchema {
		return fmt.Errorf("reading the decision: schema %q; this version of modelvet knows %q: render it with modelvet %s, which made it", d.Schema, modelvet.DecisionSchema, or(d.Engine.Modelvet, "of its version"))
	}
	if d.Outcome != modelvet.Allowed && d.Outcome != modelvet.Pending {
		return nil
	}
	if len(d.Results) == 0 {
		return fmt.Errorf("reading the decision: outcome %q, but no rule answered: it was not made by the gate; judge again", d.Outcome)
	}
	for _, r := range d.Results {
		if blocks(r) || r.Outcome == modelvet.Waived && !forgiven(r, d.Waivers) {
			return fmt.Errorf("reading the decision: outcome %q, but rule %s is %q: the decision was edited; judge again", d.Outcome, r.ID, r.Outcome)
		}
	}
	return nil
}

func blocks(r modelvet.Result) bool { return r.Level != modelvet.Warn && open(r) }

// open says that a rule neither holds nor is forgiven.
func open(r modelvet.Result) bool {
	switch r.Outcome {
	case modelvet.Pass, modelvet.NotApplicable, modelvet.Waived:
		return false
	}
	return true
}

func forgiven(r modelvet.Result, waivers []modelvet.Waiver) bool {
	return slices.ContainsFunc(waivers, func(w modelvet.Waiver) bool {
		return w.Valid && w.Rule == r.ID && w.ID == r.Waiver
	})
}

func (v speech) title(d modelvet.Decision) string {
	switch {
	case d.System != nil && d.System.Name != "":
		return strings.TrimSpace(d.System.Name + " " + d.System.Version)
	case d.Subject.Name != "":
		return d.Subject.Name
	}
	return v.t("unnamed model")
}

func (v *view) sortResults() {
	for _, r := range v.Results {
		v.Counts[outcomeWord(r.Outcome)]++
		switch {
		case blocks(r):
			v.Blocking = append(v.Blocking, r)
		case open(r):
			v.Warnings = append(v.Warnings, r)
		case r.Outcome == modelvet.Waived:
			v.Waived = append(v.Waived, r)
		default:
			v.Holding = append(v.Holding, r)
		}
	}
	worst := func(a, b modelvet.Result) int {
		return cmp.Or(cmp.Compare(severity(a), severity(b)), strings.Compare(a.ID, b.ID))
	}
	for _, list := range [][]modelvet.Result{v.Blocking, v.Warnings, v.Waived, v.Holding} {
		slices.SortStableFunc(list, worst)
	}
}

func severity(r modelvet.Result) int { return slices.Index(wordOrder, outcomeWord(r.Outcome)) }

// open results, blocking ones first: what findings are written about.
func (v view) findings() []modelvet.Result {
	return slices.Concat(v.Blocking, v.Warnings, v.Waived)
}

func rollUp(d modelvet.Decision) []framework {
	byID := map[string]*framework{}
	for _, c := range d.Controls {
		f := byID[c.Framework]
		if f == nil {
			f = &framework{ID: c.Framework, Name: frameworkName(c.Framework), Version: d.Policy.Catalogues[c.Framework], Counts: map[string]int{}}
			byID[c.Framework] = f
		}
		f.Controls = append(f.Controls, c)
		f.Counts[stateWord(c.State)]++
	}
	var out []framework
	for _, id := range sortedKeys(byID) {
		out = append(out, *byID[id])
	}
	return out
}

// needs counts as the decision does: a person counts once, for one role.
func needs(d modelvet.Decision) []need {
	used := map[string]bool{}
	var out []need
	for _, q := range d.Required {
		n := need{Role: q.Role, Want: max(q.Count, 1)}
		for _, a := range d.Approvals {
			if a.Valid && a.Role == q.Role && !used[a.Signer.ID()] {
				used[a.Signer.ID()] = true
				n.Have++
			}
		}
		out = append(out, n)
	}
	return out
}

func gaps(scans []modelvet.Scan) []gap {
	var out []gap
	for _, s := range scans {
		for _, g := range s.Coverage.Skipped {
			out = append(out, gap{Scanner: s.Scanner, Gap: g})
		}
	}
	return out
}

// causes are the reasons beside those that the results tell in full.
func (v view) causes() []string {
	rules := map[string]bool{}
	for _, r := range v.Blocking {
		rules[r.ID] = true
	}
	var out []string
	for _, reason := range v.Reasons {
		id, _, _ := strings.Cut(reason, ": ")
		told := rules[strings.TrimSuffix(id, " cannot be verified")] || slices.ContainsFunc(v.Blocking, func(r modelvet.Result) bool {
			return strings.HasPrefix(reason, r.ID+": ") || strings.HasPrefix(reason, r.ID+" cannot be verified: ")
		})
		if !told {
			out = append(out, reason)
		}
	}
	return out
}

// conditions are what an allowed release hangs on.
func (v view) conditions() []string {
	var out []string
	for _, r := range v.Waived {
		for _, w := range v.Decision.Waivers {
			if w.ID == r.Waiver && w.Rule == r.ID {
				out = append(out, v.t("%s is waived by %s until %s: %s", r.ID, w.ID, v.date(w.Expires), w.Reason))
			}
		}
	}
	return out
}

// idleWaivers are the waivers that forgive nothing here, and why.
func (v view) idleWaivers() []string {
	var out []string
	for _, w := range v.Decision.Waivers {
		used := slices.ContainsFunc(v.Waived, func(r modelvet.Result) bool { return r.Waiver == w.ID && r.ID == w.Rule })
		switch {
		case !w.Valid:
			out = append(out, v.t("waiver %s of %s does not count: %s", w.ID, w.Rule, or(w.Reject, v.t("no reason given"))))
		case !used:
			out = append(out, v.t("waiver %s of %s is in force until %s and was not needed", w.ID, w.Rule, v.date(w.Expires)))
		}
	}
	return out
}

// stamp follows the outcome; whatever it does not know is BLOCKED.
func (v *view) stamp() {
	failed := slices.ContainsFunc(v.Blocking, func(r modelvet.Result) bool { return r.Outcome == modelvet.Fail })
	switch {
	case v.Outcome == modelvet.Allowed && len(v.Waived) > 0:
		v.Stamp, v.Tone = "ALLOW WITH CONDITIONS", warn
	case v.Outcome == modelvet.Allowed:
		v.Stamp, v.Tone = "ALLOW", good
	case v.Outcome == modelvet.Pending:
		v.Stamp, v.Tone = "PENDING", warn
	case v.Outcome == modelvet.Denied && !failed && len(v.Blocking) > 0 && len(v.Causes) == 0:
		v.Stamp, v.Tone = "CANNOT DECIDE", bad
	default:
		v.Stamp, v.Tone = "BLOCKED", bad
	}
	v.Sentence = v.sentence()
}

func (v view) sentence() string {
	switch v.Stamp {
	case "ALLOW":
		return v.t("Every blocking rule holds and every required approval is there.")
	case "ALLOW WITH CONDITIONS":
		return v.t("The gate is open; waived rules: %d.", len(v.Waived))
	case "PENDING":
		return v.t("Every blocking rule holds; only a person's act is missing.")
	}
	n := map[string]int{}
	for _, r := range v.Blocking {
		n[outcomeWord(r.Outcome)]++
	}
	switch {
	case len(v.Blocking) > 0:
		return v.t("The gate is closed. Blocking rules: %s.", v.counts(n))
	case len(v.Causes) > 0:
		return v.t("The gate is closed. Reasons beside the rules: %d.", len(v.Causes))
	}
	return v.t("The gate is closed: the outcome %q opens nothing.", string(v.Outcome))
}

func (v view) next() string {
	switch {
	case v.Outcome == modelvet.Allowed:
		return v.t("Promote the artifact by its digest; this decision stands until %s.", v.until())
	case v.Outcome == modelvet.Pending:
		return v.t("Ask for the missing approvals (modelvet approve), then judge again.")
	case v.Stamp == "CANNOT DECIDE":
		return v.t("Supply the missing evidence, have it signed by a trusted identity, then judge again.")
	}
	return v.t("Mend what is NOT MET as said above, run modelvet gate again; or ask the governance team for a waiver where the policy permits one.")
}

func (v view) until() string {
	if v.Expires.IsZero() {
		return v.t("its evidence or policy changes")
	}
	return v.moment(v.Expires)
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
