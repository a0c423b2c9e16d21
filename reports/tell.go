// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"fmt"
	"strings"

	"github.com/modelvet/modelvet"
)

// This file holds the sentences that the long reports share.

var toneSigns = map[string]string{good: "✓", warn: "!", bad: "✕", neutral: "–"}

func sign(word string) string {
	if word == cannotVerify {
		return "?"
	}
	return toneSigns[tone(word)]
}

func pvalue(p *float64) string {
	switch {
	case p == nil:
		return ""
	case *p >= 0 && *p < 0.001:
		return "< 0.001"
	}
	return number(*p)
}

func (v speech) level(l modelvet.Level) string { return v.t(levelWord(l)) }

func levelWord(l modelvet.Level) string {
	if l == modelvet.Warn {
		return "warns"
	}
	return "blocks"
}

// kind is the last words of a predicate type: "scan/v1".
func kind(predicateType string) string {
	parts := strings.Split(strings.TrimRight(predicateType, "/"), "/")
	if len(parts) >= 2 && len(parts[len(parts)-2]) > 0 && !strings.Contains(parts[len(parts)-2], ".") {
		return strings.Join(parts[len(parts)-2:], "/")
	}
	return or(predicateType, "not named")
}

func (v speech) signer(s modelvet.Signer) string {
	id := s.ID()
	if strings.HasPrefix(id, "key:") && len(id) > 16 {
		id = id[:16] + "…"
	}
	word := or(strings.TrimSpace(s.Name+" "+id), v.t("nobody"))
	if s.Issuer != "" {
		word = v.t("%s by %s", word, s.Issuer)
	}
	if s.Development {
		word += " (" + v.t("development key") + ")"
	}
	return word
}

func (v speech) place(f modelvet.Finding) string {
	switch {
	case f.Line > 0:
		return fmt.Sprintf(":%d", f.Line)
	case f.Offset != nil:
		return " " + v.t("at byte %d", *f.Offset)
	}
	return ""
}

// cause says what the machine knows of a cause, and no more.
func (v speech) cause(r modelvet.Result) string {
	switch {
	case r.Outcome == modelvet.Fail || r.Outcome == modelvet.Waived:
		return v.t("Not determined by the gate; for the owner of the model to state.")
	case r.Reason != "":
		return v.t("Evidence that the rule needs is missing, stale or not to be believed.")
	}
	return v.t("The rule did not come to an outcome.")
}

func (v speech) effect(r modelvet.Result) string {
	switch {
	case r.Outcome == modelvet.Waived:
		return v.t("Forgiven by waiver %s until it ends.", visible(or(r.Waiver, "(not named)")))
	case r.Level == modelvet.Warn:
		return v.t("Told; it does not close the gate.")
	}
	return v.t("Closes the gate for this stage.")
}

// told are the words of one result: never none.
func (v speech) told(r modelvet.Result) []string {
	if len(r.Objections) == 0 && r.Reason == "" {
		return []string{v.t("the rule gave no reason")}
	}
	return told(r)
}

// point is one row of a series' table.
type point struct{ X, Y string }

const maxPoints = 40

// points are the rows of a series' table; more than maxPoints are counted.
func (v speech) points(s *modelvet.Series) []point {
	var out []point
	for i, y := range s.Y {
		if i == maxPoints {
			return append(out, point{v.t("more points"), v.t("%d in %s", len(s.Y)-i, recordName)})
		}
		x := fmt.Sprint(i + 1)
		if i < len(s.Labels) {
			x = visible(s.Labels[i])
		} else if i < len(s.X) {
			x = number(s.X[i])
		}
		out = append(out, point{x, number(y)})
	}
	return out
}

// tile is one big number of the summary.
type tile struct{ Number, What, Tone string }

// Tiles are the four numbers that a board reads.
func (v view) Tiles() []tile {
	controls, held, verified := 0, 0, 0
	for _, f := range v.Frameworks {
		controls += len(f.Controls)
		held += f.Counts[supported] + f.Counts[attested]
	}
	for _, e := range v.Evidence {
		if e.Status == modelvet.Verified {
			verified++
		}
	}
	color := func(ok bool, otherwise string) string {
		if ok {
			return good
		}
		return otherwise
	}
	return []tile{
		{fmt.Sprint(len(v.Blocking)), v.t("blocking rules that do not hold"), color(len(v.Blocking) == 0, bad)},
		{fmt.Sprintf("%d / %d", v.Counts[met], len(v.Results)), v.t("rules met"), color(len(v.Blocking) == 0 && v.Counts[met] > 0, neutral)},
		{fmt.Sprintf("%d / %d", held, controls), v.t("controls that evidence supports"), neutral},
		{fmt.Sprintf("%d / %d", verified, len(v.Evidence)), v.t("statements verified"), color(verified == len(v.Evidence) && verified > 0, warn)},
	}
}

