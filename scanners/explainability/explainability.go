// SPDX-License-Identifier: Apache-2.0

// Package explainability checks supplied feature attributions (SHAP values)
// instead of believing them: that they add to the model's output, that equal
// rows have equal reasons, how much of them falls on protected attributes, and,
// for XGBoost models in JSON, that they are what exact TreeSHAP gives when it
// is computed again from the model file.
//
// It must never load a model through the library that made it, and never call
// an attribution good: it measures.
package explainability

import (
	"context"
	"errors"
	"fmt"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/dataset"
)

const (
	name    = "explainability"
	version = "1"
)

// tolerance of sums of attributions, relative to the output and at least
// absolute; shap's own tests of tree explainers use the same. Recomputed values
// may differ more, since tables are written with few digits.
const (
	additivityTolerance = 1e-4
	recomputeTolerance  = 1e-3
)

var errChanged = errors.New("a file changed while it was looked at")

// Scanner is the explainability scanner. It keeps no state.
type Scanner struct{}

// Name is the scanner's name in evidence.
func (Scanner) Name() string { return name }

// Scan checks the table of kind "attributions". A model without one is told in
// the coverage, not as an error; a table that is named and cannot be read is an
// error.
func (Scanner) Scan(ctx context.Context, m modelvet.Model) (modelvet.Scan, error) {
	s := &scan{model: m, result: modelvet.Scan{
		Scanner: name, Version: version,
		Coverage:     modelvet.Coverage{Read: []string{}, Skipped: []modelvet.Gap{}},
		Findings:     []modelvet.Finding{},
		Measurements: []modelvet.Measurement{},
	}}
	if err := s.run(ctx); err != nil {
		return modelvet.Scan{}, fmt.Errorf("scanning explainability: %w", err)
	}
	return s.result, nil
}

// scan is the state of one run.
type scan struct {
	model  modelvet.Model
	table  modelvet.Table // the attributions
	result modelvet.Scan
}

func (s *scan) run(ctx context.Context) error {
	t, ok := s.model.System.Table("attributions")
	if !ok {
		s.skip("modelvet.yaml", "no table of kind attributions is named; add one to tables")
		return nil
	}
	s.table = t
	reasons, err := s.attributions(ctx)
	if err != nil {
		return err
	}
	inputs, err := s.inputs(ctx, reasons)
	if err != nil {
		return err
	}
	s.wholeness(reasons)
	s.additivity(reasons)
	s.concentration(reasons)
	s.protected(reasons)
	if inputs != nil {
		s.equalRows(reasons, inputs)
		s.constants(reasons, inputs)
	}
	if err := s.recompute(ctx, reasons, inputs); err != nil {
		return err
	}
	return s.coverage(ctx, reasons)
}

// open opens a table and makes sure that it is still the packed one.
func (s *scan) open(ctx context.Context, t modelvet.Table) (*dataset.Table, error) {
	tab, err := dataset.Open(ctx, s.model.Dir, t)
	if err != nil {
		return nil, err
	}
	if err := s.unchanged(t.Path, tab.Digest()); err != nil {
		return nil, errors.Join(err, tab.Close())
	}
	return tab, nil
}

// unchanged compares what was read with what was packed.
func (s *scan) unchanged(path, digest string) error {
	for _, f := range s.model.Files {
		if f.Path == path && f.Digest != "" && f.Digest != digest {
			return fmt.Errorf("%w: %s was packed as %s and read as %s; run the gate again", errChanged, path, f.Digest, digest)
		}
	}
	return nil
}

func (s *scan) read(path string) { s.result.Coverage.Read = append(s.result.Coverage.Read, path) }

func (s *scan) skip(path, format string, args ...any) {
	s.result.Coverage.Skipped = append(s.result.Coverage.Skipped, modelvet.Gap{Path: path, Reason: fmt.Sprintf(format, args...)})
}

func (s *scan) find(severity, id, path, format string, args ...any) {
	s.result.Findings = append(s.result.Findings, modelvet.Finding{
		ID: "explainability/" + id, Path: path, What: fmt.Sprintf(format, args...), Severity: severity,
	})
}

func (s *scan) measure(m modelvet.Measurement) {
	m.Metric = "explainability/" + m.Metric
	s.result.Measurements = append(s.result.Measurements, m)
}
