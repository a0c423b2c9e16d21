// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/modelvet/modelvet/attest"
	"github.com/modelvet/modelvet/gate"
	"github.com/modelvet/modelvet/webhook"
	"github.com/modelvet/modelvet/webhook/auditlog"
)

// auditLogFlags are those of the comparison of an audit log with what was signed.
type auditLogFlags struct {
	webhook    webhookFlags
	names      []string
	namespaces []string
	decisions  []string
	output     string
}

func k8sAuditLogVerb(t *terminal) *cobra.Command {
	var f auditLogFlags
	cmd := &cobra.Command{
		Use:   "audit-log FILE...",
		Short: "Compare the API server's audit log with the signed decisions",
		Long: "Reads audit logs (JSON lines of audit.k8s.io/v1, gzipped or not, rotated or not; - is standard input) and says of\n" +
			"every admission that concerns models whether a signed decision allowed each of them at that time: approved,\n" +
			"let in by an exception, refused, or none of it. Finds what the webhook let in in warn mode, what came in while the\n" +
			"webhook failed open, and what no webhook was asked about. Dry runs are counted apart.\n\n" +
			"The decisions are read from the registry, or, with --decisions, from files and OCI layouts.\n" +
			"Ends with 0 when everything admitted was approved, 3 when something else was admitted, 2 when a log cannot be read\n" +
			"to its end, 1 when something could not be found out.",
		Example: "  modelvet k8s audit-log /var/log/kubernetes/audit*.log* --policy policy.yaml --config webhook.yaml",
		Args:    cobra.MinimumNArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), t, args) },
	}
	f.webhook.judge.addPolicy(cmd)
	_ = cmd.Flags().MarkHidden("stage") // that of each namespace counts
	fl := cmd.Flags()
	fl.StringVar(&f.webhook.config, "config", "webhook.yaml", "what each namespace demands")
	fl.StringSliceVar(&f.webhook.tables, "references", nil, "files with places of your own where models are named")
	fl.StringSliceVar(&f.names, "webhook", []string{webhook.Name}, "names of the webhook in its registration")
	fl.StringSliceVar(&f.namespaces, "namespaces", nil, "namespaces that were gated all the time, with * as in a shell (default: each since the webhook was first asked about it)")
	fl.StringSliceVar(&f.decisions, "decisions", nil, "files and folders with signed decisions, such as OCI layouts, instead of the registry")
	fl.StringVar(&f.output, "output", "table", "table or json")
	fl.StringVar(&f.output, "format", "table", "the same as --output")
	_ = fl.MarkHidden("format")
	return cmd
}

func (f *auditLogFlags) run(ctx context.Context, t *terminal, files []string) error {
	js, err := asJSON(f.output)
	if err != nil {
		return err
	}
	reviewer, judge, err := f.webhook.examiner(ctx, t, f.decisions)
	if err != nil {
		return err
	}
	r := webhook.NewReconciler(reviewer, judge, f.names, f.namespaces)
	p := t.progress()
	defer p.end()
	if err := f.learn(r, p, files); err != nil {
		return err
	}
	log := &auditlog.Reader{}
	for _, name := range files {
		if err := read(log, p, name, func(e *auditlog.Event) error { return r.Add(ctx, e) }); err != nil {
			return err
		}
	}
	switch {
	case log.Events == 0 && log.Lost == 0:
		return usage("%s: there is no event in it; expected JSON lines of audit.k8s.io/v1", strings.Join(files, ", "))
	case log.Events > 0 && !r.Reviewed() && len(f.namespaces) == 0:
		return usage("%d events, and in none of them was the webhook %s asked: name the gated namespaces with --namespaces, or the webhook with --webhook", log.Events, strings.Join(f.names, ", "))
	}
	p.end()
	return t.reconciled(r.Finish(), log, js)
}

// learn looks through the logs a first time, for the namespaces that are gated.
func (f *auditLogFlags) learn(r *webhook.Reconciler, p *progress, files []string) error {
	for _, name := range files {
		for _, only := range f.names {
			if name == "-" {
				continue // can be read once only
			}
			first := &auditlog.Reader{Only: only}
			if err := read(first, p, name, func(e *auditlog.Event) error { r.Learn(e); return nil }); err != nil {
				return err
			}
		}
	}
	return nil
}

