// SPDX-License-Identifier: Apache-2.0

package explainability

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"path"
	"slices"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/scanners/explainability/xgboost"
)

// maxWork bounds the splits asked while attributions are computed again. Above
// it rows are taken at even distances and the coverage says so.
const maxWork = 1 << 30

// equalRows: rows with equal features must have equal reasons.
func (s *scan) equalRows(reasons, inputs *matrix) {
	first, at := map[string]int{}, inputs.byID()
	worst, pairs, bad := 0.0, 0, 0
	for i, id := range reasons.ids {
		j, ok := at[id]
		if !ok || j < 0 || !usable(reasons.rows[i]) {
			continue
		}
		key := fmt.Sprint(inputs.rows[j][:len(inputs.columns)])
		k, seen := first[key]
		if !seen {
			first[key] = i
			continue
		}
		gap := distance(reasons.rows[i], reasons.rows[k])
		if pairs++; gap > additivityTolerance {
			bad++
		}
		worst = math.Max(worst, gap)
	}
	s.measure(modelvet.Measurement{Metric: "equal_rows_max_difference", Value: worst, N: pairs, Method: "max |difference| between rows of equal features"})
	if bad > 0 {
		s.find(modelvet.SeverityWarn, "equal-rows-differ", reasons.path, "%d rows have other attributions than a row with the same features, by up to %.3g", bad, worst)
	}
}

func distance(a, b []float64) float64 {
	worst := 0.0
	for j := range len(a) - 1 {
		worst = math.Max(worst, math.Abs(a[j]-b[j]))
	}
	return worst
}

// constants: a feature that never changes cannot be a reason for anything.
func (s *scan) constants(reasons, inputs *matrix) {
	strength, _ := strengths(reasons)
	for j, c := range inputs.columns {
		if constant(inputs, j) && strength[j] > additivityTolerance {
			s.find(modelvet.SeverityWarn, "constant-feature", reasons.path, "%s has the same value in every row of %s and a mean |attribution| of %.3g", c, inputs.path, strength[j])
		}
	}
}

func constant(m *matrix, j int) bool {
	for _, row := range m.rows {
		if row[j] != m.rows[0][j] {
			return false
		}
	}
	return len(m.rows) > 1
}

// recompute works the attributions out again from the model file.
func (s *scan) recompute(ctx context.Context, reasons, inputs *matrix) error {
	if s.model.System.Model.Format != "xgboost-json" {
		s.skip(s.table.Path, "attributions were not computed again: the model format is %q; xgboost-json can be", s.model.System.Model.Format)
		return nil
	}
	if inputs == nil {
		s.skip(s.table.Path, "attributions were not computed again: the features of their rows are not known")
		return nil
	}
	file, err := s.modelFile()
	if err != nil {
		s.skip("modelvet.yaml", "attributions were not computed again: %v", err)
		return nil
	}
	e, columns, err := s.explainer(file, reasons)
	if errors.Is(err, errChanged) {
		return err
	}
	if err != nil {
		s.skip(file, "attributions were not computed again: %v", err)
		return nil
	}
	s.read(file)
	return s.compare(ctx, e, columns, reasons, inputs)
}

// modelFile is the one file that the globs of the system name.
func (s *scan) modelFile() (string, error) {
	var found []string
	for _, f := range s.model.Files {
		for _, glob := range s.model.System.Model.Files {
			if ok, _ := path.Match(glob, f.Path); ok {
				found = append(found, f.Path)
				break
			}
		}
	}
	slices.Sort(found)
	if len(found) != 1 {
		return "", fmt.Errorf("model.files names %d files %v; one XGBoost file is needed", len(found), found)
	}
	return found[0], nil
}

// explainer is a model ready to attribute, and the place of each of its
// features among the columns of the attributions, -1 where there is none.
func (s *scan) explainer(file string, reasons *matrix) (*engine, []int, error) {
	m, err := s.readModel(file)
	if err != nil {
		return nil, nil, err
	}
	if m.Groups != 1 {
		return nil, nil, fmt.Errorf("the model has %d outputs, the table attributions of one", m.Groups)
	}
	if best := m.Attrs["best_iteration"]; best != "" {
		return nil, nil, fmt.Errorf("the model was stopped early (best_iteration %s): which trees the attributions explain is not known; save it cut to the best iteration", best)
	}
	columns, err := s.places(m, reasons)
	if err != nil {
		return nil, nil, err
	}
	e, err := m.Explain()
	return &engine{model: m, Explainer: e}, columns, err
}

type engine struct {
	*xgboost.Explainer
	model *xgboost.Model
}

