// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/artifact"
)

// acts reads the approvals and waivers among the evidence. One that did not
// verify is kept, with the reason why it does not count.
func acts(evidence []modelvet.Evidence) (approvals []modelvet.Approval, waivers []modelvet.Waiver) {
	for _, e := range evidence {
		switch e.PredicateType {
		case modelvet.PredicateApproval:
			a := read[modelvet.Approval](e)
			a.Signer, a.Digest, a.Valid, a.Reason = e.Signer, e.Digest, false, disbelief(e)
			approvals = append(approvals, *a)
		case modelvet.PredicateWaiver:
			w := read[modelvet.Waiver](e)
			w.Signer, w.Digest, w.Valid, w.Reject = e.Signer, e.Digest, false, disbelief(e)
			if w.Reject == "" && !slices.Contains(e.Signer.Roles, RoleWaiverGranter) {
				w.Reject = "the policy does not give its signer the role " + RoleWaiverGranter
			}
			waivers = append(waivers, *w)
		}
	}
	return approvals, waivers
}

func disbelief(e modelvet.Evidence) string {
	if e.Status == modelvet.Verified {
		return ""
	}
	return fmt.Sprintf("%s: %s", e.Status, e.Reason)
}

// Approve signs a person's yes to exactly what is attached to ref now, and
// attaches it. It refuses who may not approve, so that the person learns it at once.
func (g *Gate) Approve(ctx context.Context, ref, role, comment string, validFor time.Duration) (modelvet.Approval, error) {
	d, err := g.Judge(ctx, ref)
	if err != nil {
		return modelvet.Approval{}, err
	}
	a := modelvet.Approval{
		Role: role, Stage: g.Stage, Subject: d.Subject.Digest, EvidenceRoot: d.EvidenceRoot,
		Policy: g.Policy.Digest, Comment: comment, At: g.Now,
	}
	if validFor > 0 {
		a.Expires = g.Now.Add(validFor)
	}
	if err := g.mayAct(ctx, d, role); err != nil {
		return a, err
	}
	return a, g.attach(ctx, ref, d.Subject, statement{modelvet.PredicateApproval, approvalPredicate(a)})
}

// Waive signs that one rule is forgiven for ref until a day, and attaches it.
func (g *Gate) Waive(ctx context.Context, ref string, w modelvet.Waiver) error {
	d, err := g.Judge(ctx, ref)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(d.Results, func(r modelvet.Result) bool { return r.ID == w.Rule })
	switch {
	case i < 0:
		return fmt.Errorf("%w: stage %s asks no rule %q", ErrInput, g.Stage, w.Rule)
	case !d.Results[i].Waivable:
		return fmt.Errorf("%w: %s does not let %s be waived; it is not in stages.%s.waivable", ErrInput, g.Policy.Origin, w.Rule, g.Stage)
	case !w.Expires.After(g.Now):
		return fmt.Errorf("%w: the waiver would end before it begins", ErrInput)
	}
	if err := g.mayAct(ctx, d, RoleWaiverGranter); err != nil {
		return err
	}
	w.Subject, w.Stage, w.At = d.Subject.Digest, g.Stage, g.Now
	return g.attach(ctx, ref, d.Subject, statement{modelvet.PredicateWaiver, waiverPredicate(w)})
}

// mayAct says why the gate's signer may not act in a role.
func (g *Gate) mayAct(ctx context.Context, d modelvet.Decision, role string) error {
	if g.Signer == nil {
		return fmt.Errorf("%w: name your key with --key", ErrInput)
	}
	me, err := g.Signer.Identity(ctx)
	if err != nil {
		return err
	}
	t, err := g.trust()
	if err != nil {
		return err
	}
	known, ok := t.Knows(me)
	if !ok {
		return fmt.Errorf("%w: %s does not know this key or identity (%.60s); the governance team has to add it under trust", ErrInput, g.Policy.Origin, me.ID())
	}
	if !slices.Contains(known.Roles, role) {
		return fmt.Errorf("%w: %s gives %s the roles %s, not %s", ErrInput, g.Policy.Origin, known.Name, strings.Join(known.Roles, ", "), role)
	}
	for _, e := range d.Evidence {
		if e.Signer.ID() == me.ID() && !isAct(e.PredicateType) && e.PredicateType != modelvet.PredicateDocument {
			return fmt.Errorf("%w: this key also signed evidence about the model: its author cannot act on it; use another person's key", ErrInput)
		}
	}
	return nil
}

