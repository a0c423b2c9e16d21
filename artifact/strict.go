// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf8"
)

// maxDepth bounds the nesting of a document.
const maxDepth = 32

// spell gives the keys that encoding/json would also take in other cases, and
// other readers would not.
func spell(keys ...string) map[string]string {
	all := map[string]string{}
	for _, key := range keys {
		all[strings.ToLower(key)] = key
	}
	return all
}

var structural = spell("schemaVersion", "mediaType", "artifactType", "config", "layers", "manifests", "subject",
	"digest", "size", "data", "urls", "annotations", "platform", "descriptor", "modelfs", "diffIds", "type")

// decode reads one JSON document that every reader understands in the same
// way: no key twice, none in another spelling, valid UTF-8, nothing behind it.
func decode(raw []byte, into any) error {
	if !utf8.Valid(raw) {
		return errors.New("it is not valid UTF-8")
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	if err := checkValue(d, 0, true); err != nil {
		return fmt.Errorf("at byte %d: %w", d.InputOffset(), err)
	}
	if _, err := d.Token(); err != io.EOF {
		return fmt.Errorf("at byte %d: something stands behind the document", d.InputOffset())
	}
	return json.Unmarshal(raw, into)
}

func checkValue(d *json.Decoder, depth int, keys bool) error {
	t, err := d.Token()
	if err == io.EOF {
		return io.ErrUnexpectedEOF
	}
	if err != nil {
		return err
	}
	if depth > maxDepth {
		return fmt.Errorf("nested deeper than %d", maxDepth)
	}
	switch t {
	case json.Delim('{'):
		return checkObject(d, depth, keys)
	case json.Delim('['):
		return checkArray(d, depth, keys)
	}
	return nil
}

func checkArray(d *json.Decoder, depth int, keys bool) error {
	for d.More() {
		if err := checkValue(d, depth+1, keys); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

func checkObject(d *json.Decoder, depth int, keys bool) error {
	seen := map[string]bool{}
	for d.More() {
		t, err := d.Token()
		if err != nil {
			return err
		}
		key, _ := t.(string)
		if seen[key] {
			return fmt.Errorf("key %q stands there twice", key)
		}
		seen[key] = true
		if want, ok := structural[strings.ToLower(key)]; ok && keys && key != want {
			return fmt.Errorf("key %q should be spelt %q", key, want)
		}
		if err := checkValue(d, depth+1, keys && key != "annotations"); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

// timeStamp is RFC 3339 in whole seconds and UTC: one instant, one spelling.
func timeStamp(t time.Time) string {
	return t.UTC().Truncate(time.Second).Format(time.RFC3339)
}