// Until is the end of the decision in words.
func (v view) Until() string { return v.until() }

// Limits says what this report does not say.
func (v view) Limits() []string {
	out := []string{
		v.t("This is an automated assessment. It expresses no assurance conclusion and is neither a certificate nor a declaration of conformity."),
		v.t("MET means that verified evidence supports the rule; a rule answers a part of what a control demands."),
		v.t("What the provider declares (purpose, risk class, owners) is repeated and marked as declared; only measurements were computed by modelvet."),
		v.t("An interval says how far chance may move a number in data like these; it says nothing about data that differ."),
		v.t("The cause of a finding is not determined by a machine."),
	}
	if s := v.BoundsKnown(); s != "" {
		out = append(out, s)
	}
	if len(v.Scans) == 0 {
		out = append(out, v.t("No scan was attached: nothing about the model was measured."))
	}
	if n := len(v.Unassessed()); n > 0 {
		out = append(out, v.t("Controls that no rule assessed: %d.", n))
	}
	if n := len(v.Gaps); n > 0 {
		out = append(out, v.t("Things that scanners did not look at: %d, listed below.", n))
	}
	return out
}

// Unassessed are the controls about which nothing that ran says anything.
func (v view) Unassessed() []string {
	var out []string
	for _, f := range v.Frameworks {
		for _, c := range f.Controls {
			if stateWord(c.State) == notAssessed {
				out = append(out, fmt.Sprintf("%s, %s: %s", f.Name, or(c.Ref, c.ID), c.Title))
			}
		}
	}
	return out
}

// fact is one line about the system.
type fact struct{ Name, Value string }

// SystemFacts are what the provider declares; empty values are left out.
func (v view) SystemFacts() []fact {
	s := v.System
	if s == nil {
		return nil
	}
	all := []fact{
		{v.t("Name"), strings.TrimSpace(s.Name + " " + s.Version)}, {v.t("Intended purpose"), s.Purpose},
		{v.t("Provider"), party(s.Provider)}, {v.t("Role"), s.Role}, {v.t("Risk class"), strings.TrimSpace(s.RiskClass + " " + s.AnnexIII)},
		{v.t("Licence"), s.Licence}, {v.t("Model"), join(s.Model.Architecture, s.Model.Format, s.Model.Task)}, {v.t("Tables"), v.tables(s.Tables)},
		{v.t("Documents"), documents(s.Documents)},
	}
	if s.Oversight != nil {
		all = append(all, fact{v.t("Human oversight"), join(s.Oversight.Owner, strings.Join(s.Oversight.Measures, " "))})
	}
	if s.Monitoring != nil {
		all = append(all, fact{v.t("Monitoring"), join(s.Monitoring.Owner, strings.Join(s.Monitoring.Metrics, ", "), v.t("logs kept for %d days", s.Monitoring.LogRetentionDays))})
	}
	for _, m := range sortedKeys(s.Performance) {
		all = append(all, fact{v.t("Declared %s", m), number(s.Performance[m])})
	}
	var out []fact
	for _, f := range all {
		if f.Value != "" {
			out = append(out, f)
		}
	}
	return out
}

func join(words ...string) string {
	var out []string
	for _, w := range words {
		if w != "" {
			out = append(out, w)
		}
	}
	return strings.Join(out, "; ")
}

func party(p modelvet.Party) string { return join(p.Name, p.Contact, p.Country) }

func (v speech) tables(list []modelvet.Table) string {
	var out []string
	for _, t := range list {
		word := fmt.Sprintf("%s (%s)", t.Name, t.Path)
		if len(t.Protected) > 0 {
			word += ", " + v.t("protected: %s", strings.Join(t.Protected, ", "))
		}
		out = append(out, word)
	}
	return strings.Join(out, "; ")
}

func documents(list []modelvet.Document) string {
	var out []string
	for _, d := range list {
		out = append(out, fmt.Sprintf("%s (%s)", d.Kind, d.Path))
	}
	return strings.Join(out, "; ")
}

// counts tells how often each word occurs, in the report's language.
func (v speech) counts(n map[string]int) string {
	var out []string
	for _, w := range wordOrder {
		if n[w] > 0 {
			out = append(out, fmt.Sprintf("%d %s", n[w], v.t(w)))
		}
	}
	if len(out) == 0 {
		return v.t("none")
	}
	return strings.Join(out, ", ")
}
