// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"context"
	"crypto/sha256"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

// The shape of a PolicyReport, wgpolicyk8s.io/v1alpha2
// (https://github.com/kubernetes-sigs/wg-policy-prototypes). There is one for
// each gated namespace, and one for the cluster's own objects.
type policyReport struct {
	APIVersion string         `json:"apiVersion"`
	Kind       string         `json:"kind"`
	Metadata   reportMeta     `json:"metadata"`
	Summary    reportSummary  `json:"summary"`
	Results    []reportResult `json:"results"`
}

type reportMeta struct {
	Name      string            `json:"name"`
	Namespace string            `json:"namespace,omitempty"`
	Labels    map[string]string `json:"labels"`
}

type reportSummary struct {
	Pass  int `json:"pass"`
	Fail  int `json:"fail"`
	Warn  int `json:"warn"`
	Error int `json:"error"`
	Skip  int `json:"skip"`
}

// reportResult carries no time: a report that says the same as before is not
// written again.
type reportResult struct {
	Source     string            `json:"source"`
	Policy     string            `json:"policy"`
	Rule       string            `json:"rule,omitempty"`
	Category   string            `json:"category"`
	Severity   string            `json:"severity"`
	Result     string            `json:"result"`
	Message    string            `json:"message"`
	Resources  []objectReference `json:"resources"`
	Properties map[string]string `json:"properties,omitempty"`
}

type objectReference struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace,omitempty"`
	Name       string `json:"name"`
	UID        string `json:"uid,omitempty"`
}

// mostResults bounds one report: etcd takes no object beyond 1.5 MB.
const mostResults = 500

const category = "Machine-learning models"

const reportsPath = "/apis/wgpolicyk8s.io/v1alpha2"

// ErrNoReports says that the cluster does not know PolicyReports.
var ErrNoReports = fmt.Errorf("the cluster has no PolicyReports (wgpolicyk8s.io/v1alpha2), so that none were written; install the definitions of https://github.com/kubernetes-sigs/wg-policy-prototypes")

// Report writes what an audit found as PolicyReports, by server-side apply. It
// needs to create and patch them, and reads nothing.
func (a *Auditor) Report(ctx context.Context, found Audit) error {
	err := a.API.Do(ctx, http.MethodGet, reportsPath, "", nil, nil)
	if statusOf(err) == http.StatusNotFound {
		return ErrNoReports
	}
	if err != nil {
		return fmt.Errorf("looking for PolicyReports: %w", err)
	}
	for _, ns := range append(slices.Clone(found.Namespaces), "") {
		r := a.report(found, ns)
		path := reportsPath + "/namespaces/" + ns + "/policyreports/" + r.Metadata.Name
		if ns == "" {
			path = reportsPath + "/clusterpolicyreports/" + r.Metadata.Name
		}
		if err := a.API.Do(ctx, http.MethodPatch, path+"?fieldManager=modelvet&force=true", "application/apply-patch+yaml", r, nil); err != nil {
			return fmt.Errorf("writing the policy report of namespace %q: %w", ns, err)
		}
	}
	return nil
}

func (a *Auditor) report(found Audit, namespace string) policyReport {
	r := policyReport{APIVersion: "wgpolicyk8s.io/v1alpha2", Kind: "PolicyReport", Results: []reportResult{}, Summary: reportSummary{Pass: found.pass[namespace]}}
	r.Metadata = reportMeta{Name: "modelvet", Namespace: namespace, Labels: map[string]string{"app.kubernetes.io/managed-by": "modelvet"}}
	if namespace == "" {
		r.Kind = "ClusterPolicyReport"
	}
	demand, _ := a.current().demand(namespace)
	if len(found.Problems) > 0 { // so that fewer results do not look like fewer models
		r.Summary.Error++
		r.Results = append(r.Results, reportResult{Source: "modelvet", Policy: "modelvet", Rule: "incomplete", Category: category, Severity: "medium", Result: "error",
			Message: clip(fmt.Sprintf("%d parts of the cluster could not be looked at, the first: %s", len(found.Problems), found.Problems[0]), 1000), Resources: []objectReference{}})
	}
	for _, h := range found.Held {
		if h.Namespace != namespace {
			continue
		}
		r.Summary.count(h.Result)
		if len(r.Results) < mostResults {
			r.Results = append(r.Results, h.result(demand.Stage))
		}
	}
	return r
}

