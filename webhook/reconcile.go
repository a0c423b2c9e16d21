// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"cmp"
	"context"
	"fmt"
	"hash/maphash"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/modelvet/modelvet/webhook/auditlog"
)

// What became of a request that concerns models.
const (
	StateApproved   = "approved"   // admitted, and a signed decision allowed each model at that time
	StateExcepted   = "excepted"   // admitted by an exception of webhook.yaml
	StateNoModel    = "no-model"   // admitted; it names no model
	StateDenied     = "denied"     // refused by modelvet
	StateRefused    = "refused"    // refused by something else, or failed
	StateDryRun     = "dry-run"    // nothing was kept
	StateUnapproved = "unapproved" // admitted without a signed decision that allowed it
	StateFailedOpen = "failed-open"
	StateUnseen     = "unseen"    // admitted in a gated namespace, and no webhook was asked
	StateUnchecked  = "unchecked" // admitted because the configuration lets pass what cannot be checked
	StateUnknown    = "unknown"   // admitted, and nothing more can be said
)

// bad are the states in which something unapproved may run, worst first.
var bad = []string{StateUnapproved, StateFailedOpen, StateUnseen, StateUnchecked, StateUnknown}

// Admitted is one object, or several alike, that the log shows to have been
// admitted and that no signed decision covers.
type Admitted struct {
	State     string    `json:"state"`
	Namespace string    `json:"namespace"`
	Resource  string    `json:"resource"` // pods, deployments.apps
	Name      string    `json:"name"`     // empty: the API server made one up
	User      string    `json:"user"`
	First     time.Time `json:"first"`
	Last      time.Time `json:"last"`
	Times     int       `json:"times"`
	Models    []string  `json:"models"`
	Why       string    `json:"why"`
	AuditID   string    `json:"auditId"` // of the first
}

// Reconciliation is what a log says beside what was signed.
type Reconciliation struct {
	From     time.Time      `json:"from"`
	To       time.Time      `json:"to"`
	Events   int64          `json:"events"`
	Rounds   int            `json:"failedOpenRounds"` // of our webhook
	Counts   map[string]int `json:"counts"`
	Findings []Admitted     `json:"findings"`
	Beyond   int            `json:"findingsBeyond"` // more kinds of findings than are listed
}

// Reconciler compares an API server's audit log with signed decisions: what was
// admitted with what was approved at that time. It believes the log, which only
// the API server writes, and of a decision only what verifies.
type Reconciler struct {
	*Reviewer
	Judge Judge
	Names []string // of the webhook
	Gated []string // patterns of namespaces that are gated; others are once the webhook was asked about them

	out    Reconciliation
	seed   maphash.Seed
	seen   map[uint64]bool
	facts  map[string]known
	groups map[string]*Admitted
	since  map[string]time.Time // when the webhook was first asked about a namespace
}

type known struct {
	Facts
	err error
}

// The memory of a reconciliation is bounded by these.
const (
	mostFindings   = 20_000
	mostRemembered = 2 << 20 // events, against counting the same line of two rotated files twice
)

// NewReconciler compares by what r demands.
func NewReconciler(r *Reviewer, j Judge, names, gated []string) *Reconciler {
	return &Reconciler{
		Reviewer: r, Judge: j, Names: names, Gated: gated, out: Reconciliation{Counts: map[string]int{}, Findings: []Admitted{}},
		seed: maphash.MakeSeed(), seen: map[uint64]bool{}, facts: map[string]known{}, groups: map[string]*Admitted{}, since: map[string]time.Time{},
	}
}

// Add takes one event.
func (r *Reconciler) Add(ctx context.Context, e *auditlog.Event) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	r.out.Events++
	if r.out.From.IsZero() || e.Received.Before(r.out.From) {
		r.out.From = e.Received
	}
	if e.At.After(r.out.To) {
		r.out.To = e.At
	}
	notes, failed := r.Learn(e)
	ours := len(notes) > 0 || failed > 0
	if e.Stage != "ResponseComplete" && e.Stage != "Panic" || !ours && !r.gatedObject(e) || r.twice(e) {
		return nil
	}
	r.out.Rounds += failed
	state, why, models := r.state(ctx, e, notes, failed)
	if state == "" {
		return nil
	}
	r.count(e, state, why, models)
	return nil
}

