// SPDX-License-Identifier: Apache-2.0

package oscal

import (
	"fmt"
	"slices"

	"github.com/modelvet/modelvet/controls"
)

// Mapping is the crosswalk between catalogues (OSCAL 1.2 and later).
type Mapping struct {
	UUID       string        `json:"uuid"`
	Metadata   Metadata      `json:"metadata"`
	Provenance Provenance    `json:"provenance"`
	Mappings   []MappingPair `json:"mappings"`
}

// Provenance says how a mapping came about and how far to trust it.
type Provenance struct {
	Method      string      `json:"method"`
	Rationale   string      `json:"matching-rationale"`
	Status      string      `json:"status"`
	Confidence  *Confidence `json:"confidence-score,omitempty"`
	Description string      `json:"mapping-description"`
}

// Confidence is the author's own estimate.
type Confidence struct {
	Category string `json:"category"`
}

// MappingPair maps one catalogue to another.
type MappingPair struct {
	UUID   string      `json:"uuid"`
	Source ResourceRef `json:"source-resource"`
	Target ResourceRef `json:"target-resource"`
	Maps   []Map       `json:"maps"`
}

// ResourceRef names a catalogue or profile.
type ResourceRef struct {
	Type string `json:"type"`
	Href string `json:"href"`
}

// Map relates controls.
type Map struct {
	UUID         string    `json:"uuid"`
	Relationship string    `json:"relationship"`
	Sources      []MapItem `json:"sources"`
	Targets      []MapItem `json:"targets"`
}

// MapItem is one control in a map.
type MapItem struct {
	Type string `json:"type"`
	ID   string `json:"id-ref"`
}

const mappingDescription = "The project's own reading of which controls touch each other, so that evidence for one is looked at for the other. " +
	"It is endorsed by no authority, and does not say that meeting one control meets another."

// FromCrosswalk writes the crosswalk between all catalogues of the set as one
// mapping collection. Related controls of the same catalogue are links in that
// catalogue and not repeated here.
func FromCrosswalk(s *controls.Set) (Document, error) {
	cats := s.Catalogues()
	newest := ""
	for _, c := range cats {
		newest = max(newest, c.AsOf)
	}
	out := &Mapping{UUID: UUID("crosswalk", newest), Metadata: Metadata{Title: "Crosswalk of the catalogues of modelvet",
		LastModified: midnight(newest), Version: newest, OSCAL: Version},
		Provenance: Provenance{Method: "human", Rationale: "semantic", Status: "draft", Confidence: &Confidence{Category: "low"}, Description: mappingDescription}}
	for i, from := range cats {
		for _, to := range cats[i+1:] {
			pair, err := mapPair(s, from, to)
			if err != nil {
				return Document{}, err
			}
			if len(pair.Maps) > 0 {
				out.Mappings = append(out.Mappings, pair)
			}
		}
	}
	return Document{Mapping: out}, nil
}

func mapPair(s *controls.Set, from, to controls.Catalogue) (MappingPair, error) {
	pair := MappingPair{UUID: UUID("mapping", from.ID, to.ID, from.AsOf, to.AsOf),
		Source: ResourceRef{"catalog", FileName(from.ID)}, Target: ResourceRef{"catalog", FileName(to.ID)}}
	for _, e := range from.Entries {
		links, err := s.Crosswalk(e.ID)
		if err != nil {
			return pair, fmt.Errorf("writing the crosswalk: %w", err)
		}
		links = slices.DeleteFunc(links, func(l controls.Link) bool { return l.Framework != to.ID })
		if len(links) > 0 {
			pair.Maps = append(pair.Maps, mapOf(e.ID, links))
		}
	}
	return pair, nil
}

func mapOf(id string, links []controls.Link) Map {
	m := Map{Relationship: "intersects-with", Sources: []MapItem{{"control", id}}}
	name := []string{"map", id}
	for _, l := range links {
		m.Targets = append(m.Targets, MapItem{"control", l.ID})
		name = append(name, l.ID)
	}
	m.UUID = UUID(name...)
	return m
}
