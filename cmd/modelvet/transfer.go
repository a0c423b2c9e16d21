// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet/artifact"
	"github.com/modelvet/modelvet/gate"
)

const transferLong = ".\nThe credentials are those of the Docker configuration. Plain HTTP is spoken to this machine only.\n" +
	"What is cut is resumed, and a busy registry is asked again; a tag appears when all the rest is in place."

func pushVerb(t *terminal) *cobra.Command {
	return transferVerb(t, "push oci:LAYOUT|DIR REGISTRY_REF", "Take an artifact and everything attached to it from a layout to a registry",
		"\n\nA model's folder without a result of the gate is packed on its way: each file is read once, and no copy is\nmade on this disk.", push)
}

func pullVerb(t *terminal) *cobra.Command {
	return transferVerb(t, "pull REGISTRY_REF oci:LAYOUT|DIR", "Take an artifact and everything attached to it from a registry into a layout",
		"\n\nInto a folder, it takes the files of the model alone, each under its name once its digest was checked.", pull)
}

func copyVerb(t *terminal) *cobra.Command {
	return transferVerb(t, "copy FROM TO", "Copy an artifact and everything attached to it between layouts and registries", "", copyArtifact)
}

type transfer func(ctx context.Context, t *terminal, from, to string, opts artifact.Options) (said string, err error)

func transferVerb(t *terminal, use, short, more string, do transfer) *cobra.Command {
	var opts artifact.Options
	var mib int64
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(2),
		Long: short + transferLong + more,
		RunE: func(cmd *cobra.Command, args []string) error {
			if mib < 0 || mib > 1<<20 {
				return usage("--part-size is %d; want mebibytes, at most 1048576", mib)
			}
			opts.PartSize = mib << 20
			p := t.progress()
			said, err := do(cmd.Context(), t, args[0], args[1], p.watch(opts))
			p.end()
			if err == nil {
				t.say("%s", said)
			}
			return err
		},
	}
	cmd.Flags().Int64Var(&mib, "part-size", 0, "most mebibytes of one request of an upload (default 64)")
	cmd.Flags().IntVar(&opts.Workers, "workers", 0, "how many files travel at the same time (default: two large ones a core, at least 4, and 16 small ones)")
	return cmd
}

func copyArtifact(ctx context.Context, _ *terminal, from, to string, opts artifact.Options) (string, error) {
	from = reference(from)
	_, err := artifact.Copy(ctx, from, to, opts)
	return fmt.Sprintf("Copied %s to %s, with what is attached to it", from, to), err
}

func push(ctx context.Context, t *terminal, from, to string, opts artifact.Options) (string, error) {
	info, err := os.Stat(from)
	if err != nil || !info.IsDir() || reference(from) != from {
		return copyArtifact(ctx, t, from, to, opts)
	}
	sys, err := gate.LoadSystem(from)
	if err != nil {
		return "", usage("%w", err)
	}
	opts.Exclude = []string{filepath.Join(from, ".modelvet")}
	s, err := artifact.PackTo(ctx, from, sys, to, opts)
	if err != nil {
		return "", err
	}
	_, err = fmt.Fprintln(t.out, s.Digest)
	return fmt.Sprintf("Packed %s: %d files to %s; nothing is attached to it", s.Name, len(s.Files), to), err
}

func pull(ctx context.Context, t *terminal, from, to string, opts artifact.Options) (string, error) {
	if strings.HasPrefix(to, "oci:") {
		return copyArtifact(ctx, t, from, to, opts)
	}
	a, err := artifact.Open(ctx, reference(from), opts)
	if err != nil {
		return "", err
	}
	defer a.Close()
	if err := a.Extract(ctx, to); err != nil {
		return "", err
	}
	s := a.Subject()
	_, err = fmt.Fprintln(t.out, s.Digest)
	return fmt.Sprintf("Wrote the %d files of %s to %s", len(s.Files), s.Name, to), err
}
