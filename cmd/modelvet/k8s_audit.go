// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"time"

	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet/webhook"
)

// auditFlags are those of the audit of what runs in a cluster.
type auditFlags struct {
	webhook        webhookFlags
	selector       string
	every          time.Duration
	report, events bool
	output         string
}

func k8sAuditVerb(t *terminal) *cobra.Command {
	var f auditFlags
	cmd := &cobra.Command{
		Use:   "audit",
		Short: "Judge what is in the gated namespaces already",
		Long: "Walks through every object of the gated namespaces that may name a model, and judges it as admission would today:\n" +
			"decisions that have expired, models that were revoked since, what was never approved or came before the gate.\n" +
			"Changes nothing in the cluster, unless --report (PolicyReports) or --events say so.\n\n" +
			"With --every it goes on until it is told to stop, and serves /healthz, /readyz and /metrics.\n" +
			"Outside a cluster: run `kubectl proxy`, and name --kube-api http://127.0.0.1:8001.\n\n" +
			"Ends with 0 when everything may run, 3 when something may not, 1 when something could not be looked at.",
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd.Context(), t) },
	}
	f.webhook.judge.addPolicy(cmd)
	_ = cmd.Flags().MarkHidden("stage") // that of each namespace counts
	fl := cmd.Flags()
	fl.StringVar(&f.webhook.config, "config", "webhook.yaml", "what each namespace demands")
	fl.StringSliceVar(&f.webhook.tables, "references", nil, "files with places of your own where models are named")
	fl.StringVar(&f.selector, "selector", "modelvet/enforce=true", "labels of the namespaces that are gated")
	fl.DurationVar(&f.every, "every", 0, "audit again and again, with this much time in between")
	fl.BoolVar(&f.report, "report", false, "write PolicyReports (wgpolicyk8s.io/v1alpha2) into the cluster")
	fl.BoolVar(&f.events, "events", false, "write Kubernetes events beside what may not run")
	fl.StringVar(&f.webhook.health, "health", ":8080", "address of /healthz, /readyz and /metrics, with --every")
	f.webhook.addKube(cmd)
	fl.StringVar(&f.output, "output", "table", "table or json")
	return cmd
}

func (f *auditFlags) run(ctx context.Context, t *terminal) error {
	js, err := asJSON(f.output)
	if err != nil {
		return err
	}
	if f.every < 0 {
		return usage("--every %s: expected a time such as 10m", f.every)
	}
	client, err := f.webhook.kube()
	if err != nil {
		return err
	}
	reviewer, _, err := f.webhook.examiner(ctx, t, nil)
	if err != nil {
		return err
	}
	a := &webhook.Auditor{Reviewer: reviewer, API: client, Selector: f.selector}
	if f.every > 0 {
		return f.again(ctx, t, a)
	}
	found, err := a.Run(ctx)
	if err != nil {
		return err
	}
	if err := f.tell(ctx, a, found); err != nil && !errors.Is(err, webhook.ErrNoReports) {
		return err
	} else if err != nil {
		t.say("%v", err)
	}
	return t.audited(found, js)
}

// tell writes into the cluster what the flags say.
func (f *auditFlags) tell(ctx context.Context, a *webhook.Auditor, found webhook.Audit) error {
	var errs []error
	if f.events {
		errs = append(errs, a.Events(ctx, found))
	}
	if f.report {
		errs = append(errs, a.Report(ctx, found))
	}
	return errors.Join(errs...)
}

// again audits until it is told to stop. It is ready once an audit was complete.
func (f *auditFlags) again(ctx context.Context, t *terminal, a *webhook.Auditor) error {
	log := slog.New(slog.NewJSONHandler(t.err, nil))
	metrics := &webhook.AuditMetrics{}
	var ready atomic.Bool
	l, err := net.Listen("tcp", f.webhook.health)
	if err != nil {
		return fmt.Errorf("listening for probes: %w", err)
	}
	server := bounded(auditProbes(metrics, &ready))
	go func() { _ = server.Serve(l) }()
	defer server.Close()
	log.Info("auditing", "health", l.Addr().String(), "every", f.every.String(), "selector", f.selector)
	for {
		f.once(ctx, a, log, metrics, &ready)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(f.every):
		}
	}
}

// once makes one audit. The configuration is read again first; a broken one changes nothing.
func (f *auditFlags) once(ctx context.Context, a *webhook.Auditor, log *slog.Logger, m *webhook.AuditMetrics, ready *atomic.Bool) {
	if c, err := loadWebhookConfig(f.webhook.config); err != nil {
		log.Error("reading the configuration", "error", err.Error())
	} else {
		a.Configure(c)
	}
	start := time.Now()
	found, err := a.Run(ctx)
	if err == nil {
		if err = f.tell(ctx, a, found); errors.Is(err, webhook.ErrNoReports) {
			log.Warn("reporting", "error", err.Error())
			err = nil
		}
	}
	m.Ran(found, time.Since(start), err)
	if err != nil {
		log.Error("audit", "error", err.Error())
		return
	}
	ready.Store(true)
	log.Info("audit", "namespaces", len(found.Namespaces), "objects", found.Objects, "results", found.Results, "causes", found.Causes, "problems", found.Problems, "took", time.Since(start).String())
}

func auditProbes(m *webhook.AuditMetrics, ready *atomic.Bool) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("/healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("/readyz", func(w http.ResponseWriter, _ *http.Request) {
		if !ready.Load() {
			http.Error(w, "no audit has come to its end yet", http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ok")
	})
	mux.HandleFunc("/metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4")
		m.Write(w)
	})
	return mux
}

// runningReport is what --output json prints (schemas/audit.schema.json).
type runningReport struct {
	Schema string `json:"schema"`
	webhook.Audit
}

func (t *terminal) audited(found webhook.Audit, js bool) error {
	var err error
	if js {
		err = t.json(runningReport{"https://github.com/modelvet/modelvet/schemas/audit/v1", found})
	} else {
		err = t.runningTable(found)
	}
	switch {
	case err != nil:
		return err
	case found.Results["fail"] > 0:
		return errDenied
	case len(found.Problems) > 0:
		return fmt.Errorf("%d parts of the cluster could not be looked at, the first: %s", len(found.Problems), found.Problems[0])
	case found.Results["error"] > 0:
		return errors.New("of some objects it could not be found out whether they may run; see the table")
	}
	return nil
}

func (t *terminal) runningTable(found webhook.Audit) error {
	fmt.Fprintf(t.out, "%d objects in %d gated namespaces: %d may run, %d may not, %d with a warning, %d not known, %d excepted, %d name no model\n",
		found.Objects, len(found.Namespaces), found.Results["pass"], found.Results["fail"], found.Results["warn"], found.Results["error"], found.Results["skip"], found.Results["none"])
	if len(found.Held) > 0 {
		rows := [][]string{{"RESULT", "CAUSE", "NAMESPACE", "OBJECT", "WHY"}}
		for _, h := range found.Held {
			var causes []string
			for _, c := range h.Causes {
				causes = append(causes, string(c))
			}
			rows = append(rows, []string{h.Result, strings.Join(causes, ","), h.Namespace, h.Kind + "/" + h.Name, h.Why})
		}
		if err := t.table(rows); err != nil {
			return err
		}
	}
	if found.Beyond > 0 {
		fmt.Fprintf(t.out, "... and %d more\n", found.Beyond)
	}
	for _, p := range found.Problems {
		t.say("not looked at: %s", p)
	}
	return nil
}