func read(log *auditlog.Reader, p *progress, name string, visit func(*auditlog.Event) error) error {
	if name == "-" {
		return log.Read("standard input", p.t.in, visit)
	}
	file, err := os.Open(name)
	if err != nil {
		return usage("%w", err)
	}
	defer file.Close()
	info, err := file.Stat()
	switch {
	case err != nil:
		return usage("%w", err)
	case info.IsDir():
		return usage("%s is a folder; name the files in it", name)
	case p.width == 0:
		return log.Read(name, file, visit)
	}
	p.begin(name)
	return log.Read(name, &counted{file, p, 0, info.Size()}, visit)
}

// counted tells how much of a file has been read.
type counted struct {
	io.Reader
	p           *progress
	done, total int64
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.done += int64(n)
	c.p.step(c.done, c.total)
	return n, err
}

// examiner is the reviewer of the flags, and whom it asks.
func (f *webhookFlags) examiner(ctx context.Context, t *terminal, decisions []string) (*webhook.Reviewer, webhook.Judge, error) {
	config, err := loadWebhookConfig(f.config)
	if err != nil {
		return nil, nil, usage("--config: %w", err)
	}
	table, err := f.table()
	if err != nil {
		return nil, nil, usage("--references: %w", err)
	}
	f.how, f.judge.stage = "decision", config.Namespaces[0].Stage
	j, err := newClusterJudge(ctx, f, t, config)
	if err != nil {
		return nil, nil, err
	}
	var judge webhook.Judge = j
	if len(decisions) > 0 {
		held := &heldJudge{clusterJudge: j}
		if held.bundles, err = readDecisions(decisions); err != nil {
			return nil, nil, err
		}
		judge = held
	}
	now := webhook.DefaultFreshness
	now.Stale = 0 // nobody waits for a pod here: what the registry does not say is not known
	return webhook.NewReviewer(table, j.policy(), config, judge, now, 10_000, nil), judge, nil
}

// heldJudge knows the decisions that lie in files.
type heldJudge struct {
	*clusterJudge
	bundles [][]byte
}

// Facts asks no registry.
func (j *heldJudge) Facts(ctx context.Context, ref string) (webhook.Facts, error) {
	_, digest, _ := strings.Cut(ref, "@")
	s, err := j.gate.At(time.Now()).StandingFrom(ctx, digest, j.bundles)
	return factsOf(s), err
}

const mostDecisions = 512 << 20

// readDecisions collects what looks like a signed statement in files and folders.
func readDecisions(paths []string) (out [][]byte, err error) {
	size := 0
	for _, root := range paths {
		err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			b, err := statementIn(p)
			if err != nil || b == nil {
				return err
			}
			if size += len(b); size > mostDecisions {
				return fmt.Errorf("more than %d MiB of statements", mostDecisions>>20)
			}
			out = append(out, b)
			return nil
		})
		if err != nil {
			return nil, usage("--decisions: %w", err)
		}
	}
	if len(out) == 0 {
		return nil, usage("--decisions: there is no signed statement in %s", strings.Join(paths, ", "))
	}
	return out, nil
}

// statementIn returns nil for what is no bundle, such as weights.
func statementIn(p string) ([]byte, error) {
	f, err := os.Open(p)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil || info.Size() > attest.MaxBundle {
		return nil, err
	}
	b, err := io.ReadAll(f)
	if err != nil || !bytes.HasPrefix(bytes.TrimSpace(b), []byte("{")) || !bytes.Contains(b, []byte(`"dsseEnvelope"`)) {
		return nil, err
	}
	return b, nil
}

// auditReport is what --output json prints (schemas/audit-log.schema.json).
type auditReport struct {
	Schema string `json:"schema"`
	webhook.Reconciliation
	Unreadable int64          `json:"unreadable"` // lines
	Gaps       []auditlog.Gap `json:"gaps"`
	Open       []auditlog.Gap `json:"open"` // last lines that are still being written
}

