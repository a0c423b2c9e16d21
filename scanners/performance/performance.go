// SPDX-License-Identifier: Apache-2.0

// Package performance measures how well a model predicts, from a table of
// labels, predictions and scores, every number with its interval, and sets the
// figures that the provider declares against the measured ones.
//
// It must never judge, repeat a declared figure as if it were measured, or
// leave rows out in silence.
package performance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/dataset"
)

const (
	name    = "performance"
	version = "1"
	// Tolerance is how far a declared figure may stand from the measured one
	// before that is a finding.
	Tolerance  = 0.005
	regression = "regression"
)

// Scanner measures performance. The zero value is ready.
type Scanner struct{}

// Name is the scanner's name in evidence.
func (Scanner) Name() string { return name }

// Scan measures the table of kind "predictions" of the system. Without such a
// table, or without labels in it, it says so in its coverage and measures
// nothing. A table that cannot be read, a missing column, an empty prediction,
// label or score, and a score that is no number are errors.
func (Scanner) Scan(ctx context.Context, m modelvet.Model) (modelvet.Scan, error) {
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
	tab, err := dataset.Open(ctx, m.Dir, t)
	if err != nil {
		return modelvet.Scan{}, fmt.Errorf("scanning %s: %w", name, err)
	}
	defer tab.Close()
	r := &report{asker: asker{tab}, t: t, task: m.System.Model.Task, scan: &scan, positive: t.Positive}
	if r.positive == "" {
		r.positive = "1"
	}
	if err := r.measure(ctx); err != nil {
		return modelvet.Scan{}, fmt.Errorf("scanning %s: %s: %w", name, t.Path, err)
	}
	r.declared(m.System.Performance)
	scan.Coverage.Read = tab.Files()
	return scan, nil
}

func unmeasurable(t modelvet.Table, ok bool, task string) string {
	switch {
	case !ok:
		return "the system names no table of kind predictions"
	case t.Label == "":
		return "the table of predictions names no label column"
	case t.Prediction == "" && t.Score == "":
		return "the table of predictions names neither a prediction nor a score column"
	case t.Prediction == "" && task == regression:
		return "the table of predictions names no prediction column"
	case task == "generation":
		return "what a generator writes has no label to be set against"
	}
	return ""
}

// report turns answers into measurements.
type report struct {
	asker
	t        modelvet.Table
	task     string
	positive string
	scan     *modelvet.Scan
}

func (r *report) measure(ctx context.Context) error {
	if err := r.check(ctx); err != nil {
		return err
	}
	if r.task == regression {
		return r.regression(ctx)
	}
	if r.t.Prediction != "" {
		if err := errors.Join(r.classes(ctx), r.perturbed(ctx)); err != nil {
			return err
		}
	}
	if r.t.Score == "" {
		return nil
	}
	return r.scores(ctx)
}

// weight is the SQL expression for the weight of a row.
func (r *report) weight() string {
	if r.t.Weight == "" {
		return "1"
	}
	return "CAST(" + dataset.Ident(r.t.Weight) + " AS DOUBLE)"
}

func (r *report) find(id, severity, what string) {
	r.scan.Findings = append(r.scan.Findings, modelvet.Finding{ID: name + "/" + id, Path: r.t.Path, Severity: severity, What: what})
}

// add tells a number; one that is not defined becomes a finding.
func (r *report) add(metric string, n number, rows int, method string, slice map[string]string) {
	if !n.defined() {
		r.find("undefined", modelvet.SeverityInfo, metric+" is not defined on these rows")
		return
	}
	if r.t.Weight != "" {
		method += ", kish"
	}
	low, high := n.low, n.high
	r.scan.Measurements = append(r.scan.Measurements, modelvet.Measurement{
		Metric: name + "/" + metric, Value: n.value, Low: &low, High: &high, N: rows, Slice: slice, Method: method})
}

// aliases are other names that people declare a metric under.
var aliases = map[string]string{
	"auc": "roc_auc", "auroc": "roc_auc", "roc-auc": "roc_auc", "f1_score": "f1", "f1-score": "f1",
	"pr_auc": "average_precision", "brier_score": "brier", "ece": "expected_calibration_error", "root_mean_squared_error": "rmse",
	"mean_absolute_error": "mae", "r2_score": "r2", "logloss": "log_loss",
}

// declared sets each declared figure against the measured one.
func (r *report) declared(figures map[string]float64) {
	var keys []string
	for k := range figures {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	for _, key := range keys {
		metric := strings.ToLower(strings.TrimPrefix(key, name+"/"))
		if other, ok := aliases[metric]; ok {
			metric = other
		}
		at := slices.IndexFunc(r.scan.Measurements, func(m modelvet.Measurement) bool { return m.Metric == name+"/"+metric && len(m.Slice) == 0 })
		if at < 0 {
			r.find("declared-unmeasured", modelvet.SeverityWarn, fmt.Sprintf("%s is declared as %g; it was not measured", key, figures[key]))
			continue
		}
		r.difference(key, figures[key], r.scan.Measurements[at])
	}
}

func (r *report) difference(key string, declared float64, m modelvet.Measurement) {
	d := declared - m.Value
	low, high := declared-*m.High, declared-*m.Low
	r.scan.Measurements = append(r.scan.Measurements, modelvet.Measurement{Metric: name + "/declared_difference", Value: d,
		Low: &low, High: &high, N: m.N, Slice: map[string]string{"metric": m.Metric}, Method: m.Method})
	if !(d <= Tolerance && d >= -Tolerance) {
		r.find("declared-differs", modelvet.SeverityWarn, fmt.Sprintf("%s is declared as %g; measured %.6g [%.6g; %.6g]", key, declared, m.Value, *m.Low, *m.High))
	}
}
