// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/attest"
)

// provenance says where and from what the artifact was built, as SLSA
// provenance of the pipeline that runs the gate. The commit and the inputs are
// those that the lineage found.
func (g *Gate) provenance(ctx context.Context, traces []modelvet.Lineage, m modelvet.Model) (attest.ProvenancePredicate, error) {
	b := attest.Build{
		Entry: "modelvet gate", Started: g.Now, Finished: g.Now, Modelvet: g.Version,
		Parameters: map[string]string{"name": m.System.Name, "version": m.System.Version},
	}
	for _, l := range traces {
		b.Inputs = append(b.Inputs, l.Inputs...)
		if l.Source == "git" {
			b.Git = attest.Git{URI: l.URI, Ref: l.Facts["branch"], Commit: l.Facts["commit"], Dirty: l.Facts["dirty"] == "true"}
		}
	}
	var err error
	if b.Vouched, err = g.vouched(ctx); err != nil {
		return attest.ProvenancePredicate{}, err
	}
	return attest.Provenance(g.Env, b)
}

// vouched is what the token of this run says of it. The clock is the true one,
// not that of the decision: a token lives for minutes.
func (g *Gate) vouched(ctx context.Context) (*attest.Vouched, error) {
	if g.Token == nil || g.Env["GITHUB_ACTIONS"] != "true" && g.Env["GITLAB_CI"] != "true" {
		return nil, nil
	}
	token, err := g.Token(ctx)
	if err != nil {
		return nil, err
	}
	return attest.Vouch(ctx, token, g.Issuer, g.Env, time.Now())
}

// unvouched says which part of a verified provenance rests on nothing but the
// environment of the run that stated it.
func unvouched(e modelvet.Evidence) string {
	if e.Status != modelvet.Verified || e.PredicateType != modelvet.PredicateProvenance {
		return ""
	}
	var p struct {
		BuildDefinition struct {
			InternalParameters struct {
				Identity attest.Identity `json:"identity"`
			} `json:"internalParameters"`
		} `json:"buildDefinition"`
	}
	if json.Unmarshal(e.Predicate, &p) != nil {
		return ""
	}
	switch id := p.BuildDefinition.InternalParameters.Identity; id.Verification {
	case "": // a provenance of somebody else's making
		return ""
	case attest.IdentityVerified:
		return ""
	case attest.IdentityUnchecked:
		return fmt.Sprintf("the provenance of the build rests on an identity token whose signature nobody checked: %s", id.Reason)
	default:
		return fmt.Sprintf("the provenance of the build is unverified (%s): any step of the job can have set %s", id.Reason, strings.Join(id.Unverified, ", "))
	}
}
