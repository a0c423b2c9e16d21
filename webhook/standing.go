// SPDX-License-Identifier: Apache-2.0

package webhook

import (
	"fmt"
	"slices"
	"time"

	"github.com/modelvet/modelvet"
)

// Cause says in one word why a model may not run.
type Cause string

const (
	Revoked     Cause = "revoked"        // by webhook.yaml
	NoDecision  Cause = "never-approved" // no signed decision for the stage counts
	Refused     Cause = "refused"        // the newest decision is no
	Expired     Cause = "expired"        // the newest decision was yes, and has ended
	Repository  Cause = "repository"     // it comes from where the namespace may not take models
	Unpinned    Cause = "unpinned"       // a tag can lead elsewhere tomorrow
	Missing     Cause = "missing"        // there is no such artifact, or it is damaged
	Unchecked   Cause = "unchecked"      // what the reference leads to cannot be checked here
	Unavailable Cause = "unavailable"    // the registry does not answer
	Unreadable  Cause = "unreadable"     // the object or the configuration
)

// standing finds the decision that counts: the newest for this stage by an
// accepted policy. A later no takes back an earlier yes.
func (r *Reviewer) standing(c Config, stage string, known Facts, now time.Time) (*Decision, Cause, string) {
	if why, is := c.revoked(known.Digest); is {
		return nil, Revoked, "the model is revoked: " + why
	}
	var other []string
	for i := range known.Decisions {
		d := &known.Decisions[i]
		switch {
		case d.Stage != stage:
			other = append(other, "one is for stage "+d.Stage)
		case d.Policy != r.Policy && !slices.Contains(c.Policies, d.Policy):
			other = append(other, fmt.Sprintf("one was taken by policy %.19s, which does not count here", d.Policy))
		default:
			cause, problem := objection(c, d, now)
			return d, cause, problem
		}
	}
	return nil, NoDecision, fmt.Sprintf("no signed decision for stage %s%s", stage, because(append(other, known.Rejected...)))
}

func objection(c Config, d *Decision, now time.Time) (Cause, string) {
	for _, digest := range []string{d.Digest, d.Subject, d.Policy} {
		if why, is := c.revoked(digest); is {
			return Revoked, "revoked: " + why
		}
	}
	switch {
	case d.Outcome != modelvet.Allowed:
		return Refused, fmt.Sprintf("the decision of %s is %s%s", d.At.UTC().Format(time.DateOnly), d.Outcome, because(d.Reasons))
	case d.Expires.IsZero():
		return Expired, "the decision has no end"
	case !now.Before(d.Expires):
		return Expired, fmt.Sprintf("the decision expired on %s; judge the model again", d.Expires.UTC().Format(time.RFC3339))
	case d.At.After(now.Add(5 * time.Minute)):
		return Refused, "the decision is dated in the future"
	}
	return "", ""
}

func because(why []string) string {
	if len(why) == 0 {
		return ""
	}
	text := clip(why[0], 300)
	if len(why) > 1 {
		text += fmt.Sprintf(" (and %d more)", len(why)-1)
	}
	return ": " + text
}
