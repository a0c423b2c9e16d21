// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"
)

// API asks a Kubernetes API server. The error of an answer tells its status by
// a method Status() int.
type API interface {
	Do(ctx context.Context, method, path, contentType string, in, out any) error
}

// Auditor judges what is in the cluster already, through the same table and the
// same law as admission: models whose decision has expired or was taken back
// since, and what was there before the gate.
type Auditor struct {
	*Reviewer
	API      API
	Selector string // of the namespaces that are gated: "modelvet/enforce=true"
}

// Held is one object that is in the cluster and may not be, or of which that is
// not known.
type Held struct {
	Namespace string   `json:"namespace"` // empty: of the cluster
	Group     string   `json:"group"`
	Version   string   `json:"version"`
	Kind      string   `json:"kind"`
	Name      string   `json:"name"`
	UID       string   `json:"uid"`
	Result    string   `json:"result"` // fail, warn, error, skip, as in PolicyReports
	Causes    []Cause  `json:"causes"` // worst first
	Models    []string `json:"models"`
	Decisions []string `json:"decisions"`
	Why       string   `json:"why"`
}

// Audit is what came of one walk through the cluster.
type Audit struct {
	At         time.Time      `json:"at"`
	Namespaces []string       `json:"namespaces"` // gated
	Objects    int            `json:"objects"`    // looked at
	Results    map[string]int `json:"results"`    // pass, fail, warn, error, skip, and none for those that name no model
	Causes     map[Cause]int  `json:"causes"`     // of objects, by their worst
	Held       []Held         `json:"held"`       // all but pass and none
	Beyond     int            `json:"heldBeyond"`
	Problems   []string       `json:"problems"` // what could not be looked at

	pass map[string]int // by namespace
}

// mostHeld bounds what one audit lists.
const mostHeld = 20_000

// Run walks once through all namespaces that are gated, and through the
// cluster's own objects. What it cannot list is a problem of the result, which
// is then worth less; an error is that it could not even begin.
func (a *Auditor) Run(ctx context.Context) (Audit, error) {
	out := Audit{At: a.Now().UTC(), Namespaces: []string{}, Results: map[string]int{}, Causes: map[Cause]int{}, Held: []Held{}, Problems: []string{}, pass: map[string]int{}}
	err := a.list(ctx, "/api/v1/namespaces?labelSelector="+url.QueryEscape(a.Selector), func(raw json.RawMessage) {
		out.Namespaces = append(out.Namespaces, metaOf(raw).Name)
	})
	if err != nil {
		return out, fmt.Errorf("listing the gated namespaces: %w", err)
	}
	slices.Sort(out.Namespaces)
	kinds, problems := a.kinds(ctx)
	out.Problems = append(out.Problems, problems...)
	for _, k := range kinds {
		places := out.Namespaces
		if !k.Namespaced {
			places = []string{""}
		}
		for _, ns := range places {
			err := a.list(ctx, k.path(ns), func(raw json.RawMessage) { a.judge(ctx, &out, k, ns, raw) })
			if ctx.Err() != nil {
				return out, fmt.Errorf("auditing the cluster: %w", ctx.Err())
			}
			if err != nil {
				out.Problems = append(out.Problems, fmt.Sprintf("%s in namespace %q: %v", k.resource, ns, err))
			}
		}
	}
	slices.SortFunc(out.Held, func(a, b Held) int {
		return cmp.Or(cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(rank(a), rank(b)), cmp.Compare(a.Group, b.Group), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Name, b.Name))
	})
	return out, nil
}

// worst first
var causes = []Cause{Revoked, NoDecision, Refused, Expired, Missing, Repository, Unpinned, Unchecked, Unreadable, Unavailable}

func rank(h Held) int {
	if len(h.Causes) == 0 {
		return len(causes)
	}
	return slices.Index(causes, h.Causes[0])
}

// judge takes one object into the result.
func (a *Auditor) judge(ctx context.Context, out *Audit, k kind, namespace string, raw json.RawMessage) {
	if idle(k.Kind, raw) {
		return
	}
	out.Objects++
	m := metaOf(raw)
	h := held(a.look(ctx, a.current(), namespace, k.group, k.Kind, raw))
	out.Results[h.Result]++
	if len(h.Causes) > 0 {
		out.Causes[h.Causes[0]]++
	}
	switch {
	case h.Result == "pass":
		out.pass[namespace]++
	case h.Result == "none":
	case len(out.Held) >= mostHeld:
		out.Beyond++
	default:
		h.Namespace, h.Group, h.Version, h.Kind, h.Name, h.UID = namespace, k.group, k.version, k.Kind, m.Name, m.UID
		out.Held = append(out.Held, h)
	}
}

