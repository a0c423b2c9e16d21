// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/modelvet/modelvet"
)

// This file is the matrix of controls: for each framework what the evidence
// says of each control, by which rules, from whose statements, how old, and
// what is left open. Controls that do not bind, and those that nothing
// assessed, are listed in short.

// Control states that get a row of their own; the others are listed.
func rowOfItsOwn(word string) bool { return word != notAssessed && word != notApplies }

// Rows are the controls of a framework that something was found out about.
func (f framework) Rows() []modelvet.ControlResult {
	return slices.DeleteFunc(slices.Clone(f.Controls), func(c modelvet.ControlResult) bool { return !rowOfItsOwn(stateWord(c.State)) })
}

// short list of controls that share a state and a reason.
type controlList struct {
	State, Why string
	Controls   []modelvet.ControlResult
}

// Lists are the other controls: first those that do not bind, by reason, then
// those that nothing assessed, by who could say.
func (v view) Lists(f framework) []controlList {
	byWhy := map[[2]string][]modelvet.ControlResult{}
	for _, c := range f.Controls {
		switch word := stateWord(c.State); word {
		case notApplies:
			key := [2]string{word, or(c.Reason, v.t("no reason given"))}
			byWhy[key] = append(byWhy[key], c)
		case notAssessed:
			key := [2]string{word, v.nobody(c)}
			byWhy[key] = append(byWhy[key], c)
		}
	}
	var out []controlList
	for key, list := range byWhy {
		out = append(out, controlList{key[0], key[1], list})
	}
	slices.SortFunc(out, func(a, b controlList) int {
		return cmp.Or(-strings.Compare(a.State, b.State), cmp.Compare(len(b.Controls), len(a.Controls)), strings.Compare(a.Why, b.Why))
	})
	return out
}

// ListTitle says what a list holds.
func (v view) ListTitle(l controlList) string {
	if l.State == notApplies {
		return v.t("Not applicable, %d: %s", len(l.Controls), l.Why)
	}
	return v.t("Not assessed, %d; for %s", len(l.Controls), l.Why)
}

// Names are the controls of a list in one text.
func (v view) Names(l controlList, later string) string {
	var out []string
	for _, c := range l.Controls {
		out = append(out, strings.TrimSpace(or(c.Ref, c.ID)+v.From(c, later)+" "+c.Title))
	}
	return strings.Join(out, " · ")
}

// Later is the day from which most controls of a framework apply that do not
// apply yet: it is said once, and marked with a dagger. Empty: they all do.
func (v view) Later(f framework) string {
	n := map[string]int{}
	best := ""
	for _, c := range f.Controls {
		if c.From > v.today() {
			n[c.From]++
			if n[c.From] > n[best] || n[c.From] == n[best] && c.From < best {
				best = c.From
			}
		}
	}
	return best
}

func (v view) today() string {
	if v.At.IsZero() {
		return ""
	}
	return v.At.UTC().Format(time.DateOnly)
}

// From marks a control that does not apply yet.
func (v view) From(c modelvet.ControlResult, later string) string {
	switch {
	case c.From == "" || c.From <= v.today():
		return ""
	case c.From == later:
		return " †"
	}
	return " (" + v.t("from %s", c.From) + ")"
}

// method names the rules by their numbers.
func (v view) method(c modelvet.ControlResult) string {
	var at []int
	var out []string
	for _, id := range c.Rules {
		if i, ok := v.numbered[id]; ok {
			at = append(at, i)
		} else {
			out = append(out, id+" ("+v.t("did not run")+")")
		}
	}
	slices.Sort(at)
	if len(at) > 0 {
		out = append([]string{ranges("R", slices.Compact(at))}, out...)
	}
	return or(joined(out), v.t("none"))
}

// signers says whose statements a control rests on and how old the oldest is.
func (v view) signers(digests []string) string {
	names, who := v.signersOf(digests)
	return join(names, who)
}

// signersOf are the same, the names of the statements apart.
func (v view) signersOf(digests []string) (names, whoAndAge string) {
	var at []int
	var who []string
	oldest := time.Time{}
	for i, e := range v.Evidence {
		if !slices.Contains(digests, e.Digest) {
			continue
		}
		at = append(at, i)
		if s := or(e.Signer.Name, v.signer(e.Signer)); !slices.Contains(who, s) {
			who = append(who, s)
		}
		if !e.SignedAt.IsZero() && (oldest.IsZero() || e.SignedAt.Before(oldest)) {
			oldest = e.SignedAt
		}
	}
	if len(at) == 0 {
		return "", v.t("none")
	}
	return ranges("E", at), joined(who) + "; " + v.age(oldest)
}

func (v view) age(at time.Time) string {
	if at.IsZero() || v.At.IsZero() {
		return v.t("not dated")
	}
	return v.t("%d days", int(v.At.Sub(at).Hours()/24))
}

