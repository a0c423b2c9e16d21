// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
)

func policyExport(t *terminal) *cobra.Command {
	var f judgeFlags
	var out string
	cmd := &cobra.Command{
		Use:   "export [REF]",
		Short: "Write the rules as a pack for opa eval and conftest; with REF, also what they see of an artifact",
		Long: "Writes rules, lib, pack.rego and conftest.rego, and with REF input.json and data.json, made of what is attached\nto REF after it was verified. Then:\n\n" +
			"  opa eval --data PACK --input PACK/input.json data.modelvet.outcomes\n" +
			"  conftest test --policy PACK --data PACK/data.json PACK/input.json",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			g, err := f.open(cmd.Context(), t)
			if err != nil {
				return err
			}
			files := g.Export()
			if len(args) == 1 {
				input, data, err := g.Document(cmd.Context(), reference(args[0]))
				if err != nil {
					return err
				}
				for name, v := range map[string]any{"input.json": input, "data.json": data} {
					if files[name], err = json.MarshalIndent(v, "", "  "); err != nil {
						return err
					}
				}
			}
			return t.pack(out, files)
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&out, "out", "", "folder to write; it must not exist yet")
	_ = cmd.MarkFlagRequired("out")
	return cmd
}

// pack writes files into a new folder.
func (t *terminal) pack(dir string, files map[string][]byte) error {
	if _, err := os.Lstat(dir); err == nil {
		return usage("%s exists already; name a folder that does not", dir)
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if err := createFile(filepath.Join(dir, filepath.FromSlash(name)), string(files[name])); err != nil {
			return fmt.Errorf("writing the pack: %w", err)
		}
	}
	t.say("%d files in %s", len(files), dir)
	return nil
}