// Learn notices which namespaces are gated, and since when: those for which the
// webhook was asked. Whoever can read a log twice calls it for every event first,
// so that an object counts as unseen even if it came before in another file.
func (r *Reconciler) Learn(e *auditlog.Event) (map[string]string, int) {
	notes, failed := r.notes(e)
	if len(notes) > 0 || failed > 0 {
		if at, ok := r.since[e.Object.Namespace]; !ok || e.At.Before(at) {
			r.since[e.Object.Namespace] = e.At
		}
	}
	return notes, failed
}

// notes are the annotations of our webhook, and how often it failed open.
// https://kubernetes.io/docs/reference/labels-annotations-taints/audit-annotations/
func (r *Reconciler) notes(e *auditlog.Event) (map[string]string, int) {
	out, failed := map[string]string{}, 0
	for k, v := range e.Annotations {
		if strings.HasPrefix(k, "failed-open.validating.webhook.admission.k8s.io/round_") && slices.Contains(r.Names, v) {
			failed++
		}
		for _, name := range r.Names {
			if key, ok := strings.CutPrefix(k, name+"/"); ok {
				out[key] = v
			}
		}
	}
	return out, failed
}

// twice tells whether the very event was there before, as in a rotated file and
// its copy. The audit id alone would not do: a client may choose it.
func (r *Reconciler) twice(e *auditlog.Event) bool {
	if len(r.seen) >= mostRemembered {
		return false
	}
	h := maphash.String(r.seed, strings.Join([]string{e.AuditID, e.Stage, e.RequestURI, e.User.Username, e.Received.String(), e.At.String(), fmt.Sprint(e.Annotations)}, "\x00"))
	if r.seen[h] {
		return true
	}
	r.seen[h] = true
	return false
}

// gatedObject tells whether the webhook's rules cover a request.
func (r *Reconciler) gatedObject(e *auditlog.Event) bool {
	switch e.Verb {
	case "create", "update", "patch":
		return r.gated(e.Object.Namespace, e.At) && r.Table.Gates(e.Object.Group, e.Object.Resource, e.Object.Subresource)
	}
	return false
}

// state says what became of a request. An empty state concerns nobody here.
func (r *Reconciler) state(ctx context.Context, e *auditlog.Event, notes map[string]string, failed int) (state, why string, models []string) {
	models = strings.Fields(notes[noteModels])
	switch {
	case e.DryRun():
		return StateDryRun, "", nil
	case e.Response.Code >= http.StatusBadRequest && (notes[noteVerdict] == "denied" || strings.Contains(e.Response.Message, "modelvet")):
		return StateDenied, "", nil
	case e.Response.Code >= http.StatusBadRequest:
		return StateRefused, "", nil
	case e.Stage == "Panic":
		return StateUnknown, "the API server panicked; whether the object was kept is not in the log", models
	case notes[noteVerdict] == "denied":
		return StateUnknown, "modelvet denied it, and the log says that it was admitted", models
	case failed > 0 && notes[noteVerdict] == "":
		return r.unreviewed(ctx, e, StateFailedOpen, "the webhook did not answer, and failurePolicy Ignore let it in")
	case notes[noteVerdict] == "":
		return r.unreviewed(ctx, e, StateUnseen, "the webhook was not asked: it was not registered, or the namespace had no label")
	}
	state, why = r.reviewed(ctx, e, notes)
	return state, why, models
}

// reviewed compares an admission that the webhook answered for with what was signed.
func (r *Reconciler) reviewed(ctx context.Context, e *auditlog.Event, notes map[string]string) (state, why string) {
	references := strings.Fields(notes[noteReferences])
	switch v := notes[noteVerdict]; {
	case v == "skipped":
		return StateNoModel, ""
	case v == "warned", v == "observed":
		return StateUnapproved, fmt.Sprintf("the mode %s let it in: %s", notes[noteMode], notes[noteProblems])
	case v != "allowed":
		return StateUnknown, fmt.Sprintf("the webhook's verdict is %.40q, which this version does not know", v)
	case notes[noteUnchecked] != "":
		return StateUnchecked, notes[noteUnchecked]
	case notes[noteCut] != "":
		return StateUnknown, "it names so many models that the log does not list all of them"
	case len(references) == 0 && notes[noteModels] != "":
		return StateUnknown, "the log does not say in which repository the models are"
	case len(references) == 0 && notes[noteExceptions] != "":
		return StateExcepted, ""
	case len(references) == 0:
		return StateNoModel, ""
	}
	for _, ref := range references {
		if state, why := r.approved(ctx, ref, notes[noteStage], e.At); state != StateApproved {
			return state, why
		}
	}
	if notes[noteExceptions] != "" {
		return StateExcepted, ""
	}
	return StateApproved, ""
}

