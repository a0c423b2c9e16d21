// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"bytes"
	"compress/zlib"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strconv"

	"github.com/modelvet/modelvet"
)

// maxAttachment is how large an attached decision may be, unpacked.
const maxAttachment = 64 << 20

// Verified is what a report turned out to be.
type Verified struct {
	Decision modelvet.Decision
	// Appended is the number of bytes after the rendering: what signatures
	// that people add to the file leave there. Whoever needs to trust them
	// must check them with a PDF reader.
	Appended int
}

// VerifyPDF takes the attached decision out of a report, renders it again and
// compares the bytes. It fails when the file is not our report, when the
// decision contradicts itself or follows another schema, and when a single
// byte of the rendering differs: then the pages do not say what the decision
// says, or another version of modelvet made them.
func VerifyPDF(raw []byte) (Verified, error) {
	first := firstEnd.FindIndex(raw)
	if first == nil {
		return Verified{}, fmt.Errorf("verifying the report: it is no PDF, or cut short")
	}
	record, err := attached(raw[:first[1]])
	if err != nil {
		return Verified{}, fmt.Errorf("verifying the report: %w", err)
	}
	var d modelvet.Decision
	if err := json.Unmarshal(record, &d); err != nil {
		return Verified{}, fmt.Errorf("reading the attached decision.json: %w", err)
	}
	if d.Schema != modelvet.DecisionSchema {
		return Verified{}, fmt.Errorf("reading the attached decision.json: schema %q, this version knows %q: use the version that made the report", d.Schema, modelvet.DecisionSchema)
	}
	var again bytes.Buffer
	if err := PDF(&again, d); err != nil {
		return Verified{}, fmt.Errorf("rendering the attached decision again: %w", err)
	}
	if !bytes.HasPrefix(raw, again.Bytes()) {
		return Verified{}, fmt.Errorf("comparing the report: the pages are not the rendering of the attached decision (first difference at byte %d): the file was changed, or modelvet %s made it in another version", difference(raw, again.Bytes()), or(d.Engine.Modelvet, "(not named)"))
	}
	return Verified{Decision: d, Appended: len(raw) - again.Len()}, nil
}

var (
	firstEnd = regexp.MustCompile(`\nstartxref\n\d+\n%%EOF\n`)
	fileSpec = regexp.MustCompile(`^<</Type /Filespec /F \(decision\.json\) .*?/EF <</F (\d+) 0 R`)
)

func difference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// attached is the decision.json inside a report.
func attached(raw []byte) ([]byte, error) {
	p, err := parsePDF(raw)
	if err != nil {
		return nil, err
	}
	for _, body := range p.body {
		m := fileSpec.FindSubmatch(body)
		if m == nil {
			continue
		}
		n, err := strconv.Atoi(string(m[1]))
		if err != nil || n >= len(p.body) {
			return nil, fmt.Errorf("reading the attachment: object %s does not exist", m[1])
		}
		return inflate(p.body[n])
	}
	return nil, fmt.Errorf("looking for the attached decision.json: there is none: this is not a report of modelvet")
}

func inflate(body []byte) ([]byte, error) {
	_, data, ok := bytes.Cut(body, []byte("stream\n"))
	if !ok {
		return nil, fmt.Errorf("reading the attachment: it is no stream")
	}
	r, err := zlib.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("unpacking the attachment: %w", err)
	}
	out, err := io.ReadAll(io.LimitReader(r, maxAttachment+1))
	if err != nil {
		return nil, fmt.Errorf("unpacking the attachment: %w", err)
	}
	if len(out) > maxAttachment {
		return nil, fmt.Errorf("unpacking the attachment: more than %d bytes", maxAttachment)
	}
	return out, nil
}
