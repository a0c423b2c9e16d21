// SPDX-License-Identifier: Apache-2.0

package xgboost

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// maxJSONDepth bounds how deep values that are skipped may nest.
const maxJSONDepth = 64

// keys says how each known key of an object is read. Unknown keys are skipped:
// XGBoost adds some with every release.
type keys map[string]func() error

// reader reads JSON as a stream, exactly: no key twice, no other case.
type reader struct {
	dec *json.Decoder
	in  *counted
}

// counted counts bytes, so that a file beyond the limit is told from one cut short.
type counted struct {
	r io.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	if c.n += int64(n); c.n > MaxBytes {
		return 0, fmt.Errorf("the file is larger than %d MiB", MaxBytes>>20)
	}
	return n, err
}

func newReader(r io.Reader) *reader {
	in := &counted{r: r}
	dec := json.NewDecoder(in)
	dec.UseNumber()
	return &reader{dec: dec, in: in}
}

// object reads an object; every key that is wanted is handed to its function.
func (r *reader) object(what string, wanted keys) error {
	if err := r.delim('{', what); err != nil {
		return err
	}
	seen := map[string]bool{}
	for r.dec.More() {
		token, err := r.dec.Token()
		if err != nil {
			return r.at(what, err)
		}
		key, _ := token.(string)
		if err := r.value(what, key, seen, wanted); err != nil {
			return err
		}
	}
	return r.delim('}', what)
}

func (r *reader) value(what, key string, seen map[string]bool, wanted keys) error {
	read, known := wanted[key]
	if !known {
		return r.skip(what + "." + key)
	}
	if seen[key] {
		return fmt.Errorf("reading %s: key %q appears twice", what, key)
	}
	seen[key] = true
	return read()
}

// array calls one for every element.
func (r *reader) array(what string, one func(i int) error) error {
	if err := r.delim('[', what); err != nil {
		return err
	}
	for i := 0; r.dec.More(); i++ {
		if err := one(i); err != nil {
			return err
		}
	}
	return r.delim(']', what)
}

func (r *reader) delim(want json.Delim, what string) error {
	token, err := r.dec.Token()
	if err != nil {
		return r.at(what, err)
	}
	if token != want {
		return fmt.Errorf("reading %s: found %v at byte %d, expected %q", what, token, r.dec.InputOffset(), want.String())
	}
	return nil
}

func (r *reader) into(what string, v any) error {
	if err := r.dec.Decode(v); err != nil {
		return r.at(what, err)
	}
	return nil
}

func (r *reader) at(what string, err error) error {
	if errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF
	}
	return fmt.Errorf("reading %s, byte %d: %w", what, r.dec.InputOffset(), err)
}

// skip passes over one value without keeping it.
func (r *reader) skip(what string) error {
	for depth := 0; ; {
		token, err := r.dec.Token()
		if err != nil {
			return r.at(what, err)
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			depth++
		case json.Delim('}'), json.Delim(']'):
			depth--
		}
		if depth > maxJSONDepth {
			return fmt.Errorf("reading %s: nested deeper than %d", what, maxJSONDepth)
		}
		if depth == 0 {
			return nil
		}
	}
}

// end makes sure that nothing follows the model.
func (r *reader) end() error {
	if _, err := r.dec.Token(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("reading the model: something follows it at byte %d", r.dec.InputOffset())
	}
	return nil
}

// floats reads an array of finite numbers in single precision, at most limit.
func (r *reader) floats(what string, limit int, to *[]float32) func() error {
	return func() error {
		return r.array(what, func(i int) error {
			var v *float32
			if err := r.element(what, i, limit, &v); err != nil {
				return err
			}
			if v == nil {
				return fmt.Errorf("reading %s[%d]: null, expected a number", what, i)
			}
			*to = append(*to, *v)
			return nil
		})
	}
}

// ints reads an array of whole numbers, at most limit.
func (r *reader) ints(what string, limit int, to *[]int32) func() error {
	return func() error {
		return r.array(what, func(i int) error {
			var v *int32
			if err := r.element(what, i, limit, &v); err != nil {
				return err
			}
			if v == nil {
				return fmt.Errorf("reading %s[%d]: null, expected a whole number", what, i)
			}
			*to = append(*to, *v)
			return nil
		})
	}
}

// flags reads an array of truths, which XGBoost writes as 0 and 1 or as words.
func (r *reader) flags(what string, limit int, to *[]bool) func() error {
	return func() error {
		return r.array(what, func(i int) error {
			var v json.RawMessage
			if err := r.element(what, i, limit, &v); err != nil {
				return err
			}
			switch string(v) {
			case "1", "true":
				*to = append(*to, true)
			case "0", "false":
				*to = append(*to, false)
			default:
				return fmt.Errorf("reading %s[%d]: %.20s, expected 0 or 1", what, i, v)
			}
			return nil
		})
	}
}

func (r *reader) element(what string, i, limit int, v any) error {
	if i >= limit {
		return fmt.Errorf("reading %s: more than %d elements", what, limit)
	}
	if err := r.dec.Decode(v); err != nil {
		return r.at(fmt.Sprintf("%s[%d]", what, i), err)
	}
	return nil
}

// words reads an array of strings, at most limit.
func (r *reader) words(what string, limit int, to *[]string) func() error {
	return func() error {
		return r.array(what, func(i int) error {
			var v *string
			if err := r.element(what, i, limit, &v); err != nil {
				return err
			}
			if v == nil {
				return fmt.Errorf("reading %s[%d]: null, expected a string", what, i)
			}
			*to = append(*to, *v)
			return nil
		})
	}
}

// word reads a string.
func (r *reader) word(what string, to *string) func() error {
	return func() error {
		var v *string
		if err := r.into(what, &v); err != nil {
			return err
		}
		if v == nil {
			return fmt.Errorf("reading %s: null, expected a string", what)
		}
		*to = *v
		return nil
	}
}
