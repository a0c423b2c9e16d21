// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	admission "k8s.io/api/admission/v1"

	"github.com/modelvet/modelvet/webhook/references"
)

// Reviewer answers reviews. Config may be replaced while it works.
type Reviewer struct {
	Table  references.Table
	Policy string // digest of the policy by which decisions must have been taken
	Now    func() time.Time

	mu     sync.RWMutex
	config Config
	facts  *facts
}

// NewReviewer makes a reviewer that keeps at most so many facts.
func NewReviewer(t references.Table, policy string, c Config, j Judge, f Freshness, most int, m *Metrics) *Reviewer {
	return &Reviewer{Table: t, Policy: policy, Now: time.Now, config: c, facts: newFacts(j, f, most, time.Now, m)}
}

// Configure replaces what is demanded.
func (r *Reviewer) Configure(c Config) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.config = c
}

func (r *Reviewer) current() Config {
	r.mu.RLock()
	defer r.mu.RUnlock()
	return r.config
}

// finding is what came of one reference.
type finding struct {
	ref       references.Reference
	problem   string // empty: it may run
	cause     Cause  // of the problem
	action    string // deny, warn, allow
	hint      string // the pinned reference to write instead
	digest    string // of the model
	decision  *Decision
	stale     time.Duration
	transient bool // asking again may help
	exception string
	warning   string
}

// Review is a verdict on one request, and how it came about.
type Review struct {
	Response admission.AdmissionResponse
	Findings []finding
	Mode     Mode
	Verdict  string // allowed, denied, warned, observed, skipped
}

// Review answers one request. It never fails: what goes wrong is a denial.
func (r *Reviewer) Review(ctx context.Context, req *admission.AdmissionRequest) Review {
	c := r.current()
	demand, known := c.demand(req.Namespace)
	if req.Operation == admission.Delete || req.Operation == admission.Connect {
		return Review{Response: admission.AdmissionResponse{UID: req.UID, Allowed: true}, Mode: demand.Mode, Verdict: "skipped"}
	}
	findings := r.look(ctx, c, req.Namespace, req.Kind.Group, req.Kind.Kind, req.Object.Raw)
	if req.Operation == admission.Update && known {
		r.forgive(req, findings)
	}
	return conclude(req, demand, c, findings)
}

// look judges an object, whether it is about to be admitted or runs already.
func (r *Reviewer) look(ctx context.Context, c Config, namespace, group, kind string, raw []byte) []finding {
	demand, known := c.demand(namespace)
	refs, err := r.find(group, kind, raw)
	if err != nil {
		return []finding{{problem: err.Error(), cause: Unreadable, action: "deny"}}
	}
	if len(refs) > 0 && !known {
		return []finding{{ref: refs[0], cause: Unreadable, problem: fmt.Sprintf("the webhook's configuration says nothing about namespace %q; add it under namespaces", namespace), action: "deny"}}
	}
	return r.examine(ctx, c, demand, namespace, refs)
}

func (r *Reviewer) find(group, kind string, raw []byte) ([]references.Reference, error) {
	var object map[string]any
	if len(raw) == 0 {
		return nil, fmt.Errorf("the request holds no object")
	}
	if err := json.Unmarshal(raw, &object); err != nil {
		return nil, fmt.Errorf("reading the object: %w", err)
	}
	if object == nil {
		return nil, errors.New("the request holds no object")
	}
	return r.Table.Find(group, kind, object)
}

// forgive lets an update pass that adds no reference: refusing it would keep
// controllers from finishing, and the pods that follow are checked themselves.
func (r *Reviewer) forgive(req *admission.AdmissionRequest, findings []finding) {
	old, err := r.find(req.Kind.Group, req.Kind.Kind, req.OldObject.Raw)
	if err != nil {
		return
	}
	had := map[string]bool{}
	for _, o := range old {
		had[o.Path+"\x00"+o.Value+"\x00"+o.Unresolved] = true
	}
	for i := range findings {
		f := &findings[i]
		if f.action == "deny" && f.ref.Path != "" && had[f.ref.Path+"\x00"+f.ref.Value+"\x00"+f.ref.Unresolved] {
			f.action = "warn"
			f.problem = "unchanged by this update, else it would be refused: " + f.problem
		}
	}
}

