// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"slices"
	"strings"
	"time"

	"github.com/modelvet/modelvet"
)

// Suggestion is a profile that seems to matter for a system. Which profiles a
// stage has is for the governance team to say: a suggestion demands nothing.
type Suggestion struct {
	Profile string `json:"profile"`
	Reason  string `json:"reason"`
}

// Suggest reads out of a system's description which profiles seem to matter,
// by profile. It knows no turnover, place or sector, so that what it leaves out
// may matter all the same.
func (s *Set) Suggest(sys modelvet.System, at time.Time) []Suggestion {
	c := s.Classify(sys, at)
	speaks := sys.Model.Task == taskGeneration || c.Class == classGPAI
	var out []Suggestion
	add := func(when bool, profile, reason string) {
		if when {
			out = append(out, Suggestion{profile, reason})
		}
	}
	add(true, "supply-chain", "every model has a supply chain")
	add(c.Class == classHigh || c.Class == "" || len(c.Tripwires) > 0, "eu-high-risk", "the system is, or may be, high-risk under the EU AI Act")
	add(c.Class == classGPAI, "eu-gpai", "it is a general-purpose model")
	add(speaks || c.Class == classLimited || isBiometricNotice(sys.AnnexIII), "eu-transparency", "Art. 50 of the EU AI Act may ask for a notice or a marking")
	add(speaks, "nist-ai-600-1", "it generates content")
	add(hasPersons(sys), "gdpr", "its tables have protected attributes, so they are about persons")
	add(strings.HasPrefix(sys.AnnexIII, "annex-iii-4"), "hiring-ll144", "it is used for employment; Local Law 144 applies in New York City")
	add(sys.AnnexIII == "annex-iii-5.b" && !speaks, "bank-sr26-2", "it scores credit; SR 26-2 applies to US banks, and not to generative models")
	slices.SortFunc(out, func(a, b Suggestion) int { return strings.Compare(a.Profile, b.Profile) })
	return out
}

func hasPersons(sys modelvet.System) bool {
	return slices.ContainsFunc(sys.Tables, func(t modelvet.Table) bool { return len(t.Protected) > 0 })
}