func (s *reportSummary) count(result string) {
	switch result {
	case "fail":
		s.Fail++
	case "warn":
		s.Warn++
	case "error":
		s.Error++
	case "skip":
		s.Skip++
	}
}

func (h Held) result(stage string) reportResult {
	severity := map[string]string{"fail": "high", "warn": "medium", "error": "medium"}[h.Result]
	if severity == "" {
		severity = "low" // earlier definitions of v1alpha2 know high, medium and low only
	}
	out := reportResult{
		Source: "modelvet", Policy: strings.TrimSuffix("modelvet/"+stage, "/"), Category: category, Severity: severity,
		Result: h.Result, Message: h.Why, Resources: []objectReference{h.reference()}, Properties: map[string]string{},
	}
	if len(h.Causes) > 0 {
		out.Rule = string(h.Causes[0])
	}
	for key, list := range map[string][]string{"models": h.Models, "decisions": h.Decisions} {
		if len(list) > 0 {
			out.Properties[key] = clip(strings.Join(list, " "), 1000)
		}
	}
	return out
}

func (h Held) reference() objectReference {
	return objectReference{APIVersion: strings.TrimPrefix(h.Group+"/"+h.Version, "/"), Kind: h.Kind, Namespace: h.Namespace, Name: h.Name, UID: h.UID}
}

// event is what `kubectl describe` shows beside an object (core/v1 Event).
type event struct {
	APIVersion string            `json:"apiVersion"`
	Kind       string            `json:"kind"`
	Metadata   map[string]string `json:"metadata"`
	Involved   objectReference   `json:"involvedObject"`
	Reason     string            `json:"reason"`
	Message    string            `json:"message"`
	Type       string            `json:"type"`
	Source     map[string]string `json:"source"`
	First      time.Time         `json:"firstTimestamp"`
	Last       time.Time         `json:"lastTimestamp"`
	Count      int               `json:"count"`
}

// Events tells of every object that may not run in its namespace. The name of an
// event follows from what it says, so that it is there once until it is
// forgotten (an hour, by default) and nothing needs to be read or remembered.
func (a *Auditor) Events(ctx context.Context, found Audit) error {
	for _, h := range found.Held {
		if h.Result != "fail" || h.Namespace == "" || len(h.Causes) == 0 {
			continue
		}
		err := a.API.Do(ctx, http.MethodPost, "/api/v1/namespaces/"+h.Namespace+"/events", "application/json", h.event(found.At), nil)
		if s := statusOf(err); err != nil && s != http.StatusConflict && s != http.StatusNotFound { // there already, or the namespace is gone
			return fmt.Errorf("telling of %s %s/%s: %w", h.Kind, h.Namespace, h.Name, err)
		}
	}
	return nil
}

func (h Held) event(at time.Time) event {
	reason := ""
	for word := range strings.SplitSeq(string(h.Causes[0]), "-") {
		if word != "" {
			reason += strings.ToUpper(word[:1]) + word[1:]
		}
	}
	at = at.Truncate(time.Second)
	name := fmt.Sprintf("%.200s.%x", h.Name, sha256.Sum256([]byte(h.UID+"\x00"+reason+"\x00"+h.Why)))[:min(len(h.Name), 200)+17]
	return event{
		APIVersion: "v1", Kind: "Event", Metadata: map[string]string{"name": name, "namespace": h.Namespace}, Involved: h.reference(),
		Reason: "Model" + reason, Message: clipLines("modelvet: "+h.Why, 1000), Type: "Warning",
		Source: map[string]string{"component": "modelvet"}, First: at, Last: at, Count: 1,
	}
}
