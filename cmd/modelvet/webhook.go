// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet/schemas"
	"github.com/modelvet/modelvet/webhook"
	"github.com/modelvet/modelvet/webhook/references"
)

// webhookFlags are those of the admission server.
type webhookFlags struct {
	judge               judgeFlags
	config, how         string
	tables              []string
	listen, health      string
	cert, key           string
	secret, names       string
	namespace           string
	configurations      []string
	api, token, ca      string
	period, overlap     time.Duration
	drain, fresh, stale time.Duration
	facts               int
	pin                 bool
	gatekeeper          string
}

func webhookVerb(t *terminal) *cobra.Command {
	var f webhookFlags
	cmd := &cobra.Command{
		Use:   "webhook",
		Short: "Serve the Kubernetes admission webhook",
		Long: "Answers AdmissionReviews: an object that names models is admitted when a signed decision, taken by this\n" +
			"policy for the stage of the object's namespace, allows each of them and has not ended.\n\n" +
			"Serves POST /validate over TLS, and /healthz, /readyz and /metrics without. Ends with 0 when it is told to\n" +
			"stop, with 2 when its files are wrong, and with 1 when it cannot serve. The files are read again when they change.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.serve(cmd.Context(), t) },
	}
	f.judge.add(cmd)
	_ = cmd.Flags().MarkHidden("key")
	fl := cmd.Flags()
	fl.StringVar(&f.config, "config", "webhook.yaml", "what each namespace demands")
	fl.StringVar(&f.how, "judge", "decision", "decision: verify the signed decision; full: read and judge everything again")
	fl.StringSliceVar(&f.tables, "references", nil, "files with places of your own where models are named")
	fl.StringVar(&f.listen, "listen", ":8443", "address of the webhook (TLS)")
	fl.StringVar(&f.health, "health", ":8080", "address of /healthz, /readyz and /metrics")
	fl.StringVar(&f.cert, "tls-cert", "", "certificate file, read again when it changes (cert-manager, or your own)")
	fl.StringVar(&f.key, "tls-key", "", "key file of --tls-cert")
	fl.StringVar(&f.secret, "certificate-secret", "", "instead: keep certificates in this Secret, and rotate them")
	fl.StringVar(&f.names, "service", "modelvet", "name of the Service in front of the webhook")
	fl.StringVar(&f.namespace, "namespace", "modelvet-system", "namespace of the Secret and the Service")
	fl.StringSliceVar(&f.configurations, "publish", []string{"validatingwebhookconfigurations/modelvet"}, "webhook configurations that shall trust the certificates")
	f.addKube(cmd)
	fl.DurationVar(&f.period, "rotate-every", 60*24*time.Hour, "how long a certificate is served")
	fl.DurationVar(&f.overlap, "rotate-overlap", time.Minute, "how long an authority is published before it is used")
	fl.DurationVar(&f.drain, "drain", 5*time.Second, "how long to serve on after the signal to stop")
	fl.DurationVar(&f.fresh, "fresh", webhook.DefaultFreshness.Fresh, "how long verified facts are used without asking the registry again")
	fl.DurationVar(&f.stale, "stale", webhook.DefaultFreshness.Stale, "how much longer they are used, with a warning, while the registry does not answer")
	fl.BoolVar(&f.pin, "pin", false, "also serve /mutate, which writes the approved digest in place of a tag")
	fl.StringVar(&f.gatekeeper, "gatekeeper", "", "also serve /gatekeeper, an external-data provider, to clients whose certificate an authority of this file issued")
	fl.IntVar(&f.facts, "facts", 10_000, "how many artifacts to remember")
	return cmd
}

// addKube adds the flags that say where the API server is.
func (f *webhookFlags) addKube(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.api, "kube-api", "", "API server (default: the one of the pod)")
	fl.StringVar(&f.token, "kube-token", "", "file with a token for it")
	fl.StringVar(&f.ca, "kube-ca", "", "file with its authority")
}

// serve checks every file before anything listens.
func (f *webhookFlags) serve(ctx context.Context, t *terminal) error {
	if (f.cert == "") != (f.key == "") || (f.cert == "") == (f.secret == "") {
		return usage("name either --tls-cert and --tls-key, or --certificate-secret")
	}
	if f.how != "decision" && f.how != "full" {
		return usage("--judge %q: expected decision or full", f.how)
	}
	if f.gatekeeper != "" {
		if _, err := f.clients(); err != nil {
			return usage("--gatekeeper: %w", err)
		}
	}
	config, err := loadWebhookConfig(f.config)
	if err != nil {
		return usage("--config: %w", err)
	}
	table, err := f.table()
	if err != nil {
		return usage("--references: %w", err)
	}
	f.judge.stage = config.Namespaces[0].Stage
	j, err := newClusterJudge(ctx, f, t, config)
	if err != nil {
		return err
	}
	metrics := &webhook.Metrics{}
	freshness := webhook.DefaultFreshness
	freshness.Fresh, freshness.Stale = f.fresh, f.stale
	s := &admissionServer{flags: f, t: t, metrics: metrics, judge: j}
	s.reviewer = webhook.NewReviewer(table, j.policy(), config, j, freshness, f.facts, metrics)
	return s.run(ctx)
}

func (f *webhookFlags) table() (references.Table, error) {
	var more [][]byte
	for _, path := range f.tables {
		b, err := os.ReadFile(path)
		if err != nil {
			return references.Table{}, err
		}
		more = append(more, b)
	}
	return references.Load(more...)
}

func loadWebhookConfig(path string) (webhook.Config, error) {
	var c webhook.Config
	b, err := os.ReadFile(path)
	if err != nil {
		return c, fmt.Errorf("reading what the namespaces demand: %w", err)
	}
	return c, schemas.DecodeYAML("webhook", path, b, &c)
}

// stages are the stages that the namespaces name.
func stages(c webhook.Config) string {
	var out []string
	for _, n := range c.Namespaces {
		out = append(out, n.Stage)
	}
	return strings.Join(out, ", ")
}