func (s *scan) readModel(file string) (*xgboost.Model, error) {
	f, err := s.model.FS.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	hash := sha256.New()
	m, err := xgboost.Read(io.TeeReader(f, hash))
	if err != nil {
		return nil, err
	}
	if _, err := io.Copy(hash, io.LimitReader(f, xgboost.MaxBytes)); err != nil {
		return nil, err
	}
	return m, s.unchanged(file, "sha256:"+hex.EncodeToString(hash.Sum(nil)))
}

// places maps model features to columns: by name, or by position when the model
// has no names.
func (s *scan) places(m *xgboost.Model, reasons *matrix) ([]int, error) {
	columns := make([]int, m.Width())
	if len(m.Features) == 0 {
		if m.Width() != len(reasons.columns) {
			return nil, fmt.Errorf("the model has %d features without names, the table %d columns of attributions", m.Width(), len(reasons.columns))
		}
		for i := range columns {
			columns[i] = i
		}
		return columns, nil
	}
	for i, f := range m.Features {
		if columns[i] = slices.Index(reasons.columns, f); columns[i] < 0 {
			return nil, fmt.Errorf("the model's feature %q is no column of the attributions", f)
		}
	}
	for _, c := range reasons.columns {
		if !slices.Contains(m.Features, c) {
			s.find(modelvet.SeverityWarn, "unknown-feature", reasons.path, "column %q is no feature of the model", c)
		}
	}
	return columns, nil
}

// differences is what a comparison adds up.
type differences struct {
	phi, output   float64
	n, bad, wrong int
	lost          int
}

func (s *scan) compare(ctx context.Context, e *engine, columns []int, reasons, inputs *matrix) error {
	step := max(1, len(reasons.rows)*e.Cost()/maxWork)
	at, d := inputs.byID(), differences{}
	row, phi := make([]float32, len(columns)), make([]float64, len(columns))
	for i := 0; i < len(reasons.rows); i += step {
		if err := ctx.Err(); err != nil {
			return err
		}
		j, ok := at[reasons.ids[i]]
		if !ok || j < 0 || !usable(reasons.rows[i]) {
			d.lost++
			continue
		}
		for k, c := range columns {
			row[k] = float32(inputs.rows[j][c])
		}
		if err := e.Attribute(row, phi); err != nil {
			return err
		}
		margin, err := e.model.Margin(row)
		if err != nil {
			return err
		}
		d.add(reasons.rows[i], columns, phi, margin[0])
	}
	if step > 1 {
		s.skip(reasons.path, "attributions were computed again for every %d-th row only: the trees are large", step)
	}
	s.report(d, e, reasons)
	return nil
}

func (d *differences) add(row []float64, columns []int, phi []float64, margin float64) {
	worst := 0.0
	for k, c := range columns {
		worst = math.Max(worst, math.Abs(row[c]-phi[k]))
	}
	scale := math.Max(1, math.Abs(margin))
	if d.n++; worst > recomputeTolerance*scale {
		d.bad++
	}
	d.phi = math.Max(d.phi, worst)
	if out := row[len(row)-1]; out == out {
		gap := math.Abs(out - margin)
		if gap > recomputeTolerance*scale {
			d.wrong++
		}
		d.output = math.Max(d.output, gap)
	}
}

func (s *scan) report(d differences, e *engine, reasons *matrix) {
	if d.lost > 0 {
		s.skip(reasons.path, "%d rows were not computed again: no single row of features has their id, or an attribution is missing", d.lost)
	}
	if d.n == 0 {
		return
	}
	const method = "exact path-dependent TreeSHAP of the model file"
	s.measure(modelvet.Measurement{Metric: "recomputed_max_error", Value: d.phi, N: d.n, Method: method})
	s.measure(rate("recomputed_violations", d.bad, d.n))
	if d.bad > 0 {
		s.find(modelvet.SeverityBlock, "recomputed-differs", reasons.path, "in %d of %d rows the attributions are not those of the model file, by up to %.3g", d.bad, d.n, d.phi)
	}
	if s.table.Output != "" {
		s.measure(modelvet.Measurement{Metric: "output_max_error", Value: d.output, N: d.n, Method: "margin of the model file"})
	}
	if d.wrong > 0 {
		s.find(modelvet.SeverityBlock, "output-differs", reasons.path, "in %d of %d rows column %s is not the model file's margin, by up to %.3g", d.wrong, d.n, s.table.Output, d.output)
	}
	s.base(e.Base()[0], reasons, d.n, method)
}

func (s *scan) base(want float64, reasons *matrix, n int, method string) {
	if s.table.BaseValue == nil {
		return
	}
	gap := math.Abs(*s.table.BaseValue - want)
	s.measure(modelvet.Measurement{Metric: "base_value_error", Value: gap, N: n, Method: method})
	if gap > recomputeTolerance*math.Max(1, math.Abs(want)) {
		s.find(modelvet.SeverityBlock, "base-value-differs", reasons.path, "baseValue is %.6g, the model file's expected margin %.6g", *s.table.BaseValue, want)
	}
}