// approved asks whether a signed decision allowed a model at a moment.
func (r *Reconciler) approved(ctx context.Context, ref, stage string, at time.Time) (state, why string) {
	k, ok := r.facts[ref]
	if !ok {
		k.Facts, k.err = r.Judge.Facts(ctx, ref)
		r.facts[ref] = k
	}
	if k.err != nil {
		return StateUnknown, fmt.Sprintf("%s: %v", ref, k.err)
	}
	then := k.Facts
	then.Decisions = nil
	for _, d := range k.Decisions {
		if !d.At.After(at.Add(5 * time.Minute)) {
			then.Decisions = append(then.Decisions, d)
		}
	}
	c := r.current()
	c.Revoked = nil // what is revoked today was approved then; the audit of what runs is about today
	if _, _, problem := r.standing(c, stage, then, at); problem != "" {
		return StateUnapproved, fmt.Sprintf("%s: %s", ref, problem)
	}
	return StateApproved, ""
}

// unreviewed looks itself at an object that no webhook saw, if the log holds it.
func (r *Reconciler) unreviewed(ctx context.Context, e *auditlog.Event, state, why string) (string, string, []string) {
	group, kind, raw := object(e)
	if raw == nil {
		return state, why + "; the log holds no object (audit level Metadata), so that what it names is not known", nil
	}
	refs, err := r.find(group, kind, raw)
	if err != nil {
		return state, why + "; " + err.Error(), nil
	}
	c := r.current()
	demand, known := c.demand(e.Object.Namespace)
	models, all := []string{}, true
	for _, ref := range refs {
		repository, digest, pinned := cutDigest(ref.OCI)
		switch {
		case ref.Object || ref.Weak:
			continue
		case !pinned || !known:
			models, all = append(models, clip(ref.Value, 200)), false
			continue
		}
		models = append(models, digest)
		if s, reason := r.approved(ctx, repository+"@"+digest, demand.Stage, e.At); s != StateApproved {
			why, all = why+"; "+reason, false
		}
	}
	switch {
	case len(models) == 0:
		return StateNoModel, "", nil
	case all:
		return StateApproved, "", nil
	}
	return state, why, models
}

// count keeps findings that are alike together.
func (r *Reconciler) count(e *auditlog.Event, state, why string, models []string) {
	if models == nil {
		models = []string{}
	}
	f := Admitted{
		State: state, Namespace: e.Object.Namespace, Resource: resource(e), Name: e.Object.Name, User: clip(e.Who(), 200),
		First: e.At, Last: e.At, Times: 1, Models: models, Why: clip(why, 1000), AuditID: clip(e.AuditID, 100),
	}
	r.out.Counts[state]++
	if !slices.Contains(bad, state) {
		return
	}
	key := strings.Join([]string{state, f.Namespace, f.Resource, f.Name, f.User, f.Why, strings.Join(models, " ")}, "\x00")
	g := r.groups[key]
	switch {
	case g == nil && len(r.groups) >= mostFindings:
		r.out.Beyond++
	case g == nil:
		r.groups[key] = &f
	default:
		g.Times++
		if f.Last.After(g.Last) {
			g.Last = f.Last
		}
		if f.First.Before(g.First) {
			g.First, g.AuditID = f.First, f.AuditID
		}
	}
}

func resource(e *auditlog.Event) string {
	out := e.Object.Resource
	if e.Object.Group != "" {
		out += "." + e.Object.Group
	}
	if e.Object.Subresource != "" {
		out += "/" + e.Object.Subresource
	}
	return clip(out, 300)
}

// Finish says what came of it.
func (r *Reconciler) Finish() Reconciliation {
	for _, g := range r.groups {
		r.out.Findings = append(r.out.Findings, *g)
	}
	slices.SortFunc(r.out.Findings, func(a, b Admitted) int {
		return cmp.Or(cmp.Compare(slices.Index(bad, a.State), slices.Index(bad, b.State)), a.First.Compare(b.First),
			cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Resource, b.Resource), cmp.Compare(a.Name, b.Name), cmp.Compare(a.AuditID, b.AuditID))
	})
	return r.out
}

// gated tells whether a namespace is known to have been gated at a moment.
func (r *Reconciler) gated(namespace string, at time.Time) bool {
	if slices.ContainsFunc(r.Gated, func(p string) bool { return glob(p, namespace) }) {
		return true
	}
	since, ok := r.since[namespace]
	return ok && !at.Before(since)
}

// Reviewed tells whether the log shows the webhook at work at all.
func (r *Reconciler) Reviewed() bool { return len(r.since) > 0 }
