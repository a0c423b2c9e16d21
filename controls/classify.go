// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/modelvet/modelvet"
)

// The classes that modelvet.yaml can declare, strictest first.
const (
	classProhibited = "prohibited"
	classHigh       = "high"
	classGPAI       = "gpai"
	classLimited    = "limited"
	classMinimal    = "minimal"
)

const taskGeneration = "generation"

// TrainingCompute is the name, in performance of modelvet.yaml, of the compute
// used for training, in floating point operations.
const TrainingCompute = "compute/training_flop"

// Above these a model is presumed to have systemic risk (Art. 51(2)), and is
// taken for a general-purpose one when it generates content (the Commission's
// guidelines on the scope of GPAI obligations, July 2025, an indication only).
const (
	systemicFLOP = 1e25
	generalFLOP  = 1e23
)

// Classification is what the EU AI Act makes of a system, as far as its
// description tells.
type Classification struct {
	Class       string   `json:"class"`                 // stricter of declared and derived
	Derived     string   `json:"derived"`               // what the description alone gives
	Roles       []string `json:"roles"`                 // declared, and what Art. 25 may make of it; empty: unknown
	Systemic    bool     `json:"systemic"`              // a GPAI model whose systemic risk is not ruled out
	Reasons     []Step   `json:"reasons"`               // in the order of the law
	Tripwires   []string `json:"tripwires"`             // what a person must look at
	AppliesFrom string   `json:"appliesFrom,omitempty"` // ISO date for the class
	Mismatch    string   `json:"mismatch,omitempty"`    // how the declared class differs from the derived one
	AcceptBy    string   `json:"acceptBy,omitempty"`    // the control on which a person's attestation would settle the mismatch
}

// Step is one row of the decision table and what came of it.
type Step = modelvet.Step

const (
	byDescription = "description"
	byPerson      = "person"
)

// row is one line of the decision table: a provision and how it is asked.
type row struct {
	ref string
	ask func(*Set, modelvet.System, *Classification) Step
}

// table is the decision table, in the order of the law. Every row answers.
var table = []row{
	{"Art. 5(1)", askProhibited},
	{"Art. 6(1)", askAnnexI},
	{"Art. 6(2), Annex III", askAnnexIII},
	{"Art. 6(3)-(4)", askDerogation},
	{"Art. 25(1)", askRole},
	{"Art. 50", askTransparency},
	{"Art. 3(63), 51", askGPAI},
	{"Art. 53(2)", askOpenSource},
}

// Classify is [Set.Classify] with the built-in catalogues.
func Classify(sys modelvet.System, at time.Time) Classification {
	s, err := standard()
	if err != nil { // cannot happen in a tested binary; closed if it does
		return Classification{Class: classHigh, Systemic: true, Mismatch: "classifying the system: " + err.Error()}
	}
	return s.Classify(sys, at)
}

// Classify runs the decision table over the description of a system. It can
// show that a declared class is too low; it cannot show that a practice is not
// prohibited or that an exception holds: those rows say "by a person".
func (s *Set) Classify(sys modelvet.System, at time.Time) Classification {
	c := Classification{Derived: classMinimal, Roles: []string{}, Reasons: []Step{}, Tripwires: []string{}}
	for _, r := range table {
		step := r.ask(s, sys, &c)
		step.Ref = r.ref
		c.Reasons = append(c.Reasons, step)
		c.Derived = stricter(c.Derived, step.Class)
	}
	c.Class = stricter(c.Derived, sys.RiskClass)
	if !slices.Contains(classes, sys.RiskClass) {
		c.Class = "" // unknown: everything may bind
	}
	c.Mismatch = mismatch(s, sys, c)
	c.AppliesFrom = s.appliesFrom(c.Class, sys.AnnexIII)
	c.Reasons = append(c.Reasons, s.when(c, at))
	return c
}

var classes = []string{classMinimal, classLimited, classGPAI, classHigh, classProhibited}

// stricter of two classes; an unknown one counts as the least.
func stricter(a, b string) string {
	if slices.Index(classes, b) > slices.Index(classes, a) {
		return b
	}
	return a
}

func mismatch(s *Set, sys modelvet.System, c Classification) string {
	switch {
	case !slices.Contains(classes, sys.RiskClass):
		return fmt.Sprintf("riskClass %q is none of %s", sys.RiskClass, strings.Join(classes, ", "))
	case sys.AnnexIII != "" && s.area(sys.AnnexIII) == "":
		return fmt.Sprintf("annexIII %q is no area of Annex III: expected one of %s", sys.AnnexIII, strings.Join(s.areas(), ", "))
	case stricter(sys.RiskClass, c.Derived) != sys.RiskClass:
		return fmt.Sprintf("riskClass %s is declared, but the description leads to %s: %s", sys.RiskClass, c.Derived, because(c))
	}
	return ""
}

func because(c Classification) string {
	for _, step := range c.Reasons {
		if step.Class == c.Derived {
			return step.Ref + ": " + step.Finding
		}
	}
	return "no other class follows"
}

func (s *Set) areas() []string {
	var out []string
	for _, c := range s.catalogues {
		for _, a := range c.AnnexIIIAreas {
			out = append(out, a.Code)
		}
	}
	return out
}

// area is the label of an Annex III code, or "".
func (s *Set) area(code string) string {
	for _, c := range s.catalogues {
		for _, a := range c.AnnexIIIAreas {
			if a.Code == code {
				return a.Label
			}
		}
	}
	return ""
}

// appliesFrom reads the first day of a class out of the catalogue.
func (s *Set) appliesFrom(class, annexIII string) string {
	first := map[string]string{classProhibited: "euaia-art-5.1.a", classHigh: "euaia-art-6.2", classGPAI: "euaia-art-53.1.a",
		classLimited: "euaia-art-50.1", classMinimal: "euaia-art-4", "": "euaia-art-6.2"}[class]
	return bearings{class: class, annexIII: annexIII}.from(s.entries[first].From)
}

func (s *Set) when(c Classification, at time.Time) Step {
	step := Step{Ref: "Art. 113", By: byDescription, Class: c.Class}
	from, err := time.Parse(time.DateOnly, c.AppliesFrom)
	switch days := int(from.Sub(at).Hours()/24) + 1; {
	case err != nil || at.IsZero():
		step.Finding, step.By = "from when the duties apply cannot be told", byPerson
	case !at.Before(from):
		step.Finding = "the duties of the class apply since " + c.AppliesFrom
	default:
		step.Finding = fmt.Sprintf("the duties of the class apply from %s, in %d days", c.AppliesFrom, days)
	}
	return step
}