func isAct(predicateType string) bool {
	switch predicateType {
	case modelvet.PredicateApproval, modelvet.PredicateWaiver, modelvet.PredicateDecision, modelvet.PredicateVSA, modelvet.PredicateTestResult:
		return true
	}
	return false
}

// approvalPredicate is the part of an approval that is signed: who signed and
// whether it counts is for the reader to find out.
func approvalPredicate(a modelvet.Approval) map[string]any {
	p := map[string]any{"role": a.Role, "stage": a.Stage, "subject": a.Subject, "evidenceRoot": a.EvidenceRoot, "policy": a.Policy, "at": stampOf(a.At)}
	if a.Comment != "" {
		p["comment"] = a.Comment
	}
	if !a.Expires.IsZero() {
		p["expires"] = stampOf(a.Expires)
	}
	return p
}

func waiverPredicate(w modelvet.Waiver) map[string]any {
	p := map[string]any{"id": w.ID, "rule": w.Rule, "subject": w.Subject, "stage": w.Stage, "reason": w.Reason, "requestedBy": w.RequestedBy, "at": stampOf(w.At), "expires": stampOf(w.Expires)}
	if w.Ticket != "" {
		p["ticket"] = w.Ticket
	}
	return p
}

func stampOf(t time.Time) string { return t.UTC().Format(time.RFC3339) }

func (g *Gate) attach(ctx context.Context, ref string, subject modelvet.Subject, statements ...statement) error {
	bundles, err := g.sign(ctx, subject, statements)
	if err != nil {
		return err
	}
	return attachAll(ctx, ref, bundles, g.Now)
}

func attachAll(ctx context.Context, ref string, bundles []artifact.Attachment, created time.Time) error {
	a, err := artifact.Open(ctx, ref, artifact.Options{})
	if err != nil {
		return fmt.Errorf("opening %s: %w", ref, err)
	}
	defer a.Close()
	if _, err := a.AttachAll(ctx, bundles, created); err != nil {
		return fmt.Errorf("attaching to %s: %w", ref, err)
	}
	return nil
}

// carryActs takes the approvals and waivers of an earlier result along, when
// the artifact is the same: what people signed is not lost by running again.
// Whether they still count is judged anew.
func carryActs(ctx context.Context, out string, o *output, created time.Time) error {
	old, err := artifact.Open(ctx, "oci:"+layoutIn(out), artifact.Options{})
	if err != nil {
		return nil // there is no earlier result, or it cannot be read
	}
	defer old.Close()
	a, err := artifact.Open(ctx, "oci:"+o.layout(), artifact.Options{})
	if err != nil {
		return err
	}
	defer a.Close()
	if old.Subject().Digest != a.Subject().Digest {
		return nil
	}
	referrers, err := old.Referrers(ctx)
	if err != nil {
		return nil
	}
	var keep []artifact.Attachment
	for _, r := range referrers {
		if r.Err == nil && (r.PredicateType == modelvet.PredicateApproval || r.PredicateType == modelvet.PredicateWaiver || r.PredicateType == modelvet.PredicateDocument) {
			keep = append(keep, artifact.Attachment{PredicateType: r.PredicateType, Bundle: r.Bundle})
		}
	}
	if len(keep) == 0 {
		return nil
	}
	_, err = a.AttachAll(ctx, keep, created)
	return err
}
