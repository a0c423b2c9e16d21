// SPDX-License-Identifier: Apache-2.0

package controls

import "github.com/modelvet/modelvet"

// List returns the controls of the profiles (without profiles: of every
// catalogue, withdrawn ones too) with the rules that name each, in the order
// of the catalogues.
func (s *Set) List(profiles []string, rules []modelvet.Rule) ([]modelvet.Control, error) {
	var ids []string
	for _, c := range s.catalogues {
		for _, e := range c.Entries {
			ids = append(ids, e.ID)
		}
	}
	if len(profiles) > 0 {
		var err error
		if ids, err = s.chosen(profiles); err != nil {
			return nil, err
		}
	}
	named := naming(rules)
	out := make([]modelvet.Control, 0, len(ids))
	for _, id := range ids {
		e := s.entries[id]
		out = append(out, modelvet.Control{
			ID: e.ID, Framework: e.Framework, Ref: e.Ref, Title: e.Title, Automatable: e.Automatable,
			Scope: e.Scope, From: e.From.Earliest(), Rules: append([]string{}, named[id]...),
		})
	}
	return out, nil
}
