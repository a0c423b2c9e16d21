// SPDX-License-Identifier: Apache-2.0

package main

import (
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet"
)

// tableKinds are the kinds of tables that a scan can be given without a
// modelvet.yaml.
var tableKinds = []string{"predictions", "training", "validation", "test", "production", "members", "attributions"}

// tableFlags describe tables on the command line.
type tableFlags struct {
	table               modelvet.Table
	audit               []string
	reference, training string
	task                string
}

func (t *tableFlags) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&t.table.Path, "table", "", "file of a table: CSV, Parquet, JSON lines or Arrow")
	f.StringVar(&t.table.Kind, "kind", "predictions", "what the table holds: "+strings.Join(tableKinds, ", "))
	f.StringVar(&t.reference, "reference", "", "file of an earlier table, for the drift since then (with --kind production)")
	f.StringVar(&t.training, "training", "", "file of the training table, for leakage (--kind test) and skew (--kind production)")
	f.StringVar(&t.task, "task", "binary-classification", "binary-classification, multiclass or regression")
	for _, c := range []struct {
		to         *string
		name, what string
	}{
		{&t.table.ID, "id", "column that identifies a row"},
		{&t.table.Label, "label", "column with what came true"},
		{&t.table.Prediction, "prediction", "column with what was predicted"},
		{&t.table.Score, "score", "column with the score"},
		{&t.table.Previous, "previous", "column with the score of the version in use now, for a comparison row by row"},
		{&t.table.Weight, "weight", "column with weights"},
		{&t.table.Positive, "positive", "value that counts as positive (default 1)"},
		{&t.table.Favourable, "favourable", "value that is good for the person (default: the positive one)"},
		{&t.table.Loss, "loss", "column with the model's loss on the row (with --kind members)"},
		{&t.table.Member, "member", "column with 1 where the row was in the training data (with --kind members)"},
		{&t.table.Output, "model-output", "column with the output that attributions explain (with --kind attributions)"},
	} {
		f.StringVar(c.to, c.name, "", c.what)
	}
	for _, c := range []struct {
		to         *[]string
		name, what string
	}{
		{&t.table.Protected, "protected", "columns with protected attributes"},
		{&t.table.Features, "features", "columns given to the model (default: those without another role)"},
		{&t.table.Perturbed, "perturbed", "columns with the prediction after a change that should not matter"},
		{&t.table.Embedding, "embedding", "columns that together are an embedding, or one column of lists"},
		{&t.table.Quasi, "quasi", "columns that together may single a person out (default: the protected ones)"},
		{&t.table.Text, "text", "columns of free text"},
		{&t.audit, "bias-audit", "columns SEX,RACE of a bias audit by New York City Local Law 144"},
	} {
		f.StringSliceVar(c.to, c.name, nil, c.what+", separated by commas")
	}
}

// system is a system of the tables named, and of nothing else; without --table
// it has none.
func (t *tableFlags) system(cmd *cobra.Command) (modelvet.System, error) {
	f := cmd.Flags()
	if t.table.Path == "" {
		for _, n := range []string{"prediction", "label", "reference", "training", "kind", "previous", "perturbed", "bias-audit", "member"} {
			if f.Changed(n) {
				return modelvet.System{}, usage("--%s is said of a table; name it with --table", n)
			}
		}
		return modelvet.System{}, nil
	}
	if !slices.Contains(tableKinds, t.table.Kind) {
		return modelvet.System{}, usage("--kind is %q; want one of %s", t.table.Kind, strings.Join(tableKinds, ", "))
	}
	if f.Changed("bias-audit") {
		if len(t.audit) != 2 {
			return modelvet.System{}, usage("--bias-audit names %d columns; want two: that of sex and that of race or ethnicity", len(t.audit))
		}
		t.table.BiasAudit = &modelvet.Audit{Sex: t.audit[0], Race: t.audit[1]}
	}
	first := t.table
	first.Name = first.Kind
	sys := modelvet.System{Name: "table", Model: modelvet.ModelFiles{Task: t.task}, Tables: []modelvet.Table{first}}
	for kind, path := range map[string]string{"reference": t.reference, "training": t.training} {
		if path != "" {
			sys.Tables = append(sys.Tables, modelvet.Table{Name: kind, Kind: kind, Path: path, ID: first.ID, Label: first.Label, Embedding: first.Embedding, Features: first.Features})
		}
	}
	slices.SortFunc(sys.Tables[1:], func(a, b modelvet.Table) int { return strings.Compare(a.Name, b.Name) })
	return sys, nil
}
