// SPDX-License-Identifier: Apache-2.0

// Package pades signs a PDF in a field that was made for it, and reads such
// signatures back: PAdES baseline B-B, and B-T with an RFC 3161 time stamp
// (ETSI EN 319 142-1).
//
// A signature is appended and never changes a byte before it. Reading is
// strict: what a file gained after its rendering must be signatures in
// prepared fields and nothing else; whatever this package cannot follow is an
// error, never a valid signature. It knows PDF files as the reports room
// writes them (one classic table of cross references a revision), and says so
// of any other.
package pades

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
)

// maxRevisions is more signatures than a report has fields.
const maxRevisions = 64

// File is a PDF and its revisions, oldest first.
type File struct {
	Raw       []byte
	Revisions []Revision
}

// Revision is one layer of a file: Raw[Start:End].
type Revision struct {
	Start, End int
	Objects    map[int]int // number to offset
	Root, Info int
	Size       int // numbers below it are in use
	id         string
	xref       int
}

var (
	startXref = regexp.MustCompile(`startxref\s+(\d{1,10})\s+%%EOF[\r\n]*`)
	number    = regexp.MustCompile(`^\s*(\d{1,10})\s+(\d{1,10})\s*([nf]?)\s*`)
)

// Parse reads the tables of cross references. It fails for a file that is cut
// short, uses object or cross-reference streams, frees an object, has bytes
// after its end, or says that an object of one revision stands in another.
func Parse(raw []byte) (*File, error) {
	ends := startXref.FindAllSubmatchIndex(raw, -1)
	if !bytes.HasPrefix(raw, []byte("%PDF-")) || len(ends) == 0 {
		return nil, fmt.Errorf("reading the PDF: it is none, or cut short")
	}
	if n := len(raw) - ends[len(ends)-1][1]; n > 0 {
		return nil, fmt.Errorf("reading the PDF: %d bytes stand after its end", n)
	}
	f := &File{Raw: raw}
	at := offset(raw, ends[len(ends)-1])
	for at >= 0 {
		if len(f.Revisions) == maxRevisions {
			return nil, fmt.Errorf("reading the PDF: more than %d revisions", maxRevisions)
		}
		r, prev, err := section(raw, at)
		if err != nil {
			return nil, err
		}
		for _, e := range ends {
			if offset(raw, e) == at && e[0] >= at {
				r.End = e[1]
				break
			}
		}
		if r.End == 0 || prev >= at {
			return nil, fmt.Errorf("reading the PDF: the cross references at byte %d belong to no revision", at)
		}
		f.Revisions = append(f.Revisions, r)
		at = prev
	}
	slices.Reverse(f.Revisions)
	return f, f.settle()
}

func offset(raw []byte, match []int) int {
	n, err := strconv.Atoi(string(raw[match[2]:match[3]]))
	if err != nil {
		return -1
	}
	return n
}

// settle sets the starts, and holds every object to its own revision.
func (f *File) settle() error {
	start := 0
	for i := range f.Revisions {
		r := &f.Revisions[i]
		r.Start, start = start, r.End
		for n, at := range r.Objects {
			if at < r.Start || at >= r.xref {
				return fmt.Errorf("reading the PDF: object %d of revision %d stands in another", n, i+1)
			}
			if _, err := f.at(n, at); err != nil {
				return err
			}
		}
	}
	return nil
}

// section reads one table and its trailer; prev is -1 for the first.
func section(raw []byte, at int) (r Revision, prev int, err error) {
	r, prev = Revision{Objects: map[int]int{}, xref: at}, -1
	if at < 0 || at >= len(raw) || !bytes.HasPrefix(raw[at:], []byte("xref")) {
		return r, prev, fmt.Errorf("reading the PDF: no classic table of cross references at byte %d; streams of them are not read", at)
	}
	rest := raw[at+4:]
	for {
		m := number.FindSubmatch(rest)
		if m == nil {
			break
		}
		first, count := atoi(m[1]), atoi(m[2])
		if rest = rest[len(m[0]):]; count > len(rest)/18 {
			return r, prev, fmt.Errorf("reading the PDF: the table at byte %d is cut short", at)
		}
		for i := range count {
			e := number.FindSubmatch(rest)
			if e == nil || len(e[3]) == 0 {
				return r, prev, fmt.Errorf("reading the PDF: entry %d of the table at byte %d is none", first+i, at)
			}
			rest = rest[len(e[0]):]
			if e[3][0] == 'f' && first+i == 0 {
				continue
			}
			if e[3][0] == 'f' || atoi(e[2]) != 0 {
				return r, prev, fmt.Errorf("reading the PDF: object %d is freed or reused", first+i)
			}
			r.Objects[first+i] = atoi(e[1])
		}
	}
	rest = bytes.TrimLeft(rest, "\r\n\t ")
	if !bytes.HasPrefix(rest, []byte("trailer")) {
		return r, prev, fmt.Errorf("reading the PDF: the table at byte %d has no trailer", at)
	}
	d, err := Dict(rest[7:])
	if err != nil {
		return r, prev, fmt.Errorf("reading the trailer at byte %d: %w", at, err)
	}
	if d["XRefStm"] != "" || d["Encrypt"] != "" {
		return r, prev, fmt.Errorf("reading the trailer at byte %d: encrypted and hybrid files are not read", at)
	}
	r.Root, r.Info, r.Size, r.id = Ref(d["Root"]), Ref(d["Info"]), atoi([]byte(d["Size"])), d["ID"]
	if d["Prev"] != "" {
		prev = atoi([]byte(d["Prev"]))
	}
	return r, prev, nil
}

func atoi(b []byte) int {
	n, err := strconv.Atoi(string(b))
	if err != nil {
		return -1
	}
	return n
}

// at cuts out the object that begins at a byte.
func (f *File) at(n, at int) ([]byte, error) {
	head := fmt.Sprintf("%d 0 obj", n)
	if at < 0 || at > len(f.Raw) || !bytes.HasPrefix(f.Raw[at:], []byte(head)) {
		return nil, fmt.Errorf("reading the PDF: object %d is not where the cross references say", n)
	}
	body := f.Raw[at+len(head):]
	skip := 0
	end := bytes.Index(body, []byte("endobj"))
	if i := bytes.Index(body[:max(end, 0)], []byte("stream\n")); i >= 0 { // the end may stand in the stream
		skip = i + 7
		if d, err := Dict(body); err == nil {
			if l := atoi([]byte(d["Length"])); l > 0 && l <= len(body)-skip {
				skip += l
			}
		}
		end = bytes.Index(body[skip:], []byte("endobj"))
	}
	if end < 0 {
		return nil, fmt.Errorf("reading the PDF: object %d has no end", n)
	}
	return bytes.TrimSpace(body[:skip+end]), nil
}

// Object is an object as the given revision shows it; nil: there is none.
func (f *File) Object(n, revision int) []byte {
	for i := min(revision, len(f.Revisions)-1); i >= 0; i-- {
		if at, ok := f.Revisions[i].Objects[n]; ok {
			body, err := f.at(n, at)
			if err != nil {
				return nil
			}
			return body
		}
	}
	return nil
}

// Last is the index of the newest revision.
func (f *File) Last() int { return len(f.Revisions) - 1 }
