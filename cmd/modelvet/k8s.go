// SPDX-License-Identifier: Apache-2.0

package main

import (
	"crypto/x509"
	"fmt"
	"net/url"
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
	var policy, config, static, authority string
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
			out, err := manifests(r, settings, static, authority)
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
	cmd.Flags().StringVar(&static, "static", "", "print instead the registration for the API server's own disk, where nobody can delete it (Kubernetes 1.37): the webhook's address, https://127.0.0.1:8443/validate")
	cmd.Flags().StringVar(&authority, "static-ca", "", "file with the authority of the certificate at --static")
	return cmd
}

// manifests are those of the chart, or the one for the API server's own disk.
func manifests(r charts.Release, settings []string, static, authority string) ([]byte, error) {
	if static == "" {
		return charts.Render(r, settings)
	}
	if u, err := url.Parse(static); err != nil || u.Scheme != "https" || u.Host == "" {
		return nil, fmt.Errorf("--static %q: expected https://HOST:PORT/validate", static)
	}
	pem, err := os.ReadFile(authority)
	if err != nil {
		return nil, fmt.Errorf("--static-ca: %w", err)
	}
	if !x509.NewCertPool().AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("--static-ca: %s holds no certificate", authority)
	}
	return charts.Static(r, settings, static, pem)
}
