// SPDX-License-Identifier: Apache-2.0

// Package poisoning looks for signs that a training table was tampered with:
// labels that contradict those of equal or similar rows, and values, alone or
// in pairs, that decide the label although nothing around them explains it (the
// trigger of a backdoor).
//
// It must never call a table clean. Flips spread evenly over a noisy table look
// like noise, and nothing short of an older table tells them apart.
package poisoning

import (
	"context"
	"errors"
	"fmt"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/dataset"
)

const (
	name    = "poisoning"
	version = "1"
)

// minRows is what the statistics need to say anything.
const minRows = 50

// Scanner is the poisoning scanner. It keeps no state.
type Scanner struct{}

// Name is the scanner's name in evidence.
func (Scanner) Name() string { return name }

// Scan looks at the table of kind "training", and at "reference" as an older
// state of it. A model without a training table is told in the coverage, not as
// an error; a table that is named and cannot be read is an error.
func (Scanner) Scan(ctx context.Context, m modelvet.Model) (modelvet.Scan, error) {
	s := &scan{model: m, result: modelvet.Scan{
		Scanner: name, Version: version,
		Coverage:     modelvet.Coverage{Read: []string{}, Skipped: []modelvet.Gap{}},
		Findings:     []modelvet.Finding{},
		Measurements: []modelvet.Measurement{},
	}}
	if err := s.run(ctx); err != nil {
		return modelvet.Scan{}, fmt.Errorf("scanning for poisoning: %w", err)
	}
	return s.result, nil
}

// scan is the state of one run.
type scan struct {
	model  modelvet.Model
	result modelvet.Scan
}

func (s *scan) run(ctx context.Context) error {
	t, ok := s.model.System.Table("training")
	if !ok {
		s.skip("modelvet.yaml", "no table of kind training is named; add one to tables")
		return nil
	}
	if t.Label == "" {
		s.skip(t.Path, "the training table names no label column")
		return nil
	}
	f, err := s.load(ctx, t)
	if err != nil {
		return err
	}
	if !s.fit(f) {
		return nil
	}
	s.result.Coverage.Read = append(s.result.Coverage.Read, t.Path)
	n, err := f.neighbours(ctx)
	if err != nil {
		return err
	}
	if len(n.queries) < f.n {
		s.skip(t.Path, "labels were compared with those of neighbours for %d of %d rows, drawn at random: the table is large", len(n.queries), f.n)
	}
	s.duplicates(f, n)
	s.noise(f, n)
	if err := s.baseline(ctx, t, f, n); err != nil {
		return err
	}
	return s.triggers(ctx, f)
}

// fit says whether the statistics below mean anything for a table.
func (s *scan) fit(f *frame) bool {
	if f.unlabelled > 0 {
		s.find(modelvet.SeverityWarn, "label-missing", f.path, "%d of %d rows have no label; they were not looked at", f.unlabelled, f.unlabelled+f.n)
	}
	switch {
	case f.n < minRows:
		s.skip(f.path, "%d rows with a label; at least %d are needed to tell tampering from chance", f.n, minRows)
	case len(f.columns) == 0:
		s.skip(f.path, "no feature columns; name them in features")
	case len(f.classes) > maxClasses:
		s.skip(f.path, "column %s has more than %d different values: not a class, and only classes are looked at", f.label, maxClasses)
	case len(f.classes) == 1:
		s.skip(f.path, "every row has the label %q, so labels cannot contradict each other", f.classes[0])
		s.find(modelvet.SeverityWarn, "one-label", f.path, "every row has the label %q", f.classes[0])
	default:
		return true
	}
	return false
}

// open opens a table and makes sure that it is still the packed one.
func (s *scan) open(ctx context.Context, t modelvet.Table) (*dataset.Table, error) {
	tab, err := dataset.Open(ctx, s.model.Dir, t)
	if err != nil {
		return nil, err
	}
	for _, f := range s.model.Files {
		if f.Path == t.Path && f.Digest != "" && f.Digest != tab.Digest() {
			err := fmt.Errorf("%s changed while it was looked at: packed as %s, read as %s; run the gate again", t.Path, f.Digest, tab.Digest())
			return nil, errors.Join(err, tab.Close())
		}
	}
	return tab, nil
}

func (s *scan) skip(path, format string, args ...any) {
	s.result.Coverage.Skipped = append(s.result.Coverage.Skipped, modelvet.Gap{Path: path, Reason: fmt.Sprintf(format, args...)})
}

func (s *scan) find(severity, id, path, format string, args ...any) {
	s.result.Findings = append(s.result.Findings, modelvet.Finding{
		ID: "poisoning/" + id, Path: path, What: fmt.Sprintf(format, args...), Severity: severity,
	})
}

func (s *scan) measure(m modelvet.Measurement) {
	m.Metric = "poisoning/" + m.Metric
	s.result.Measurements = append(s.result.Measurements, m)
}
