// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"slices"
	"strings"

	"github.com/modelvet/modelvet"
)

// Change is a rule that answers otherwise than it did. An outcome is empty
// where the rule was not asked.
type Change struct {
	Rule   string           `json:"rule"`
	Before modelvet.Outcome `json:"before"`
	After  modelvet.Outcome `json:"after"`
	Closes bool             `json:"closes"` // the gate was not closed by this rule, and is now
	Opens  bool             `json:"opens"`  // the other way round: worth a second look
}

// Diff compares the results of two judgements of one case, under two sets of
// rules or thresholds. Changes are sorted by rule; what stays the same is left out.
func Diff(before, after []modelvet.Result) []Change {
	old, now := byRule(before), byRule(after)
	var out []Change
	for id, a := range now {
		if b := old[id]; b.Outcome != a.Outcome || b.Level != a.Level {
			out = append(out, change(id, b, a))
		}
	}
	for id, b := range old {
		if _, still := now[id]; !still {
			out = append(out, change(id, b, modelvet.Result{}))
		}
	}
	slices.SortFunc(out, func(a, b Change) int { return strings.Compare(a.Rule, b.Rule) })
	return out
}

func byRule(results []modelvet.Result) map[string]modelvet.Result {
	out := map[string]modelvet.Result{}
	for _, r := range results {
		out[r.ID] = r
	}
	return out
}

func change(id string, b, a modelvet.Result) Change {
	return Change{Rule: id, Before: b.Outcome, After: a.Outcome, Closes: !closed(b) && closed(a), Opens: closed(b) && !closed(a)}
}

// closed reports whether a result closes the gate.
func closed(r modelvet.Result) bool {
	return r.Level == modelvet.Block && (r.Outcome == modelvet.Fail || r.Outcome == modelvet.Unknown)
}
