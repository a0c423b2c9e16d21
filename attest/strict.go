// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"
	"unicode/utf8"
)

// maxDepth bounds how deep JSON may nest; nothing that is signed in practice comes near it.
const maxDepth = 128

// checkJSON refuses what two readers could read in two ways: duplicate keys,
// text after the value, bytes that are not UTF-8, and bottomless nesting.
func checkJSON(data []byte) error { return checkJSONOf(data, math.MaxInt) }

// checkJSONOf also refuses more than so many values: those of a stranger are
// not to keep a verifier busy.
func checkJSONOf(data []byte, most int) error {
	if len(bytes.TrimSpace(data)) == 0 {
		return errors.New("it is empty")
	}
	if !utf8.Valid(data) {
		return errors.New("it is not UTF-8")
	}
	c := checker{json.NewDecoder(bytes.NewReader(data)), most}
	c.dec.UseNumber()
	if err := c.value(0); err != nil {
		return fmt.Errorf("at byte %d: %w", c.dec.InputOffset(), err)
	}
	if _, err := c.dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("at byte %d: something follows the JSON value", c.dec.InputOffset())
	}
	return nil
}

type checker struct {
	dec  *json.Decoder
	left int // values
}

func (c *checker) value(depth int) error {
	if c.left--; c.left < 0 {
		return errors.New("it holds too many values")
	}
	if depth > maxDepth {
		return fmt.Errorf("nested deeper than %d levels", maxDepth)
	}
	token, err := c.dec.Token()
	if err != nil {
		return whole(err)
	}
	switch token {
	case json.Delim('{'):
		err = c.members(depth)
	case json.Delim('['):
		for c.dec.More() && err == nil {
			err = c.value(depth + 1)
		}
	default:
		return nil
	}
	if err == nil {
		_, err = c.dec.Token() // the closing bracket
	}
	return whole(err)
}

func (c *checker) members(depth int) error {
	seen := map[string]bool{}
	for c.dec.More() {
		token, err := c.dec.Token()
		if err != nil {
			return whole(err)
		}
		key, ok := token.(string)
		if !ok {
			return errors.New("an object key is no string")
		}
		if seen[key] {
			return fmt.Errorf("duplicate key %.80q", key)
		}
		seen[key] = true
		if err := c.value(depth + 1); err != nil {
			return err
		}
	}
	return nil
}

// whole names the commonest damage.
func whole(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errors.New("it is cut short")
	}
	return err
}

// object reads a JSON object by exact keys. encoding/json matches the fields
// of a struct without regard to case, so that "Subject" could stand in for
// "subject"; a map does not. Keys that differ from a known one in case only are refused.
func object(data []byte, known ...string) (map[string]json.RawMessage, error) {
	var out map[string]json.RawMessage
	if err := json.Unmarshal(data, &out); err != nil {
		return nil, errors.New("it is no JSON object")
	}
	if out == nil {
		return nil, errors.New("it is null, expected an object")
	}
	for key := range out {
		for _, k := range known {
			if key != k && strings.EqualFold(key, k) {
				return nil, fmt.Errorf("key %.80q: expected %q", key, k)
			}
		}
	}
	return out, nil
}