// examine looks at every reference; the same artifact is asked for once.
func (r *Reviewer) examine(ctx context.Context, c Config, demand Namespace, namespace string, refs []references.Reference) []finding {
	out := make([]finding, len(refs))
	var wait sync.WaitGroup
	slots := make(chan struct{}, 8)
	for i, ref := range refs {
		if ref.OCI == "" {
			out[i] = r.unresolved(c, demand, namespace, ref)
			continue
		}
		slots <- struct{}{}
		wait.Go(func() {
			defer func() { <-slots }()
			defer func() {
				if p := recover(); p != nil {
					out[i] = finding{ref: ref, action: "deny", cause: Unreadable, problem: fmt.Sprintf("internal error: %v", p)}
				}
			}()
			out[i] = r.artifact(ctx, c, demand, ref)
		})
	}
	wait.Wait()
	return out
}

func (r *Reviewer) unresolved(c Config, demand Namespace, namespace string, ref references.Reference) finding {
	f := finding{ref: ref, problem: ref.Unresolved, cause: Unchecked}
	action := demand.Unresolved
	if ref.Confidence == references.Inferred {
		action = demand.Inferred
	}
	if action == "" {
		action = "deny"
	}
	switch {
	case ref.Object:
		f.problem, f.cause, f.action = "", "", "allow"
		return f
	case ref.Weak && action == "deny":
		action = "warn"
	}
	if e, ok := c.exception(namespace, ref.Value, r.Now()); ok {
		f.exception = e.Reason
		f.warning = fmt.Sprintf("%s is not checked: exception until %s (%s)", clip(ref.Value, 100), e.Until.Format(time.DateOnly), e.Reason)
		f.problem, f.cause, action = "", "", "allow"
	}
	f.action = action
	return f
}

// artifact compares what is known of an artifact with what is demanded.
func (r *Reviewer) artifact(ctx context.Context, c Config, demand Namespace, ref references.Reference) finding {
	f := finding{ref: ref, action: "deny"}
	repository, digest, pinned := cutDigest(ref.OCI)
	if len(demand.Repositories) > 0 && !slices.ContainsFunc(demand.Repositories, func(p string) bool { return within(repository, p) }) {
		f.cause = Repository
		f.problem = "this namespace may use models from " + strings.Join(demand.Repositories, ", ") + " only"
		return f
	}
	ask := ref.OCI
	if pinned {
		f.digest, ask = digest, repository+"@"+digest
	}
	known, stale, err := r.facts.get(ctx, ask)
	if err != nil {
		f.problem, f.cause, f.transient = err.Error(), Missing, !isDefinitive(err)
		if f.transient {
			f.cause = Unavailable
		}
		return f
	}
	f.digest, f.stale = known.Digest, stale
	d, cause, problem := r.standing(c, demand.Stage, known, r.Now())
	f.decision, f.cause, f.problem = d, cause, problem
	switch {
	case pinned && known.Digest != digest:
		f.cause, f.problem = Missing, fmt.Sprintf("the registry answers with %s", known.Digest)
	case problem == "" && !pinned:
		f.cause = Unpinned
		f.problem = "it is not pinned by digest, so that what was approved and what will run can differ"
		f.hint = pin(ref, repository, known.Digest)
	case problem == "":
		f.action = "allow"
		if ref.ImageMount && known.Typed {
			f.warning = "this is a typed artifact, not an image: containerd mounts it as an EMPTY folder, silently; pack it with an image layout for image volumes"
		}
	}
	return f
}

func isDefinitive(err error) bool {
	var final definitive
	return errors.As(err, &final)
}
