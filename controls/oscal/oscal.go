// SPDX-License-Identifier: Apache-2.0

// Package oscal writes catalogues, profiles, the crosswalk and decisions in
// OSCAL, the Open Security Controls Assessment Language of NIST
// (https://pages.nist.gov/OSCAL/, model version 1.2.2), and reads catalogues
// in it. It holds the few parts of the models that modelvet needs.
//
// OSCAL knows "satisfied" and "not-satisfied" and nothing between. Here only
// what evidence supports, or a person attested, is written as satisfied; what
// was not assessed, cannot be verified or is waived is not-satisfied, and its
// "state" property says which. The package must never decide anything.
package oscal

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// Version is the OSCAL version that documents claim.
const Version = "1.2.2"

// Namespace is the ns of properties that are modelvet's own.
const Namespace = "https://github.com/modelvet/modelvet/oscal"

// Document is one OSCAL file: exactly one field is set.
type Document struct {
	Catalog *Catalog `json:"catalog,omitempty"`
	Profile *Profile `json:"profile,omitempty"`
	Mapping *Mapping `json:"mapping-collection,omitempty"`
	Results *Results `json:"assessment-results,omitempty"`
	POAM    *POAM    `json:"plan-of-action-and-milestones,omitempty"`
}

// Marshal writes the document, indented, with a final line feed.
func (d Document) Marshal() ([]byte, error) {
	out, err := json.MarshalIndent(d, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("writing OSCAL: %w", err)
	}
	return append(out, '\n'), nil
}

// Metadata heads every document.
type Metadata struct {
	Title        string  `json:"title"`
	LastModified string  `json:"last-modified"`
	Version      string  `json:"version"`
	OSCAL        string  `json:"oscal-version"`
	Props        []Prop  `json:"props,omitempty"`
	Parties      []Party `json:"parties,omitempty"`
	Remarks      string  `json:"remarks,omitempty"`
}

// Prop is a named value. Without a namespace the name is OSCAL's own.
type Prop struct {
	Name  string `json:"name"`
	NS    string `json:"ns,omitempty"`
	Value string `json:"value"`
}

// Link points at a related thing.
type Link struct {
	Href string `json:"href"`
	Rel  string `json:"rel,omitempty"`
}

// Party is a person or organisation.
type Party struct {
	UUID string `json:"uuid"`
	Type string `json:"type"` // person, organization
	Name string `json:"name,omitempty"`
}

// BackMatter lists what the document refers to.
type BackMatter struct {
	Resources []Resource `json:"resources"`
}

// Resource is one thing referred to.
type Resource struct {
	UUID        string  `json:"uuid"`
	Title       string  `json:"title,omitempty"`
	Description string  `json:"description,omitempty"`
	Props       []Prop  `json:"props,omitempty"`
	RLinks      []RLink `json:"rlinks,omitempty"`
}

// RLink says where a resource is.
type RLink struct {
	Href   string `json:"href"`
	Hashes []Hash `json:"hashes,omitempty"`
}

// Hash is a digest of what a link leads to.
type Hash struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"value"`
}

// uuidSpace is the name space of all UUIDs here: version 5 of [Namespace] in
// the URL space of RFC 9562.
var uuidSpace = uuid5([16]byte{0x6b, 0xa7, 0xb8, 0x11, 0x9d, 0xad, 0x11, 0xd1, 0x80, 0xb4, 0x00, 0xc0, 0x4f, 0xd4, 0x30, 0xc8}, Namespace)

// UUID is a UUID of version 5 (RFC 9562, section 5.5) over the parts: the same
// parts give the same UUID, everywhere and always.
func UUID(parts ...string) string {
	// Lengths are hashed too, so that ("ab", "c") and ("a", "bc") differ.
	var b strings.Builder
	for _, p := range parts {
		fmt.Fprintf(&b, "%d:%s", len(p), p)
	}
	u := uuid5(uuidSpace, b.String())
	h := hex.EncodeToString(u[:])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

func uuid5(space [16]byte, name string) [16]byte {
	sum := sha1.Sum(append(space[:], name...)) // SHA-1 is what the RFC asks for: an identifier, no protection
	var u [16]byte
	copy(u[:], sum[:])
	u[6] = u[6]&0x0f | 0x50
	u[8] = u[8]&0x3f | 0x80
	return u
}

// line makes text a single line without space at its ends, as OSCAL's string
// types demand; nothing becomes "-".
func line(s string) string {
	if s = strings.Join(strings.Fields(s), " "); s == "" {
		return "-"
	}
	return s
}

// own is a property in modelvet's namespace.
func own(name, value string) Prop { return Prop{Name: name, NS: Namespace, Value: line(value)} }

// props leaves out those without a value.
func props(list ...Prop) []Prop {
	var out []Prop
	for _, p := range list {
		if p.Value != "" && p.Value != "-" {
			out = append(out, p)
		}
	}
	return out
}

// midnight turns an ISO date into a point in time.
func midnight(date string) string { return date + "T00:00:00Z" }

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// stampOrNothing leaves an unset time out.
func stampOrNothing(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return stamp(t)
}
