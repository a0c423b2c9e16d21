// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/modelvet/modelvet"
)

// CoverageRow counts the controls of one framework by who can speak to them.
// ByEvidence, ByPerson and NotAssessed add up to Total.
type CoverageRow struct {
	Framework   string `json:"framework"`
	Title       string `json:"title"`
	Version     string `json:"version"`
	AsOf        string `json:"asOf"`
	Total       int    `json:"total"`
	Full        int    `json:"full"`        // a machine can decide it
	Partial     int    `json:"partial"`     // a machine decides a part, a person the rest
	None        int    `json:"none"`        // only a person can say
	ByEvidence  int    `json:"byEvidence"`  // at least one rule speaks to it
	ByPerson    int    `json:"byPerson"`    // no rule does, and only a person could
	NotAssessed int    `json:"notAssessed"` // no rule does, though a machine could say something
	Later       int    `json:"later"`       // of Total, those that bind nobody yet on the day asked about
}

// Coverage counts, for each framework, how far the rules speak to the controls
// of the profiles; without profiles, to all that are or will be in force. A
// rule that speaks to a control does not show that the control is met.
//
// The day is the one from which to look; a zero one counts nothing as later.
func (s *Set) Coverage(profiles []string, rules []modelvet.Rule, day time.Time) ([]CoverageRow, error) {
	ids, err := s.chosenOrAll(profiles)
	if err != nil {
		return nil, err
	}
	named := naming(rules)
	rows := []CoverageRow{}
	for _, c := range s.catalogues {
		row := CoverageRow{Framework: c.ID, Title: c.Title, Version: c.Version, AsOf: c.AsOf}
		for _, id := range ids {
			if e := s.entries[id]; e.Framework == c.ID {
				row.count(e, len(named[id]) > 0)
				if !day.IsZero() && e.From.Earliest() > day.UTC().Format(time.DateOnly) {
					row.Later++
				}
			}
		}
		if row.Total > 0 {
			rows = append(rows, row)
		}
	}
	return rows, nil
}

func (r *CoverageRow) count(e Entry, spoken bool) {
	r.Total++
	switch e.Automatable {
	case Full:
		r.Full++
	case Partial:
		r.Partial++
	default:
		r.None++
	}
	switch {
	case spoken:
		r.ByEvidence++
	case e.Automatable == None:
		r.ByPerson++
	default:
		r.NotAssessed++
	}
}

// chosenOrAll are the controls of the profiles, or all in force.
func (s *Set) chosenOrAll(profiles []string) ([]string, error) {
	if len(profiles) > 0 {
		return s.chosen(profiles)
	}
	var out []string
	for _, c := range s.catalogues {
		for _, e := range c.Entries {
			if e.InForce() {
				out = append(out, e.ID)
			}
		}
	}
	return out, nil
}

// Gaps are the controls of the profiles (without profiles: all in force) to
// which a machine could speak and no rule does: those that it could decide
// whole first, then in catalogue order.
func (s *Set) Gaps(profiles []string, rules []modelvet.Rule) ([]Entry, error) {
	ids, err := s.chosenOrAll(profiles)
	if err != nil {
		return nil, err
	}
	named := naming(rules)
	out := []Entry{}
	for _, id := range ids {
		if e := s.entries[id]; e.Automatable != None && len(named[id]) == 0 {
			out = append(out, e)
		}
	}
	slices.SortStableFunc(out, func(a, b Entry) int {
		return slices.Index(automatables, a.Automatable) - slices.Index(automatables, b.Automatable)
	})
	return out, nil
}

// Link is one line of the crosswalk: a related control of any framework.
// It is the project's own reading and no official mapping.
type Link struct {
	ID        string `json:"id"`
	Framework string `json:"framework"`
	Ref       string `json:"ref"`
	Title     string `json:"title"`
	Status    string `json:"status"`
	Direction string `json:"direction"` // "out": id names it; "in": it names id; "both"
}

// Crosswalk returns the controls that id names or that name it, in catalogue order.
func (s *Set) Crosswalk(id string) ([]Link, error) {
	from, ok := s.entries[id]
	if !ok {
		return nil, fmt.Errorf("looking up control: there is no %q: see `modelvet controls list`", id)
	}
	out := []Link{}
	for _, c := range s.catalogues {
		for _, e := range c.Entries {
			if d := direction(slices.Contains(from.SeeAlso, e.ID), slices.Contains(e.SeeAlso, id)); d != "" {
				out = append(out, Link{e.ID, e.Framework, e.Ref, e.Title, e.Status, d})
			}
		}
	}
	return out, nil
}

func direction(out, in bool) string {
	switch {
	case out && in:
		return "both"
	case out:
		return "out"
	case in:
		return "in"
	}
	return ""
}

// Duty is something that begins to apply on a day.
type Duty struct {
	Date      string `json:"date"` // ISO
	Days      int    `json:"days"` // from the day asked about
	Framework string `json:"framework"`
	ID        string `json:"id,omitempty"` // empty for a transition rule of the law itself
	Ref       string `json:"ref"`
	Title     string `json:"title"`
	For       string `json:"for,omitempty"` // whom: "high-risk, Annex III", ...
	Note      string `json:"note,omitempty"`
}

// Upcoming lists what begins to apply after the day of asOf, by date, then in
// catalogue order.
func (s *Set) Upcoming(asOf time.Time) []Duty {
	today := asOf.UTC().Truncate(24 * time.Hour)
	out := []Duty{}
	add := func(d Duty) {
		day, err := time.Parse(time.DateOnly, d.Date)
		if err == nil && day.After(today) {
			d.Days = int(day.Sub(today).Hours() / 24)
			out = append(out, d)
		}
	}
	for _, c := range s.catalogues {
		for _, e := range c.Entries {
			if e.InForce() {
				e.duties(add)
			}
		}
		for _, t := range c.Transitions {
			add(Duty{Date: t.Date, Framework: c.ID, Ref: t.Ref, Title: t.Rule})
		}
	}
	slices.SortStableFunc(out, func(a, b Duty) int { return cmp.Compare(a.Date, b.Date) })
	return out
}

func (e Entry) duties(add func(Duty)) {
	for _, d := range []struct{ date, whom string }{
		{e.From.On, ""}, {e.From.AnnexIII, "high-risk, Annex III"}, {e.From.AnnexI, "high-risk, Annex I"},
		{e.From.New, "what is placed on the market from that day"}, {e.From.Existing, "what was on the market before " + e.From.ExistingBefore},
	} {
		add(Duty{Date: d.date, Framework: e.Framework, ID: e.ID, Ref: e.Ref, Title: e.Title, For: d.whom, Note: cmp.Or(e.Enforcement, e.Note)})
	}
}
