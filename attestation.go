// SPDX-License-Identifier: Apache-2.0

package modelvet

import (
	"fmt"
	"slices"
	"time"
)

// Attestation is a person's signed word for a document: declared evidence that
// somebody in a role answers for. It binds the artifact and the document's
// bytes, and says to which controls the document speaks.
type Attestation struct {
	Kind     string      `json:"kind"` // annex-iv, soa, fria, statement, ...
	Path     string      `json:"path"` // in the artifact
	File     string      `json:"file"` // digest of the document
	Role     string      `json:"role"` // "data-protection-officer"
	Subject  string      `json:"subject"`
	Comment  string      `json:"comment,omitempty"`
	Controls []string    `json:"controls"`           // that the document answers
	Excluded []Exclusion `json:"excluded,omitempty"` // that it says not to apply
	At       time.Time   `json:"at"`
	Expires  time.Time   `json:"expires"`
	Signer   Signer      `json:"signer"` // from the signature, never from the predicate
	Digest   string      `json:"digest,omitempty"`
	Valid    bool        `json:"valid"`
	Reason   string      `json:"reason,omitempty"` // why it does not count
}

// Exclusion is a control that a document says not to apply, and why.
type Exclusion struct {
	Control string `json:"control"`
	Reason  string `json:"reason"`
}

// Unbound is a control of the profiles that does not bind the system.
type Unbound struct {
	Control
	Reason string `json:"reason"`
}

// Classification is what the law makes of the system, worked out anew at each
// judgement from what the provider declares.
type Classification struct {
	Declared string `json:"declared"`
	Derived  string `json:"derived"`
	Class    string `json:"class"`              // the stricter of the two
	Mismatch string `json:"mismatch,omitempty"` // why the declared class is too low
	AcceptBy string `json:"-"`                  // the control on which a person's attestation settles the mismatch; empty: none can
	Steps    []Step `json:"steps"`
}

// Step is one row of the decision table and what came of it.
type Step struct {
	Ref     string `json:"ref"` // article
	Finding string `json:"finding"`
	By      string `json:"by"`              // "description", or "person" where no description decides
	Class   string `json:"class,omitempty"` // the class it leads to
}

// judgeAttestations says of every attestation whether it counts, and why not.
// The caller has verified its signature and looked up its signer's roles.
func judgeAttestations(c Case) []Attestation {
	out := slices.Clone(c.Attestations)
	for i := range out {
		a := &out[i]
		if a.Reason == "" {
			a.Reason = whyNotAttested(*a, c)
		}
		a.Valid = a.Reason == ""
	}
	return out
}

func whyNotAttested(a Attestation, c Case) string {
	file := slices.IndexFunc(c.Subject.Files, func(f File) bool { return f.Path == a.Path })
	allowed, named := c.Attesters[a.Kind]
	switch {
	case a.Signer.ID() == "":
		return "nobody signed it"
	case !slices.Contains(a.Signer.Roles, a.Role):
		return fmt.Sprintf("the policy does not give its signer the role %s", a.Role)
	case named && !slices.Contains(allowed, a.Role):
		return fmt.Sprintf("the policy lets %s attest a document of kind %s, not %s", join(allowed), a.Kind, a.Role)
	case a.Subject != c.Subject.Digest:
		return "it is for another artifact"
	case file < 0:
		return a.Path + " is no file of the artifact"
	case c.Subject.Files[file].Digest != a.File:
		return a.Path + " is not the document that was attested: its digest differs"
	case c.System == nil || !slices.Contains(c.System.Documents, Document{Kind: a.Kind, Path: a.Path}):
		return fmt.Sprintf("modelvet.yaml names no document %s of kind %s", a.Path, a.Kind)
	case a.At.IsZero() || a.At.After(c.Now):
		return "it is dated in the future"
	case a.Expires.IsZero():
		return "it has no end"
	case !c.Now.Before(a.Expires):
		return "expired on " + a.Expires.UTC().Format(time.DateOnly)
	}
	return ""
}

// misclassified is the sentence that closes the gate when the declared class is
// too low; empty when it is not, or when a person settled it.
func misclassified(c Case, attestations []Attestation) string {
	if c.Classification == nil || c.Classification.Mismatch == "" {
		return ""
	}
	for _, a := range attestations {
		if a.Valid && c.Classification.AcceptBy != "" && slices.Contains(a.Controls, c.Classification.AcceptBy) {
			return ""
		}
	}
	return "classification: " + c.Classification.Mismatch
}

func join(words []string) string {
	if len(words) == 0 {
		return "nobody"
	}
	out := words[0]
	for _, w := range words[1:] {
		out += " or " + w
	}
	return out
}
