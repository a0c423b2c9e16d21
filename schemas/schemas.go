// SPDX-License-Identifier: Apache-2.0

// Package schemas holds the contract of every file that modelvet reads or
// writes, as JSON Schema, and is the only room that checks a document against
// one. It never repairs a document and never ignores a field that it does not know.
package schemas

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"

	"github.com/santhosh-tekuri/jsonschema/v5"
)

//go:embed *.schema.json
var files embed.FS

// MaxDocument is the largest document that is read, in bytes. Statements and
// configuration are far below it; whatever is above is an attack or a mistake.
const MaxDocument = 64 << 20

// Names lists the schemas: "system", "policy", "scan", ...
func Names() []string {
	entries, _ := files.ReadDir(".")
	var out []string
	for _, e := range entries {
		out = append(out, strings.TrimSuffix(e.Name(), ".schema.json"))
	}
	return out
}

// Raw returns a schema's text.
func Raw(name string) ([]byte, error) {
	b, err := files.ReadFile(name + ".schema.json")
	if err != nil {
		return nil, fmt.Errorf("no schema %q; there are %s", name, strings.Join(Names(), ", "))
	}
	return b, nil
}

var (
	mu       sync.Mutex
	compiled = map[string]*jsonschema.Schema{}
)

func schema(name string) (*jsonschema.Schema, error) {
	mu.Lock()
	defer mu.Unlock()
	if s, ok := compiled[name]; ok {
		return s, nil
	}
	raw, err := Raw(name)
	if err != nil {
		return nil, err
	}
	c := jsonschema.NewCompiler()
	c.LoadURL = func(string) (io.ReadCloser, error) {
		return nil, errors.New("schemas may not refer to anything outside themselves")
	}
	url := "https://modelvet.invalid/" + name
	if err := c.AddResource(url, bytes.NewReader(raw)); err != nil {
		return nil, fmt.Errorf("reading schema %s: %w", name, err)
	}
	s, err := c.Compile(url)
	if err != nil {
		return nil, fmt.Errorf("compiling schema %s: %w", name, err)
	}
	compiled[name] = s
	return s, nil
}

// A Problem is one place where a document breaks its contract.
type Problem struct {
	Pointer string // JSON pointer, "" for the whole document
	What    string
}

// Invalid is the error of a document that breaks its contract.
type Invalid struct {
	Schema   string
	Problems []Problem
}

func (e *Invalid) Error() string {
	var b strings.Builder
	for i, p := range e.Problems {
		if i > 0 {
			b.WriteString("; ")
		}
		fmt.Fprintf(&b, "%s: %s", fieldName(p.Pointer), p.What)
	}
	return b.String()
}

// fieldName turns a JSON pointer into what a person would write: tables[0].label.
func fieldName(pointer string) string {
	if pointer == "" {
		return "the document"
	}
	var b strings.Builder
	for _, part := range strings.Split(strings.TrimPrefix(pointer, "/"), "/") {
		part = strings.NewReplacer("~1", "/", "~0", "~").Replace(part)
		switch {
		case part != "" && strings.Trim(part, "0123456789") == "":
			fmt.Fprintf(&b, "[%s]", part)
		case b.Len() == 0:
			b.WriteString(part)
		default:
			b.WriteString("." + part)
		}
	}
	return b.String()
}

// Validate checks a JSON document. A document that breaks its contract is an
// [*Invalid]; one that is no JSON, or has something twice, another error.
func Validate(name string, document []byte) error {
	s, err := schema(name)
	if err != nil {
		return err
	}
	v, err := Parse(document)
	if err != nil {
		return err
	}
	return validate(s, name, v)
}

func validate(s *jsonschema.Schema, name string, v any) error {
	err := s.Validate(v)
	var ve *jsonschema.ValidationError
	if !errors.As(err, &ve) {
		return err
	}
	return &Invalid{Schema: name, Problems: leaves(ve)}
}

// leaves are the innermost causes, each place once.
func leaves(ve *jsonschema.ValidationError) []Problem {
	if len(ve.Causes) == 0 {
		return []Problem{{Pointer: ve.InstanceLocation, What: plainWords(ve)}}
	}
	var out []Problem
	for _, c := range ve.Causes {
		out = append(out, leaves(c)...)
	}
	slices.SortStableFunc(out, func(a, b Problem) int { return strings.Compare(a.Pointer, b.Pointer) })
	return slices.CompactFunc(out, func(a, b Problem) bool { return a == b })
}

// plainWords replaces the messages that name a keyword and not a remedy.
func plainWords(ve *jsonschema.ValidationError) string {
	if strings.HasSuffix(ve.KeywordLocation, "/not") {
		return "want a path below this folder, without a leading slash and without '..'"
	}
	if rest, ok := strings.CutPrefix(ve.Message, unknownFields); ok {
		return "unknown field " + strings.TrimSuffix(rest, " not allowed")
	}
	return ve.Message
}

const unknownFields = "additionalProperties "

// Parse reads JSON strictly: one value, no key twice, nothing after it.
// Numbers stay [json.Number].
func Parse(document []byte) (any, error) {
	if len(document) > MaxDocument {
		return nil, fmt.Errorf("the document has %d bytes; at most %d are read", len(document), MaxDocument)
	}
	d := json.NewDecoder(bytes.NewReader(document))
	d.UseNumber()
	v, err := value(d, 0)
	if err != nil {
		return nil, fmt.Errorf("reading JSON at byte %d: %w", d.InputOffset(), err)
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("reading JSON: something follows the document at byte %d", d.InputOffset())
	}
	return v, nil
}

const maxDepth = 100

func value(d *json.Decoder, depth int) (any, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("nested deeper than %d", maxDepth)
	}
	t, err := d.Token()
	if err != nil {
		return nil, eof(err)
	}
	switch t {
	case json.Delim('{'):
		return object(d, depth)
	case json.Delim('['):
		return array(d, depth)
	}
	return t, nil
}

func eof(err error) error {
	if errors.Is(err, io.EOF) {
		return errors.New("it ends too early")
	}
	return err
}

func object(d *json.Decoder, depth int) (any, error) {
	out := map[string]any{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return nil, eof(err)
		}
		key, _ := t.(string)
		if _, twice := out[key]; twice {
			return nil, fmt.Errorf("key %q stands twice", key)
		}
		if out[key], err = value(d, depth+1); err != nil {
			return nil, err
		}
	}
	_, err := d.Token()
	return out, eofOrNil(err)
}

func array(d *json.Decoder, depth int) (any, error) {
	out := []any{}
	for d.More() {
		v, err := value(d, depth+1)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	_, err := d.Token()
	return out, eofOrNil(err)
}

func eofOrNil(err error) error {
	if err != nil {
		return eof(err)
	}
	return nil
}