func (t *terminal) reconciled(c webhook.Reconciliation, log *auditlog.Reader, js bool) error {
	out := auditReport{"https://github.com/modelvet/modelvet/schemas/audit-log/v1", c, log.Lost, log.Gaps, log.Open}
	if out.Gaps == nil {
		out.Gaps = []auditlog.Gap{}
	}
	if out.Open == nil {
		out.Open = []auditlog.Gap{}
	}
	var err error
	if js {
		err = t.json(out)
	} else {
		err = t.auditTable(out)
	}
	if err != nil {
		return err
	}
	ran := c.Counts[webhook.StateUnapproved] + c.Counts[webhook.StateFailedOpen] + c.Counts[webhook.StateUnseen] + c.Counts[webhook.StateUnchecked]
	switch {
	case ran > 0:
		return errDenied
	case log.Lost > 0:
		return usage("%d lines could not be read, the first is %s:%d: %s", log.Lost, log.Gaps[0].File, log.Gaps[0].Line, log.Gaps[0].What)
	case c.Counts[webhook.StateUnknown] > 0:
		return errors.New("it could not be found out of every admission whether it was approved; see the table")
	}
	return nil
}

// admissionStates are how the table calls what became of requests.
var admissionStates = []struct{ state, text string }{
	{webhook.StateApproved, "admitted, each model allowed by a signed decision at that time"},
	{webhook.StateExcepted, "admitted by an exception of webhook.yaml"},
	{webhook.StateNoModel, "admitted, naming no model"},
	{webhook.StateDenied, "refused by modelvet"},
	{webhook.StateRefused, "refused by something else, or failed"},
	{webhook.StateDryRun, "dry runs"},
	{webhook.StateUnapproved, "ADMITTED WITHOUT A DECISION THAT ALLOWS IT"},
	{webhook.StateFailedOpen, "ADMITTED WHILE THE WEBHOOK FAILED OPEN"},
	{webhook.StateUnseen, "ADMITTED UNSEEN, in a gated namespace"},
	{webhook.StateUnchecked, "ADMITTED UNCHECKED, as webhook.yaml says"},
	{webhook.StateUnknown, "admitted, and not known whether approved"},
}

func (t *terminal) auditTable(r auditReport) error {
	fmt.Fprintf(t.out, "%d events from %s to %s; the webhook failed open %d times\n", r.Events, r.From.UTC().Format(time.RFC3339), r.To.UTC().Format(time.RFC3339), r.Rounds)
	var counts [][]string
	for _, s := range admissionStates {
		counts = append(counts, []string{"  " + s.state, strconv.Itoa(r.Counts[s.state]), s.text})
	}
	if err := t.table(counts); err != nil {
		return err
	}
	if len(r.Findings) > 0 {
		fmt.Fprintln(t.out)
		rows := [][]string{{"STATE", "FIRST", "TIMES", "NAMESPACE", "OBJECT", "USER", "WHY"}}
		for _, f := range r.Findings {
			rows = append(rows, []string{f.State, f.First.UTC().Format(time.RFC3339), strconv.Itoa(f.Times), f.Namespace, f.Resource + "/" + f.Name, f.User, f.Why})
		}
		if err := t.table(rows); err != nil {
			return err
		}
	}
	if r.Beyond > 0 {
		fmt.Fprintf(t.out, "... and %d more\n", r.Beyond)
	}
	for _, g := range append(r.Gaps, r.Open...) {
		t.say("%s:%d: %s", g.File, g.Line, g.What)
	}
	return nil
}

var _ webhook.Judge = (*heldJudge)(nil)

// factsOf are what a standing says, in the webhook's words.
func factsOf(s gate.Standing) webhook.Facts {
	facts := webhook.Facts{Digest: s.Digest, Rejected: s.Rejected, Typed: typed(s.Manifest), Until: s.Until}
	for _, d := range s.Decisions {
		facts.Decisions = append(facts.Decisions, essence(d.Decision, d.Bundle, d.Signer.ID()))
	}
	return facts
}
