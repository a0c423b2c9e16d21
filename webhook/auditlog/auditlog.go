// SPDX-License-Identifier: Apache-2.0

// Package auditlog reads the audit log of a Kubernetes API server: JSON lines
// of audit.k8s.io/v1 events, plain or gzipped, of any length. It judges nothing.
// It must never leave out in silence what it could not read: every line is an
// event, or a [Gap].
package auditlog

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"
)

// Event is the part of an audit.k8s.io/v1 Event that says what became of a request.
type Event struct {
	APIVersion       string            `json:"apiVersion"`
	Kind             string            `json:"kind"`
	AuditID          string            `json:"auditID"`
	Stage            string            `json:"stage"` // RequestReceived, ResponseStarted, ResponseComplete, Panic
	RequestURI       string            `json:"requestURI"`
	Verb             string            `json:"verb"`
	User             User              `json:"user"`
	ImpersonatedUser *User             `json:"impersonatedUser"`
	Object           Object            `json:"objectRef"`
	Response         Response          `json:"responseStatus"`
	RequestObject    json.RawMessage   `json:"requestObject"`  // at level Request and above
	ResponseObject   json.RawMessage   `json:"responseObject"` // at level RequestResponse
	Received         time.Time         `json:"requestReceivedTimestamp"`
	At               time.Time         `json:"stageTimestamp"`
	Annotations      map[string]string `json:"annotations"`
	Items            []json.RawMessage `json:"items"` // of an EventList
}

// User is who asked.
type User struct {
	Username string `json:"username"`
}

// Object is what was asked for.
type Object struct {
	Resource    string `json:"resource"`
	Namespace   string `json:"namespace"`
	Name        string `json:"name"`
	Group       string `json:"apiGroup"`
	Version     string `json:"apiVersion"`
	Subresource string `json:"subresource"`
}

// Response is how the API server answered.
type Response struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

// DryRun tells whether the request asked for nothing to be kept.
func (e *Event) DryRun() bool {
	u, err := url.Parse(e.RequestURI)
	return err == nil && u.Query().Get("dryRun") == "All"
}

// Who is whom the API server took the request to be from.
func (e *Event) Who() string {
	if e.ImpersonatedUser != nil && e.ImpersonatedUser.Username != "" {
		return e.ImpersonatedUser.Username + " (by " + e.User.Username + ")"
	}
	return e.User.Username
}

// Gap is a part of a log that could not be read.
type Gap struct {
	File string `json:"file"`
	Line int64  `json:"line"`
	What string `json:"what"`
}

// The limits of one log. A line holds at most two objects of 3 MB, escaped.
const (
	MaxLine = 32 << 20
	mostGap = 100
)

// Reader reads logs one after the other, and counts.
type Reader struct {
	Only   string // lines without this text are passed over unread; for a first look
	Events int64
	Gaps   []Gap // the first hundred
	Lost   int64 // lines that could not be read, all of them
	Open   []Gap // last lines without an end: the API server is still writing
}

// Read calls visit for each event of one log. name is for messages. It fails
// when the bytes cannot be had, or when visit does.
func (r *Reader) Read(name string, in io.Reader, visit func(*Event) error) error {
	b := bufio.NewReaderSize(in, 1<<16)
	if magic, err := b.Peek(2); err == nil && magic[0] == 0x1f && magic[1] == 0x8b {
		z, err := gzip.NewReader(b)
		if err != nil {
			r.gap(name, 0, "it begins as gzip and is none: "+err.Error())
			return nil
		}
		b = bufio.NewReaderSize(z, 1<<16)
	}
	for n := int64(1); ; n++ {
		line, whole, err := next(b)
		switch {
		case errors.Is(err, errLong):
			r.gap(name, n, fmt.Sprintf("longer than %d MiB", MaxLine>>20))
			continue
		case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, gzip.ErrChecksum), errors.Is(err, gzip.ErrHeader), isFlate(err):
			r.gap(name, n, "the compressed data are damaged from here on: "+err.Error())
			return nil
		case err != nil && !errors.Is(err, io.EOF):
			return fmt.Errorf("reading %s: %w", name, err)
		}
		if visitErr := r.line(name, n, line, whole, visit); visitErr != nil {
			return visitErr
		}
		if err != nil {
			return nil
		}
	}
}

var errLong = errors.New("the line is too long")

// next reads one line and holds no more than MaxLine of it.
func next(b *bufio.Reader) (line []byte, whole bool, err error) {
	long := false
	for {
		part, err := b.ReadSlice('\n')
		if len(line)+len(part) > MaxLine {
			long, line = true, nil
		}
		if !long {
			line = append(line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case long && (err == nil || errors.Is(err, io.EOF)):
			return nil, false, errLong
		}
		return line, err == nil, err
	}
}

func isFlate(err error) bool {
	var corrupt interface{ Error() string }
	return errors.As(err, &corrupt) && bytes.HasPrefix([]byte(corrupt.Error()), []byte("flate:"))
}

func (r *Reader) gap(name string, n int64, what string) {
	r.Lost++
	if len(r.Gaps) < mostGap {
		r.Gaps = append(r.Gaps, Gap{name, n, what})
	}
}

func (r *Reader) line(name string, n int64, line []byte, whole bool, visit func(*Event) error) error {
	if line = bytes.TrimSpace(line); len(line) == 0 || r.Only != "" && !bytes.Contains(line, []byte(r.Only)) {
		return nil
	}
	var e Event
	if err := json.Unmarshal(line, &e); err != nil {
		if !whole && !json.Valid(line) {
			r.Open = append(r.Open, Gap{name, n, fmt.Sprintf("the last line ends after %d bytes; read it again when it is whole", len(line))})
			return nil
		}
		r.gap(name, n, clip(err.Error()))
		return nil
	}
	return r.event(name, n, &e, visit)
}

func (r *Reader) event(name string, n int64, e *Event, visit func(*Event) error) error {
	switch {
	case e.APIVersion != "audit.k8s.io/v1" || e.Kind != "Event" && e.Kind != "EventList":
		r.gap(name, n, fmt.Sprintf("expected an Event of audit.k8s.io/v1, not %.60q %.60q", e.APIVersion, e.Kind))
		return nil
	case e.Kind == "Event" && (e.AuditID == "" || e.Stage == "" || e.Verb == ""):
		r.gap(name, n, "the event lacks auditID, stage or verb")
		return nil
	case e.Kind == "Event":
		r.Events++
		return visit(e)
	}
	for _, raw := range e.Items {
		var item Event
		if err := json.Unmarshal(raw, &item); err != nil {
			r.gap(name, n, clip(err.Error()))
			continue
		}
		item.APIVersion, item.Items = e.APIVersion, nil
		if item.Kind == "" {
			item.Kind = "Event"
		}
		if item.Kind != "Event" {
			r.gap(name, n, fmt.Sprintf("a list that holds a %.60q", item.Kind))
			continue
		}
		if err := r.event(name, n, &item, visit); err != nil {
			return err
		}
	}
	return nil
}

func clip(s string) string { return fmt.Sprintf("%.300s", s) }