// held sums up the findings about one object.
func held(findings []finding) Held {
	h := Held{Result: "none", Causes: []Cause{}, Models: []string{}, Decisions: []string{}}
	var why []string
	for _, f := range findings {
		if f.ref.Weak && f.action != "deny" || f.problem == "" && f.ref.Object {
			continue
		}
		h.Result = worse(h.Result, result(f))
		if f.digest != "" {
			h.Models = append(h.Models, f.digest)
		}
		if f.decision != nil && f.decision.Digest != "" {
			h.Decisions = append(h.Decisions, f.decision.Digest)
		}
		if f.problem != "" {
			h.Causes = append(h.Causes, f.cause)
			why = append(why, fmt.Sprintf("%s: %s: %s", clip(f.ref.Path, 120), clip(f.ref.Value, 200), clip(f.problem, 400)))
		}
		if f.warning != "" {
			why = append(why, clip(f.ref.Path, 120)+": "+f.warning)
		}
	}
	slices.SortFunc(h.Causes, func(a, b Cause) int { return cmp.Compare(slices.Index(causes, a), slices.Index(causes, b)) })
	h.Causes = slices.Compact(h.Causes)
	h.Models, h.Decisions = distinct(h.Models), distinct(h.Decisions)
	h.Why = clipLines(strings.Join(why, "; "), 1000)
	return h
}

func distinct(all []string) []string {
	slices.Sort(all)
	return slices.Compact(all)
}

// result is that of one finding, in the words of PolicyReports.
func result(f finding) string {
	switch {
	case f.exception != "":
		return "skip"
	case f.problem == "":
		return "pass"
	case f.transient || f.cause == Unreadable:
		return "error"
	case f.action == "deny":
		return "fail"
	case f.action == "warn":
		return "warn"
	}
	return "skip"
}

func worse(a, b string) string {
	order := []string{"none", "pass", "skip", "warn", "error", "fail"}
	if slices.Index(order, a) > slices.Index(order, b) {
		return a
	}
	return b
}

// idle tells what runs nothing any more: a pod that has ended, the replica set
// of an earlier revision.
func idle(kind string, raw json.RawMessage) bool {
	var o struct {
		Spec   struct{ Replicas *int }
		Status struct {
			Phase    string
			Replicas int
		}
	}
	if json.Unmarshal(raw, &o) != nil {
		return false
	}
	switch kind {
	case "Pod":
		return o.Status.Phase == "Succeeded" || o.Status.Phase == "Failed"
	case "ReplicaSet", "ReplicationController":
		return o.Spec.Replicas != nil && *o.Spec.Replicas == 0 && o.Status.Replicas == 0
	}
	return false
}

type objectMeta struct{ Name, UID string }

func metaOf(raw json.RawMessage) objectMeta {
	var o struct{ Metadata objectMeta }
	_ = json.Unmarshal(raw, &o) // an object without a name is reported without one
	return o.Metadata
}

// list calls visit for every object, page after page. A list that has become
// too old between two pages begins again, three times at most; an object that
// was visited is not visited again.
func (a *Auditor) list(ctx context.Context, path string, visit func(json.RawMessage)) error {
	sep := "?"
	if strings.Contains(path, "?") {
		sep = "&"
	}
	seen := map[string]bool{}
	next, again := "", 0
	for {
		var page struct {
			Metadata struct{ Continue string }
			Items    []json.RawMessage
		}
		err := a.API.Do(ctx, http.MethodGet, path+sep+"limit=100&continue="+url.QueryEscape(next), "", nil, &page)
		if statusOf(err) == http.StatusGone && again < 3 {
			next, again = "", again+1
			continue
		}
		if err != nil {
			return err
		}
		for _, item := range page.Items {
			if uid := metaOf(item).UID; uid == "" || !seen[uid] {
				seen[uid] = true
				visit(item)
			}
		}
		if next = page.Metadata.Continue; next == "" {
			return nil
		}
	}
}

func statusOf(err error) int {
	var answer interface{ Status() int }
	if errors.As(err, &answer) {
		return answer.Status()
	}
	return 0
}
