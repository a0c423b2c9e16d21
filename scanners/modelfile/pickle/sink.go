// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"cmp"
	"slices"

	"github.com/modelvet/modelvet"
)

const maxFindings = 1000

var deserialisation = []string{"CWE-502"}

// sink collects findings, each thing once, at the place where it was first seen.
type sink struct {
	seen     map[string]int
	findings []modelvet.Finding
	gaps     []modelvet.Gap
	globals  int // names resolved
	calls    int // calls of allowed names
	unsafe   int // calls that are not allowed
	bad      int // known dangers named or called
	full     bool
	left     *int64 // bytes that searching may still cost, shared by all streams
}

func newSink(left *int64) *sink { return &sink{left: left} }

// add notes a finding. A worse one about the same name replaces a milder one.
func (s *sink) add(id, severity, what string, off int64, cve ...string) {
	key := id + "\x00" + what
	if _, ok := s.seen[key]; ok {
		return
	}
	if len(s.findings) >= maxFindings {
		s.full = true
		return
	}
	if s.seen == nil {
		s.seen = map[string]int{}
	}
	s.seen[key] = len(s.findings)
	s.findings = append(s.findings, modelvet.Finding{ID: id, What: what, Severity: severity, Offset: &off, CWE: deserialisation, CVE: cve})
}

func (s *sink) gap(reason string) { s.gaps = append(s.gaps, modelvet.Gap{Reason: reason}) }

// drop forgets a milder finding that a worse one explains.
func (s *sink) drop(id, what string) {
	key := id + "\x00" + what
	if i, ok := s.seen[key]; ok {
		s.findings[i].ID = ""
		delete(s.seen, key)
	}
}

// merge takes over what another sink saw.
func (s *sink) merge(o *sink, path string, shift int64) {
	for _, f := range o.result() {
		key := f.ID + "\x00" + f.What
		if _, ok := s.seen[key]; ok || len(s.findings) >= maxFindings {
			s.full = s.full || !ok
			continue
		}
		if s.seen == nil {
			s.seen = map[string]int{}
		}
		s.seen[key] = len(s.findings)
		f.Path = path + f.Path
		off := *f.Offset + shift
		f.Offset = &off
		s.findings = append(s.findings, f)
	}
	s.gaps = append(s.gaps, o.gaps...)
	s.globals, s.calls, s.unsafe, s.bad = s.globals+o.globals, s.calls+o.calls, s.unsafe+o.unsafe, s.bad+o.bad
}

// result returns the findings in the order of the bytes.
func (s *sink) result() []modelvet.Finding {
	out := slices.DeleteFunc(slices.Clone(s.findings), func(f modelvet.Finding) bool { return f.ID == "" })
	slices.SortStableFunc(out, func(a, b modelvet.Finding) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(*a.Offset, *b.Offset), cmp.Compare(a.ID, b.ID), cmp.Compare(a.What, b.What))
	})
	return out
}
