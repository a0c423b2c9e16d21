// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	admission "k8s.io/api/admission/v1"
	meta "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// The limits of what is read: an event keeps 1,024 bytes of a message, so that
// what to do stands first; a warning beyond 256 bytes may be cut (KEP-1693).
const (
	mostMessage = 4000
	mostWarning = 256
	mostWarns   = 10
)

// conclude turns findings into the response that the mode of the namespace asks for.
func conclude(req *admission.AdmissionRequest, demand Namespace, c Config, findings []finding) Review {
	v := Review{Findings: findings, Mode: demand.Mode, Verdict: "allowed"}
	v.Response = admission.AdmissionResponse{UID: req.UID, Allowed: true, AuditAnnotations: notes(demand, findings)}
	var against []finding
	for _, f := range findings {
		if f.problem != "" && f.action == "deny" {
			against = append(against, f)
		}
	}
	switch {
	case len(findings) == 0:
		v.Verdict = "skipped"
	case len(against) == 0:
	case demand.Mode == Enforce:
		v.Verdict, v.Response.Allowed = "denied", false
		v.Response.Result = status(c, demand, against)
	case demand.Mode == Warn:
		v.Verdict = "warned"
	default:
		v.Verdict = "observed"
	}
	if demand.Mode != Observe {
		v.Response.Warnings = warnings(demand, findings, v.Response.Allowed)
	}
	v.Response.AuditAnnotations[noteVerdict] = v.Verdict
	return v
}

// status is the denial as kubectl prints it.
func status(c Config, demand Namespace, against []finding) *meta.Status {
	s := &meta.Status{Status: meta.StatusFailure, Code: http.StatusForbidden, Reason: meta.StatusReasonForbidden}
	if slices.ContainsFunc(against, func(f finding) bool { return f.transient }) && !slices.ContainsFunc(against, func(f finding) bool { return !f.transient }) {
		s.Code, s.Reason = http.StatusServiceUnavailable, meta.StatusReasonServiceUnavailable
		s.Details = &meta.StatusDetails{RetryAfterSeconds: 5}
	}
	var b strings.Builder
	b.WriteString("modelvet: ")
	for i, f := range against {
		if b.Len() > mostMessage-700 {
			fmt.Fprintf(&b, "\n... and %d more", len(against)-i)
			break
		}
		if i > 0 {
			b.WriteString("\n")
		}
		b.WriteString(sentence(c, f))
	}
	s.Message = clipLines(b.String(), mostMessage)
	return s
}

// sentence says what is wrong with one reference, and what to do.
func sentence(c Config, f finding) string {
	var b strings.Builder
	if f.ref.Path != "" {
		fmt.Fprintf(&b, "%s: %s", clip(f.ref.Path, 120), clip(f.ref.Value, 200))
		if f.ref.Value == "" {
			b.WriteString("(empty)")
		}
		b.WriteString(": ")
	}
	b.WriteString(clip(f.problem, 400))
	if f.hint != "" {
		fmt.Fprintf(&b, "; write: %s", f.hint)
	}
	if f.decision != nil {
		b.WriteString(rules(c, f.decision.Failed))
	}
	return b.String()
}

// rules lists the rules that failed, with their controls and where to read about them.
func rules(c Config, failed []Failed) string {
	var b strings.Builder
	for i, r := range failed {
		if i == 5 {
			fmt.Fprintf(&b, "\n  ... and %d more rules", len(failed)-i)
			break
		}
		fmt.Fprintf(&b, "\n  failed %s", clip(r.Rule, 80))
		if len(r.Controls) > 0 {
			fmt.Fprintf(&b, " (%s)", clip(strings.Join(r.Controls, ", "), 160))
		}
		if strings.Count(c.ReportURL, "%s") == 1 {
			b.WriteString(" " + strings.Replace(c.ReportURL, "%s", r.Rule, 1))
		}
	}
	return b.String()
}

func clipLines(s string, most int) string {
	if len(s) <= most {
		return s
	}
	return strings.ToValidUTF8(s[:most-4], "") + " ..."
}

func warnings(demand Namespace, findings []finding, allowed bool) []string {
	var out []string
	add := func(format string, args ...any) {
		if len(out) < mostWarns {
			out = append(out, clip("modelvet: "+fmt.Sprintf(format, args...), mostWarning))
		}
	}
	for _, f := range findings {
		switch {
		case f.warning != "":
			add("%s: %s", f.ref.Path, f.warning)
		case f.problem != "" && (f.action == "warn" || f.action == "deny" && allowed):
			add("%s: %s: %s", clip(f.ref.Path, 60), clip(f.ref.Value, 70), f.problem)
			if f.hint != "" {
				add("write: %s", f.hint)
			}
		}
		if f.stale > 0 {
			add("%s: the registry does not answer; decided by what was verified %s too long ago", f.ref.Path, f.stale.Round(time.Second))
		}
		if d := f.decision; d != nil && f.problem == "" && time.Until(d.Expires) < 7*24*time.Hour {
			add("the decision about %s ends on %s", clip(f.ref.Value, 100), d.Expires.UTC().Format(time.RFC3339))
		}
	}
	return out
}
