// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
)

// maxDepth bounds how deep JSON may nest; nothing that is signed in practice comes near it.
const maxDepth = 128

// checkJSON refuses what two readers could read in two ways: duplicate keys,
// text after the value, bytes that are not UTF-8, and bottomless nesting.
func checkJSON(data []byte) error {
	_, err := walk(data, math.MaxInt)
	return err
}

// Members takes a predicate apart by exact keys, without reading what they hold.
// Whoever needs little of a large predicate decodes that little only. Keys that
// differ from a known one in case only are refused, and so are duplicates.
func Members(predicate json.RawMessage, known ...string) (map[string]json.RawMessage, error) {
	return object(predicate, known...)
}

// object reads a JSON object by exact keys. encoding/json matches the fields
// of a struct without regard to case, so that "Subject" could stand in for
// "subject"; a map does not. Keys that differ from a known one in case only are refused.
func object(data []byte, known ...string) (map[string]json.RawMessage, error) {
	out, err := walk(data, math.MaxInt)
	switch {
	case len(data) == 0:
		return nil, errors.New("it is no JSON object")
	case err != nil:
		return nil, err
	case string(bytes.TrimSpace(data)) == "null":
		return nil, errors.New("it is null, expected an object")
	case out == nil:
		return nil, errors.New("it is no JSON object")
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
