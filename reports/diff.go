// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/modelvet/modelvet"
)

// Diff tells in words what changed from one decision to another: the verdict
// and what it is about, every rule and control that flipped, every number
// whose interval left that of before. It fails when one of them contradicts itself.
func Diff(w io.Writer, before, after modelvet.Decision) error {
	a, err := newView(before)
	if err != nil {
		return fmt.Errorf("comparing, the first decision: %w", err)
	}
	b, err := newView(after)
	if err != nil {
		return fmt.Errorf("comparing, the second decision: %w", err)
	}
	p := &printer{}
	fmt.Fprintf(p, "%s -> %s\n", a.Stamp, b.Stamp)
	for _, f := range []struct{ name, from, to string }{
		{"Model", a.Title, b.Title}, {"Stage", a.Stage, b.Stage}, {"Artifact", a.Subject.Digest, b.Subject.Digest}, {"Evidence", a.EvidenceRoot, b.EvidenceRoot},
		{"Policy", a.Policy.Digest, b.Policy.Digest}, {"Rules", a.Policy.Rules, b.Policy.Rules}, {"Decided", speech{}.moment(a.At), speech{}.moment(b.At)},
	} {
		if f.from == f.to {
			fmt.Fprintf(p, "%-9s same: %s\n", f.name, visible(or(f.to, "none")))
		} else {
			fmt.Fprintf(p, "%-9s %s -> %s\n", f.name, visible(or(f.from, "none")), visible(or(f.to, "none")))
		}
	}
	p.flips("Rules", ruleStates(a), ruleStates(b))
	p.flips("Controls", controlStates(a), controlStates(b))
	p.list("Objections that are new", missingFrom(allTold(a), allTold(b)))
	p.list("Objections that are gone", missingFrom(allTold(b), allTold(a)))
	p.list("Numbers that moved beyond their interval", moved(a, b))
	_, err = w.Write(p.Bytes())
	return err
}

// flips are the states that differ; what is only on one side is told too.
func (p *printer) flips(heading string, before, after map[string]string) {
	var out []string
	for _, id := range sortedKeys(before) {
		if to, ok := after[id]; !ok {
			out = append(out, fmt.Sprintf("%s: %s -> not asked", id, before[id]))
		} else if to != before[id] {
			out = append(out, fmt.Sprintf("%s: %s -> %s", id, before[id], to))
		}
	}
	for _, id := range sortedKeys(after) {
		if _, ok := before[id]; !ok {
			out = append(out, fmt.Sprintf("%s: not asked -> %s", id, after[id]))
		}
	}
	if len(out) == 0 {
		fmt.Fprintf(p, "\n%s: no change in %d\n", heading, len(after))
		return
	}
	p.list(fmt.Sprintf("%s: %d of %d changed", heading, len(out), len(after)), out)
}

func ruleStates(v view) map[string]string {
	out := map[string]string{}
	for _, r := range v.Results {
		out[r.ID] = outcomeWord(r.Outcome)
	}
	return out
}

func controlStates(v view) map[string]string {
	out := map[string]string{}
	for _, c := range v.Controls {
		out[frameworkName(c.Framework)+" "+or(c.Ref, c.ID)] = stateWord(c.State)
	}
	return out
}

func allTold(v view) []string {
	var out []string
	for _, r := range v.findings() {
		for _, o := range told(r) {
			out = append(out, r.ID+": "+o)
		}
	}
	return append(out, v.Causes...)
}

// missingFrom are the texts of b that a does not hold.
func missingFrom(a, b []string) []string {
	had := map[string]bool{}
	for _, s := range a {
		had[s] = true
	}
	var out []string
	for _, s := range b {
		if !had[s] {
			out = append(out, s)
		}
	}
	return out
}

// moved are the measurements of b that lie outside a's interval, or that have
// another value where a gave none.
func moved(a, b view) []string {
	had := map[string]modelvet.Measurement{}
	name := func(m modelvet.Measurement) string { return strings.TrimSpace(m.Metric + " " + slice(m.Slice)) }
	for _, s := range a.Scans {
		for _, m := range s.Measurements {
			had[name(m)] = m
		}
	}
	var out []string
	for _, s := range b.Scans {
		for _, m := range s.Measurements {
			old, ok := had[name(m)]
			if !ok {
				continue
			}
			low, high := old.Value, old.Value
			if old.Low != nil && old.High != nil {
				low, high = *old.Low, *old.High
			}
			if !(m.Value >= low-1e-12 && m.Value <= high+1e-12) || math.IsNaN(m.Value) {
				out = append(out, strings.TrimSpace(fmt.Sprintf("%s: %s %s -> %s %s", name(m), number(old.Value), interval(old), number(m.Value), interval(m))))
			}
		}
	}
	return out
}
