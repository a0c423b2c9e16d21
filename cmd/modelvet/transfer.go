// SPDX-License-Identifier: Apache-2.0

package main

import (
	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet/artifact"
)

func pushVerb(t *terminal) *cobra.Command {
	return transferVerb(t, "push oci:LAYOUT REGISTRY_REF", "Take an artifact and everything attached to it from a layout to a registry")
}

func pullVerb(t *terminal) *cobra.Command {
	return transferVerb(t, "pull REGISTRY_REF oci:LAYOUT", "Take an artifact and everything attached to it from a registry into a layout")
}

func copyVerb(t *terminal) *cobra.Command {
	return transferVerb(t, "copy FROM TO", "Copy an artifact and everything attached to it between layouts and registries")
}

func transferVerb(t *terminal, use, short string) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, Args: cobra.ExactArgs(2),
		Long: short + ".\nThe credentials are those of the Docker configuration. Plain HTTP is spoken to this machine only.",
		RunE: func(cmd *cobra.Command, args []string) error {
			from := reference(args[0])
			if err := artifact.Copy(cmd.Context(), from, args[1], artifact.Options{}); err != nil {
				return err
			}
			t.say("Copied %s to %s, with what is attached to it", from, args[1])
			return nil
		},
	}
}
