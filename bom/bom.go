// SPDX-License-Identifier: Apache-2.0

// Package bom writes bills of materials for models: CycloneDX 1.7 with a model
// card, and the AI profile of SPDX 3.0.1. Both are written from what is known
// of an artifact, and from nothing else.
//
// It must never pass a declared figure off as a measured one: metrics are
// those that scanners computed, with their intervals; what the provider only
// says carries the word "declared". It measures nothing and signs nothing.
package bom

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/modelvet/modelvet"
)

// Source is what a bill of materials is written from.
type Source struct {
	Subject modelvet.Subject
	System  modelvet.System
	Scans   []modelvet.Scan
	Lineage []modelvet.Lineage
	At      time.Time // when it is written
	Version string    // of modelvet
}

// The formats, as the command line names them.
const (
	FormatCycloneDX = "cyclonedx"
	FormatSPDX      = "spdx"
)

// Formats lists them.
var Formats = []string{FormatCycloneDX, FormatSPDX}

// Write makes a bill of materials: the same source gives the same bytes.
func Write(format string, s Source) ([]byte, error) {
	if err := s.check(); err != nil {
		return nil, fmt.Errorf("writing a bill of materials: %w", err)
	}
	switch format {
	case FormatCycloneDX:
		return cycloneDX(s)
	case FormatSPDX:
		return spdx(s)
	}
	return nil, fmt.Errorf("writing a bill of materials: there is no format %q; there are: %s", format, strings.Join(Formats, ", "))
}

func (s Source) check() error {
	switch {
	case s.Subject.Digest == "":
		return errors.New("the artifact has no digest")
	case s.System.Name == "":
		return errors.New("the system has no name")
	case s.At.IsZero():
		return errors.New("no time was given")
	}
	return nil
}

// input is something that the model was made from.
type input struct {
	kind, name, uri, digest string // digest: "sha256:..." or "gitCommit:..."
	licence                 string
	table                   *modelvet.Table
}

// inputs are the tables of the system and what its lineage names, each once.
func (s Source) inputs() []input {
	digests := map[string]string{}
	for _, f := range s.Subject.Files {
		digests[f.Path] = f.Digest
	}
	var out []input
	for _, t := range s.System.Tables {
		out = append(out, input{kind: "dataset", name: t.Path, digest: digests[t.Path], licence: t.Licence, table: &t})
	}
	for _, l := range s.Lineage {
		for _, in := range l.Inputs {
			i := slices.IndexFunc(out, func(o input) bool { return o.kind == in.Kind && o.name == in.Name })
			if i < 0 {
				out = append(out, input{kind: in.Kind, name: in.Name, uri: in.URI, digest: in.Digest, licence: s.licence(l.Source, in.Name)})
				continue
			}
			out[i].uri, out[i].digest = cmp.Or(out[i].uri, in.URI), cmp.Or(out[i].digest, in.Digest)
			out[i].licence = cmp.Or(out[i].licence, s.licence(l.Source, in.Name))
		}
	}
	slices.SortStableFunc(out, func(a, b input) int { return cmp.Or(cmp.Compare(a.kind, b.kind), cmp.Compare(a.name, b.name)) })
	return slices.DeleteFunc(out, func(i input) bool { return i.kind == "document" })
}

// licence is what modelvet.yaml declares for a source: the one of this
// connector, or the one with this path.
func (s Source) licence(connector, name string) string {
	for _, src := range s.System.Lineage {
		if src.Licence != "" && (src.Path == name && name != "" || src.Path == "" && src.Kind == connector) {
			return src.Licence
		}
	}
	return ""
}

// metrics are the measurements that a model card is about, in a fixed order.
func (s Source) metrics() []modelvet.Measurement {
	var out []modelvet.Measurement
	for _, scan := range s.Scans {
		if scan.Scanner == "performance" || scan.Scanner == "fairness" {
			out = append(out, scan.Measurements...)
		}
	}
	slices.SortStableFunc(out, func(a, b modelvet.Measurement) int {
		return cmp.Or(cmp.Compare(a.Metric, b.Metric), cmp.Compare(sliceText(a.Slice), sliceText(b.Slice)))
	})
	return out
}

// gaps are what the scanners did not look at.
func (s Source) gaps() []string {
	var out []string
	for _, scan := range s.Scans {
		for _, g := range scan.Coverage.Skipped {
			out = append(out, fmt.Sprintf("not assessed by %s: %s: %s", scan.Scanner, g.Path, g.Reason))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// declared are the figures that the provider states, by name.
func (s Source) declared() []string { return slices.Sorted(maps.Keys(s.System.Performance)) }

func sliceText(slice map[string]string) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(slice)) {
		out = append(out, k+"="+slice[k])
	}
	return strings.Join(out, ", ")
}

func number(v float64) string { return strconv.FormatFloat(v, 'g', -1, 64) }

// hexOf takes a digest apart: ok for SHA-256 only.
func hexOf(digest string) (string, bool) {
	h, ok := strings.CutPrefix(digest, "sha256:")
	return h, ok && len(h) == 64
}

// uuid is one that follows from its content (RFC 9562, version 8).
func uuid(parts ...string) string {
	b := sha256.Sum256([]byte(strings.Join(parts, "\n")))
	b[6], b[8] = b[6]&0x0f|0x80, b[8]&0x3f|0x80
	h := hex.EncodeToString(b[:16])
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
}

func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }

// purl is the artifact as a package URL of type oci.
func purl(s modelvet.Subject) string {
	return "pkg:oci/" + strings.ToLower(s.Name) + "@" + strings.ReplaceAll(s.Digest, ":", "%3A")
}
