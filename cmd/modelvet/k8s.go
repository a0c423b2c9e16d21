// SPDX-License-Identifier: Apache-2.0

package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet/charts"
	"github.com/modelvet/modelvet/gate"
)

func k8sVerb(t *terminal) *cobra.Command {
	cmd := &cobra.Command{Use: "k8s", Short: "What a cluster needs to admit only models that a decision allows"}
	cmd.AddCommand(k8sRenderVerb(t), k8sAuditLogVerb(t), k8sAuditVerb(t))
	return cmd
}

func k8sRenderVerb(t *terminal) *cobra.Command {
	r := charts.Release{Name: "modelvet"}
	var policy, config string
	var settings []string
	cmd := &cobra.Command{
		Use:   "render",
		Short: "Print the manifests of the admission webhook",
		Long: "Prints what the Helm chart in charts/modelvet would install: the webhook and its registration, its roles,\n" +
			"a second layer of policies in the API server, and the protection of the namespaces' label.\n" +
			"Label the namespaces that shall be guarded: kubectl label namespace NAME modelvet/enforce=true",
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			for _, f := range [][2]string{{"policy", policy}, {"config", config}} {
				if f[1] == "" {
					continue
				}
				b, err := os.ReadFile(f[1])
				if err != nil {
					return usage("--%s: %w", f[0], err)
				}
				settings = append(settings, f[0]+"="+string(b))
			}
			if policy != "" {
				if _, err := gate.LoadPolicy(policy); err != nil {
					return usage("--policy: %w", err)
				}
			}
			if config != "" {
				if _, err := loadWebhookConfig(config); err != nil {
					return usage("--config: %w", err)
				}
			}
			out, err := charts.Render(r, settings)
			if err != nil {
				return usage("%w", err)
			}
			_, err = t.out.Write(out)
			return err
		},
	}
	cmd.Flags().StringVar(&r.Namespace, "namespace", "modelvet-system", "namespace of the webhook")
	cmd.Flags().StringVar(&policy, "policy", "", "policy file to put in")
	cmd.Flags().StringVar(&config, "config", "", "configuration file of the webhook to put in")
	cmd.Flags().StringArrayVar(&settings, "set", nil, "a value of the chart: replicas=2, image=...")
	return cmd
}
