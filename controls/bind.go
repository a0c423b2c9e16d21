// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"fmt"
	"slices"
	"time"

	"github.com/modelvet/modelvet"
)

// ForSystem returns the controls of the profiles that bind the system, each
// with the rules that name it and the day from which it applies to this
// system, in the order of the catalogues. What cannot be ruled out binds: a
// missing class or role, an undeclared training compute. The class is the
// stricter of the declared and the derived one (see [Set.Classify]), so that
// nobody escapes a control by declaring less.
//
// A control that applies only later is among them: a release should know it.
func (s *Set) ForSystem(profiles []string, sys modelvet.System, rules []modelvet.Rule, at time.Time) ([]modelvet.Control, error) {
	ids, err := s.chosen(profiles)
	if err != nil {
		return nil, err
	}
	if at.IsZero() {
		return nil, fmt.Errorf("choosing controls: no time is given: say as of when")
	}
	b, named := s.bearings(sys, at), naming(rules)
	out := []modelvet.Control{}
	for _, id := range ids {
		if e := s.entries[id]; b.why(e) == "" {
			out = append(out, b.control(e, named[id]))
		}
	}
	return out, nil
}

// List returns the controls of the profiles (without profiles: all that are or
// will be in force) as they are without regard to a system, with the rules
// that name them and their earliest date, in the order of the catalogues.
func (s *Set) List(profiles []string, rules []modelvet.Rule) ([]modelvet.Control, error) {
	ids, err := s.chosenOrAll(profiles)
	if err != nil {
		return nil, err
	}
	named := naming(rules)
	out := make([]modelvet.Control, 0, len(ids))
	for _, id := range ids {
		out = append(out, bearings{}.control(s.entries[id], named[id]))
	}
	return out, nil
}

// NotBinding returns the controls of the profiles that ForSystem leaves out,
// each with the reason.
func (s *Set) NotBinding(profiles []string, sys modelvet.System, rules []modelvet.Rule, at time.Time) ([]modelvet.Unbound, error) {
	ids, err := s.chosen(profiles)
	if err != nil {
		return nil, err
	}
	b, named := s.bearings(sys, at), naming(rules)
	out := []modelvet.Unbound{}
	for _, id := range ids {
		if why := b.why(s.entries[id]); why != "" {
			out = append(out, modelvet.Unbound{Control: b.control(s.entries[id], named[id]), Reason: why})
		}
	}
	return out, nil
}

// RulesFor returns the sorted ids of the rules that name at least one control
// of the profiles: those that must answer. For a profile that does not exist,
// or none at all, it demands every rule, so that a slip of the pen cannot thin
// out the judgement; [Set.ForSystem] says what is wrong.
func (s *Set) RulesFor(profiles []string, rules []modelvet.Rule) []string {
	ids, err := s.chosen(profiles)
	out := []string{}
	for _, r := range rules {
		if err != nil || slices.ContainsFunc(r.Controls, func(id string) bool { return slices.Contains(ids, id) }) {
			out = append(out, r.ID)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// naming maps a control to the sorted ids of the rules that name it.
func naming(rules []modelvet.Rule) map[string][]string {
	out := map[string][]string{}
	for _, r := range rules {
		for _, id := range r.Controls {
			out[id] = append(out[id], r.ID)
		}
	}
	for id, names := range out {
		slices.Sort(names)
		out[id] = slices.Compact(names)
	}
	return out
}

// bearings are the facts about a system on which it depends whether a control binds it.
type bearings struct {
	class    string // stricter of declared and derived; "" is unknown
	annexIII string
	roles    []string // of the EU AI Act; empty is unknown
	speaks   bool     // may generate content
	notices  bool     // Art. 50 may ask for a notice
	systemic bool     // a GPAI model whose systemic risk is not ruled out
}

func (s *Set) bearings(sys modelvet.System, at time.Time) bearings {
	c := s.Classify(sys, at)
	b := bearings{class: c.Class, annexIII: sys.AnnexIII, systemic: c.Systemic, roles: c.Roles}
	b.speaks = sys.Model.Task == "" || sys.Model.Task == taskGeneration || c.Class == classGPAI
	b.notices = b.speaks || slices.Contains([]string{classLimited, classProhibited, ""}, c.Class) || isBiometricNotice(sys.AnnexIII)
	return b
}

// why tells the reason for which e does not bind, or "" when it does.
func (b bearings) why(e Entry) string {
	if len(e.AppliesTo.RiskClass) > 0 && !slices.ContainsFunc(e.AppliesTo.RiskClass, b.inClass) {
		return fmt.Sprintf("it binds %s; the system is in class %s", words(e.AppliesTo.RiskClass), b.describe())
	}
	if !b.inRole(e.AppliesTo.Role) {
		return fmt.Sprintf("it binds the %s; the system is judged for its %s", words(e.AppliesTo.Role), words(b.roles))
	}
	return ""
}

func (b bearings) describe() string {
	if b.annexIII != "" {
		return b.class + " (" + b.annexIII + ")"
	}
	return b.class
}

// inClass says whether the system belongs to a class of a catalogue.
// Personal data and sectors are no property of a system that modelvet.yaml
// states: whoever chose the profile said that they matter.
func (b bearings) inClass(class string) bool {
	high := slices.Contains([]string{classHigh, classProhibited, ""}, b.class)
	switch class {
	case "high-risk":
		return high
	case "high-risk-annex-iii":
		return high && (b.annexIII != "" || b.class != classHigh)
	case "high-risk-annex-i":
		return high && b.annexIII == ""
	case "high-risk-annex-iii-1a":
		return high && (b.annexIII == "annex-iii-1.a" || b.class == "")
	case "transparency":
		return b.notices
	case "gpai":
		return b.class == classGPAI || b.class == ""
	case "gpai-systemic":
		return b.systemic || b.class == ""
	case "generative":
		return b.speaks
	}
	return true
}

// actRoles are the roles of the EU AI Act, which modelvet.yaml declares. Other
// roles (controller, bank, organisation) are chosen with the profile.
var actRoles = map[string]string{
	"provider": "provider", "deployer": "deployer", "importer": "importer", "distributor": "distributor",
	"component-supplier": "provider", "deployer-public-authority": "deployer",
}

func (b bearings) inRole(roles []string) bool {
	if len(roles) == 0 || len(b.roles) == 0 {
		return true
	}
	return slices.ContainsFunc(roles, func(role string) bool {
		act, ok := actRoles[role]
		return !ok || slices.Contains(b.roles, act)
	})
}

func (b bearings) control(e Entry, rules []string) modelvet.Control {
	if rules == nil {
		rules = []string{}
	}
	return modelvet.Control{ID: e.ID, Framework: e.Framework, Ref: e.Ref, Title: e.Title,
		Automatable: e.Automatable, Scope: e.Scope, From: b.from(e.From), Rules: rules}
}

// from is the day from which dates bind this system. Without a word on Annex
// III or on the day it was placed on the market, the earliest day counts.
func (b bearings) from(e Effective) string {
	switch {
	case e.On != "":
		return e.On
	case e.AnnexIII != "" && b.annexIII != "":
		return e.AnnexIII
	}
	return e.Earliest()
}
