// SPDX-License-Identifier: Apache-2.0

// Package fairness measures how a model's decisions differ between groups of
// people, from a table of predictions: every number with its interval, for
// each protected attribute and each pair of attributes.
//
// Selection and demographic parity are about the favourable value of the
// prediction; the rates of the confusion matrix (true_positive_rate and so on)
// and accuracy are about the positive value, as everywhere in machine learning;
// equal opportunity is about those whose label is favourable. Unless the table
// says that another value is favourable, the two are the same.
//
// It must never judge: a number is neither fair nor unfair here. Nor may it
// leave rows out in silence, or measure a group that it does not name.
package fairness

import (
	"context"
	"fmt"
	"slices"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/dataset"
)

const (
	name    = "fairness"
	version = "1"
	// Missing is the group of the rows whose protected attribute is empty.
	Missing = "(missing)"
	// MinGroup is the number of rows below which a group is called small, unless
	// the scanner is told another.
	MinGroup = 30
)

// Scanner measures fairness. The zero value is ready.
type Scanner struct {
	MinGroup int // groups with fewer rows are reported as small; 0: [MinGroup]
}

// Name is the scanner's name in evidence.
func (Scanner) Name() string { return name }

// Scan measures the table of kind "predictions" of the system. Without such a
// table, or without protected attributes, it says so in its coverage and
// measures nothing. A table that cannot be read, a missing column, an empty
// prediction and a positive value that never occurs are errors.
func (s Scanner) Scan(ctx context.Context, m modelvet.Model) (modelvet.Scan, error) {
	scan := modelvet.Scan{Scanner: name, Version: version,
		Coverage: modelvet.Coverage{Read: []string{}, Skipped: []modelvet.Gap{}},
		Findings: []modelvet.Finding{}, Measurements: []modelvet.Measurement{}}
	t, ok := m.System.Table("predictions")
	if gap := unmeasurable(t, ok, m.System.Model.Task); gap != "" {
		path := t.Path
		if !ok {
			path = "predictions"
		}
		scan.Coverage.Skipped = append(scan.Coverage.Skipped, modelvet.Gap{Path: path, Reason: gap})
		return scan, nil
	}
	tab, err := dataset.Open(ctx, m.Dir, t, dataset.Lean(columns(t)...))
	if err != nil {
		return modelvet.Scan{}, fmt.Errorf("scanning %s: %w", name, err)
	}
	defer tab.Close()
	if err := s.measure(ctx, tab, t, m.System.Model.Task, &scan); err != nil {
		return modelvet.Scan{}, fmt.Errorf("scanning %s: %s: %w", name, t.Path, err)
	}
	scan.Coverage.Read = tab.Files()
	if err := proxies(ctx, m, &scan); err != nil {
		return modelvet.Scan{}, fmt.Errorf("scanning %s: looking for proxies: %w", name, err)
	}
	slices.Sort(scan.Coverage.Read)
	scan.Coverage.Read = slices.Compact(scan.Coverage.Read)
	return scan, nil
}

// columns are those that are asked about.
func columns(t modelvet.Table) []string {
	out := append([]string{t.Label, t.Prediction, t.Score, t.Weight}, t.Protected...)
	if t.BiasAudit != nil {
		out = append(out, t.BiasAudit.Sex, t.BiasAudit.Race)
	}
	return out
}

// unmeasurable says why there is nothing to measure; empty: there is.
func unmeasurable(t modelvet.Table, ok bool, task string) string {
	switch {
	case !ok:
		return "the system names no table of kind predictions"
	case t.Prediction == "" && (t.BiasAudit == nil || t.Score == ""):
		return "the table of predictions names no prediction column"
	case len(t.Protected) == 0 && t.BiasAudit == nil:
		return "the table of predictions names no protected attribute"
	case task == "generation":
		return "a generator selects nobody"
	}
	return ""
}

func (s Scanner) measure(ctx context.Context, tab *dataset.Table, t modelvet.Table, task string, scan *modelvet.Scan) error {
	q := newQuestion(tab, t)
	if err := q.audit(ctx, scan); err != nil {
		return err
	}
	if t.Prediction == "" || len(t.Protected) == 0 {
		return nil // the audit was all there was to measure
	}
	r := &report{q: q, scan: scan, small: s.MinGroup}
	if r.small == 0 {
		r.small = MinGroup
	}
	if task == "regression" {
		err := r.regression(ctx)
		r.adjust()
		return err
	}
	facts, err := q.facts(ctx)
	if err != nil {
		return err
	}
	if err := q.check(facts, task); err != nil {
		return err
	}
	r.overall(q.groups(facts)[0])
	for _, at := range eachAndPairs(len(q.attributes)) {
		if err := r.slice(facts, at); err != nil {
			return err
		}
	}
	r.classes(facts)
	r.adjust()
	return nil
}

// slice measures an attribute or a pair of them.
func (r *report) slice(facts []fact, at []int) error {
	var names []string
	for _, i := range at {
		names = append(names, r.q.attributes[i])
	}
	groups := r.q.groups(facts, at...)
	switch {
	case len(groups) <= maxGroups:
		r.attribute(names, groups)
	case len(at) == 1:
		return fmt.Errorf("protected attribute %q has %d values, more than %d: put the values into groups first", names[0], len(groups), maxGroups)
	default:
		r.scan.Coverage.Skipped = append(r.scan.Coverage.Skipped, modelvet.Gap{Path: r.q.t.Path,
			Reason: fmt.Sprintf("%s has %d groups, more than %d", join(names), len(groups), maxGroups)})
	}
	return nil
}

// eachAndPairs lists the places of n attributes: each, then each pair.
func eachAndPairs(n int) [][]int {
	var out, pairs [][]int
	for i := range n {
		out = append(out, []int{i})
		for j := i + 1; j < n; j++ {
			pairs = append(pairs, []int{i, j})
		}
	}
	return append(out, pairs...)
}
