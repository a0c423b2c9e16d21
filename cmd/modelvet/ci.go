// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet/artifact"
	"github.com/modelvet/modelvet/pipeline"
	"github.com/modelvet/modelvet/reports"
)

// ciFlags are those of both platforms.
type ciFlags struct {
	model   string
	comment bool
}

func ciVerb(t *terminal) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "ci",
		Short: "Tell a CI platform what was decided; never judge again",
		Long:  "Reads the result folder of `gate` or `judge --out` and tells the platform what was decided. It\nends with 0 when the platform was told, whatever the decision is.",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(githubVerb(t), gitlabVerb(t))
	return cmd
}

func (f *ciFlags) add(cmd *cobra.Command, token string) {
	cmd.Flags().StringVar(&f.model, "model-dir", "", "folder of the model, from the root of the repository: where annotations point")
	cmd.Flags().BoolVar(&f.comment, "comment", false, "keep one comment for this stage below the pull or merge request; needs "+token)
}

func githubVerb(t *terminal) *cobra.Command {
	var f ciFlags
	var mode string
	cmd := &cobra.Command{
		Use:   "github RESULT",
		Short: "Annotations, job summary and outputs of a GitHub Actions step",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			m, err := pipeline.ParseMode(mode)
			if err != nil {
				return usage("--mode: %w", err)
			}
			r, err := f.result(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			g := pipeline.GitHub{Env: environment(), Out: t.out}
			if err := g.Publish(r, m); err != nil {
				return err
			}
			return f.tell(t, g.Env["GITHUB_TOKEN"], "GITHUB_TOKEN", func(token string) error { return g.Comment(cmd.Context(), r, token) })
		},
	}
	f.add(cmd, "GITHUB_TOKEN with `pull-requests: write`")
	cmd.Flags().StringVar(&mode, "mode", "enforce", "enforce, warn or observe: the level of the annotations")
	return cmd
}

func gitlabVerb(t *terminal) *cobra.Command {
	var f ciFlags
	var out string
	cmd := &cobra.Command{
		Use:   "gitlab RESULT",
		Short: "Dotenv, links, Code Quality and SAST reports of a GitLab CI job",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			r, err := f.result(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			g := pipeline.GitLab{Env: environment()}
			if err := g.Publish(r, out); err != nil {
				return err
			}
			for _, file := range [][2]string{{"gl-code-quality-report.json", "codequality"}, {"gl-sast-report.json", "sast"}} {
				if err := renderFile(filepath.Join(out, file[0]), file[1], r.Decision); err != nil {
					return err
				}
			}
			return f.tell(t, g.Env["MODELVET_GITLAB_TOKEN"], "MODELVET_GITLAB_TOKEN", func(token string) error { return g.Comment(cmd.Context(), r, token) })
		},
	}
	f.add(cmd, "MODELVET_GITLAB_TOKEN with the scope `api`")
	cmd.Flags().StringVar(&out, "out", ".", "folder for the files that the job declares as reports")
	return cmd
}

// tell writes the comment where one is wanted. That there is no request to
// write below, or no token, is said and is no error: the job has its summary.
func (f *ciFlags) tell(t *terminal, token, variable string, post func(string) error) error {
	if !f.comment {
		return nil
	}
	if token == "" {
		t.say("modelvet: no comment: %s is empty (a pull request from a fork has no secrets)", variable)
		return nil
	}
	err := post(token)
	if errors.Is(err, pipeline.ErrNoRequest) {
		t.say("modelvet: no comment: %s", err)
		return nil
	}
	return err
}

// result reads back what a gate left.
func (f *ciFlags) result(ctx context.Context, dir string) (pipeline.Result, error) {
	d, err := readDecision(filepath.Join(dir, "decision.json"))
	if err != nil {
		return pipeline.Result{}, usage("%w; RESULT is the folder that `modelvet gate --out` wrote", err)
	}
	var summary bytes.Buffer
	if err := reports.Render("markdown", &summary, d); err != nil {
		return pipeline.Result{}, err
	}
	model := filepath.ToSlash(filepath.Clean(f.model))
	if model == "." || !filepath.IsLocal(f.model) {
		model = ""
	}
	bundles, err := exportBundles(ctx, dir)
	if err != nil {
		return pipeline.Result{}, err
	}
	return pipeline.Result{Decision: d, Dir: dir, Model: model, Summary: summary.Bytes(), Statements: bundles}, nil
}

// exportBundles writes every signed bundle of the artifact in dir as a file of
// its own, for tools that read no layout. Bundles are found by their digest, so
// that an earlier export does no harm.
func exportBundles(ctx context.Context, dir string) ([]string, error) {
	if _, err := os.Stat(filepath.Join(dir, "layout", "oci-layout")); errors.Is(err, os.ErrNotExist) {
		return nil, nil // a decision without a copy of the artifact
	}
	a, err := artifact.Open(ctx, "oci:"+filepath.Join(dir, "layout"), artifact.Options{})
	if err != nil {
		return nil, err
	}
	referrers, err := a.Referrers(ctx)
	if err != nil {
		return nil, err
	}
	into := filepath.Join(dir, "attestations")
	if err := os.MkdirAll(into, 0o755); err != nil {
		return nil, err
	}
	var out []string
	for _, r := range referrers {
		if r.Err != nil {
			return nil, r.Err
		}
		name := filepath.Join(into, strings.TrimPrefix(r.Digest, "sha256:")+".sigstore.json")
		if err := writeFile(name, r.Bundle); err != nil {
			return nil, err
		}
		out = append(out, name)
	}
	return out, nil
}
