// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet/artifact"
	"github.com/modelvet/modelvet/gate"
)

func packVerb(t *terminal) *cobra.Command {
	var layout, tag, as string
	cmd := &cobra.Command{
		Use:   "pack [DIR]",
		Short: "Pack a model as an OCI artifact into a layout",
		Long: "Packs the model in DIR as a CNCF ModelPack artifact with raw layers into an OCI image layout and\nprints its digest. The same folder always gives the same digest. Nothing is measured or signed.\n\n" +
			"With --as image it is packed as a container image instead, the files below /models/ in tar layers: that is what\n" +
			"containerd and every kubelet mount as an image volume. The files and their digests are the same.",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := folder(args)
			sys, err := gate.LoadSystem(dir)
			if err != nil {
				return usage("%w", err)
			}
			if layout == "" {
				layout = filepath.Join(dir, ".modelvet", "packed")
			}
			if as != artifact.LayoutArtifact && as != artifact.LayoutImage {
				return usage("--as is %q; want artifact or image", as)
			}
			p := t.progress()
			s, err := artifact.Pack(cmd.Context(), dir, sys, layout, p.watch(artifact.Options{Tag: tag, Layout: as, Exclude: []string{filepath.Join(dir, ".modelvet")}}))
			p.end()
			if err != nil {
				return err
			}
			t.say("Packed %s: %d files into %s", s.Name, len(s.Files), layout)
			_, err = fmt.Fprintln(t.out, s.Digest)
			return err
		},
	}
	cmd.Flags().StringVar(&layout, "out", "", "folder of the layout (default DIR/.modelvet/packed)")
	cmd.Flags().StringVar(&as, "as", artifact.LayoutArtifact, "artifact (ModelPack, raw layers) or image (tar layers below /models/)")
	cmd.Flags().StringVar(&tag, "tag", "", "tag in the layout (default latest)")
	return cmd
}

func inspectVerb(t *terminal) *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:   "inspect REF",
		Short: "Show what an artifact holds and what is attached to it",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			js, err := asJSON(output)
			if err != nil {
				return err
			}
			a, err := artifact.Open(cmd.Context(), reference(args[0]), artifact.Options{})
			if err != nil {
				return err
			}
			defer a.Close()
			referrers, err := a.Referrers(cmd.Context())
			if err != nil {
				return err
			}
			if js {
				return t.json(inspection(a, referrers))
			}
			return t.inspection(a, referrers)
		},
	}
	cmd.Flags().StringVar(&output, "output", "table", "table or json")
	return cmd
}

func inspection(a *artifact.Artifact, referrers []artifact.Referrer) map[string]any {
	attached := []map[string]string{}
	for _, r := range referrers {
		row := map[string]string{"digest": r.Digest, "predicateType": r.PredicateType}
		if r.Err != nil {
			row["error"] = r.Err.Error()
		}
		attached = append(attached, row)
	}
	out := map[string]any{"subject": a.Subject(), "config": a.Config(), "attached": attached}
	if left := a.LeftOut(); len(left) > 0 {
		out["leftOut"] = left
	}
	return out
}

func (t *terminal) inspection(a *artifact.Artifact, referrers []artifact.Referrer) error {
	s := a.Subject()
	fmt.Fprintf(t.out, "%s\n%s\n\n", printable(s.Name), s.Digest)
	rows := [][]string{{"KIND", "BYTES", "DIGEST", "FILE"}}
	for _, f := range s.Files {
		rows = append(rows, []string{f.Kind, fmt.Sprint(f.Size), short(f.Digest), f.Path})
	}
	if err := t.table(rows); err != nil {
		return err
	}
	left := a.LeftOut()
	for _, note := range slices.Sorted(maps.Keys(left)) {
		fmt.Fprintf(t.out, "\nLeft out: annotation %s of %d of %d files, so that registries take the manifest.\n", note, left[note], len(s.Files))
	}
	fmt.Fprintf(t.out, "\nAttached: %d. `modelvet verify` says who signed it.\n", len(referrers))
	rows = nil
	for _, r := range referrers {
		what := r.PredicateType
		if r.Err != nil {
			what = "unreadable: " + r.Err.Error()
		}
		rows = append(rows, []string{short(r.Digest), what})
	}
	return t.table(rows)
}

// short is enough of a digest for a person to compare.
func short(digest string) string { return fmt.Sprintf("%.19s", digest) }