// gap says what a control's state leaves open.
func (v view) gap(c modelvet.ControlResult) string {
	byWord := map[string][]int{}
	for _, id := range c.Rules {
		if i, ok := v.numbered[id]; ok && (open(v.Results[i]) || v.Results[i].Outcome == modelvet.Waived) {
			word := outcomeWord(v.Results[i].Outcome)
			byWord[word] = append(byWord[word], i)
		}
	}
	var out []string
	for _, word := range wordOrder {
		if list := byWord[word]; len(list) > 0 {
			slices.Sort(list)
			out = append(out, ranges("R", slices.Compact(list))+": "+v.t(word))
		}
	}
	if stateWord(c.State) == attested && c.Reason != "" {
		out = append(out, c.Reason)
	}
	switch c.Automatable {
	case "partial":
		out = append(out, v.t("rules answer a part"))
	case "none":
		out = append(out, v.t("for people to assess"))
	}
	return or(strings.Join(out, "; "), v.t("none known"))
}

func (v view) nobody(c modelvet.ControlResult) string {
	word := v.t("a rule, once it is written")
	switch c.Automatable {
	case "partial":
		word = v.t("a rule in part, people for the rest")
	case "none":
		word = v.t("people, with a signed document")
	}
	if c.Scope == "organisation" {
		word += "; " + v.t("of the organisation")
	}
	return word
}

// called are the short names of evidence.
func (v view) called(digests []string) string {
	var at []int
	var out []string
	for _, d := range digests {
		if i, ok := v.evidenceAt[d]; ok {
			at = append(at, i)
		} else {
			out = append(out, short(d))
		}
	}
	slices.Sort(at)
	if len(at) > 0 {
		out = append([]string{ranges("E", slices.Compact(at))}, out...)
	}
	return joined(out)
}

// number gives rules and evidence the short names by which tables call them.
func (v *view) number() {
	v.evidenceAt, v.numbered = map[string]int{}, map[string]int{}
	for i, e := range v.Evidence {
		v.evidenceAt[e.Digest] = i
	}
	for i, r := range v.Results {
		v.numbered[r.ID] = i
	}
	v.nameScans()
}

// kindOf names a piece of evidence: of a scan, which one, as far as the rules
// that were answered from it agree: a rule that needs one scan and rests on
// one names it.
func (v view) kindOf(e modelvet.Evidence) string {
	if name := v.scanOf[e.Digest]; name != "" && e.PredicateType == modelvet.PredicateScan {
		return name
	}
	return kind(e.PredicateType)
}

func (v *view) nameScans() {
	v.scanOf = map[string]string{}
	disputed := map[string]bool{}
	for _, r := range v.Results {
		var needs, scans []string
		for _, n := range r.Needs {
			if strings.HasPrefix(n, "scan/") {
				needs = append(needs, n)
			}
		}
		for _, d := range r.Evidence {
			if i, ok := v.evidenceAt[d]; ok && v.Evidence[i].PredicateType == modelvet.PredicateScan {
				scans = append(scans, d)
			}
		}
		if len(needs) != 1 || len(scans) != 1 {
			continue
		}
		if old := v.scanOf[scans[0]]; old != "" && old != needs[0] {
			disputed[scans[0]] = true
		}
		v.scanOf[scans[0]] = needs[0]
	}
	for d := range disputed {
		delete(v.scanOf, d)
	}
}

func ruleNumber(i int) string { return fmt.Sprintf("R-%02d", i+1) }

// controls is the chapter of the PDF.
func (b *book) controls() {
	b.heading(1, b.t("Controls"))
	if len(b.Frameworks) == 0 {
		b.para(b.t("The decision names no control."))
	}
	for _, f := range b.Frameworks {
		b.heading(2, strings.TrimSpace(f.Name+" "+f.Version))
		about := b.t("%d controls: %s.", len(f.Controls), strings.ToLower(b.counts(f.Counts)))
		later := b.Later(f)
		if later != "" {
			about += " " + b.t("† applies from %s.", later)
		}
		b.para(about)
		var rows [][]cell
		for _, c := range f.Rows() {
			rows = append(rows, []cell{{Text: or(c.Ref, c.ID) + b.From(c, later), Face: bold}, {Text: c.Title}, {Badge: stateWord(c.State)}, {Text: b.method(c)}, {Text: b.signers(c.Evidence)}, {Text: b.gap(c)}})
		}
		b.table(grid{Tight: true, Widths: []float64{2.4, 4.2, 3.5, 2.5, 3.2, 3.2}, Head: b.columns("Control", "Requirement", "State", "Rules", "Evidence, signer, age", "Gap"), Rows: rows})
		for _, l := range b.Lists(f) {
			b.small(b.ListTitle(l), b.Names(l, later))
		}
	}
}
