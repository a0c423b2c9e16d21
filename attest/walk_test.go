// SPDX-License-Identifier: Apache-2.0

package attest

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/modelvet/modelvet"
)

// tokens is the same check with the tokens of encoding/json: slow, and short
// enough to be believed.
type tokens struct {
	dec  *json.Decoder
	left int
}

func checkByTokens(data []byte, most int) error {
	if len(bytes.TrimSpace(data)) == 0 || !utf8.Valid(data) {
		return errors.New("empty, or not UTF-8")
	}
	c := tokens{json.NewDecoder(bytes.NewReader(data)), most}
	c.dec.UseNumber()
	if err := c.value(0); err != nil {
		return err
	}
	if _, err := c.dec.Token(); !errors.Is(err, io.EOF) {
		return errors.New("something follows")
	}
	return nil
}

func (c *tokens) value(depth int) error {
	if c.left--; c.left < 0 || depth > maxDepth {
		return errors.New("too many, or too deep")
	}
	token, err := c.dec.Token()
	if err != nil {
		return err
	}
	switch token {
	case json.Delim('{'):
		seen := map[string]bool{}
		for c.dec.More() {
			token, err := c.dec.Token()
			if err != nil {
				return err
			}
			key, ok := token.(string)
			if !ok || seen[key] {
				return errors.New("no key, or a second one")
			}
			seen[key] = true
			if err := c.value(depth + 1); err != nil {
				return err
			}
		}
	case json.Delim('['):
		for c.dec.More() {
			if err := c.value(depth + 1); err != nil {
				return err
			}
		}
	case json.Delim('}'), json.Delim(']'):
		return errors.New("a closing bracket")
	default:
		return nil
	}
	_, err = c.dec.Token()
	return err
}

// The walk refuses exactly what the tokens refuse, and its members are those of encoding/json.
func FuzzWalk(f *testing.F) {
	for _, s := range []string{
		``, ` `, `null`, ` {} `, `[]`, `[1,2`, `[1,]`, `[,1]`, `[1 2]`, `{"a":1,}`, `{"a"}`, `{"a":}`, `{,}`, `{1:2}`, `{"a":1 "b":2}`, `[1}`, `{"a":1]`,
		`{"a":1,"a":2}`, `{"a":1,"\u0061":2}`, `{"\ud800":1,"\udfff":2}`, "{\"\\ud800\":1,\"\ufffd\":2}", `{"a":{"b":1},"b":{"b":1}}`, `{"a":[{"b":1,"b":2}]}`, `{"":1,"":2}`,
		`-`, `-1`, `01`, `0`, `1.`, `1.5`, `.5`, `1e`, `1e+`, `1E-3`, `+1`, `1-`, `--1`, `0x1`, `1_0`, `nul`, `nulL`, `truefalse`, `true false`, `"a`, `"\x"`, `"\u12"`, `"\u123g"`, "\"\x01\"", "\"\x7f\"", `"\`,
		"\xef\xbb\xbf{}", "{}\x00", "\v{}", "\u00a0{}", `{"a":1}{"b":2}`, `"a""b"`, `NaN`, `'a'`, `/**/{}`, `{"a":"<&>"}`,
		strings.Repeat("[", maxDepth+1) + strings.Repeat("]", maxDepth+1), strings.Repeat("[", maxDepth) + strings.Repeat("]", maxDepth),
	} {
		f.Add([]byte(s), 50)
	}
	many := &strings.Builder{}
	for i := range 3 * fewKeys {
		fmt.Fprintf(many, `"k%d":{"a":%d},`, i, i)
	}
	f.Add([]byte("{"+many.String()+`"k7":1}`), 1000)
	f.Add([]byte("{"+many.String()+`"k40":1}`), 1000)
	f.Add([]byte("{"+many.String()+`"last":1}`), 1000)
	f.Fuzz(func(t *testing.T, data []byte, most int) {
		members, err := walk(data, most)
		want := checkByTokens(data, most)
		if (err == nil) != (want == nil) {
			t.Fatalf("%q: the walk says %v, the tokens say %v", data, err, want)
		}
		if err != nil {
			return
		}
		if !json.Valid(data) {
			t.Fatalf("%q is no JSON", data)
		}
		var m map[string]json.RawMessage
		if json.Unmarshal(data, &m) != nil {
			m = nil
		}
		if !maps.EqualFunc(m, members, func(a, b json.RawMessage) bool { return bytes.Equal(a, b) }) {
			t.Fatalf("%q: members %q, want %q", data, members, m)
		}
	})
}

// What decodePredicate hands on is, byte for byte, what was there before the
// time of signing was put in.
func TestPredicateComesBackByteForByte(t *testing.T) {
	want, err := json.Marshal(map[string]any{"z": []any{1, "<&>\u2028"}, "a": map[string]any{"b": nil}, "<k>": "\u00e9"})
	if err != nil {
		t.Fatal(err)
	}
	s := fixed(t)
	e := Verify(context.Background(), sign(t, s, modelvet.PredicateScan, json.RawMessage(want)), trusting(s), subject)
	if e.Status != modelvet.Verified || !bytes.Equal(e.Predicate, want) {
		t.Errorf("%s %s\n%s\nwant\n%s", e.Status, e.Reason, e.Predicate, want)
	}
}

// large is a predicate as large as a decision.
func large() map[string]any {
	var results []any
	for i := range 1500 {
		results = append(results, map[string]any{"id": fmt.Sprintf("area.rule_%d", i), "title": "A rule whose title is a sentence", "outcome": "pass",
			"controls": []string{"euaia-art-15.5", "iso42001-a.6.2.4"}, "objections": []any{}, "value": 0.25, "evidence": []string{sha("a"), sha("b")}})
	}
	return map[string]any{"results": results}
}

func BenchmarkVerifyLarge(b *testing.B) {
	s := fixed(b)
	bundle := sign(b, s, modelvet.PredicateDecision, large())
	trust := trusting(s)
	b.SetBytes(int64(len(bundle)))
	b.ReportAllocs()
	for b.Loop() {
		if e := Verify(context.Background(), bundle, trust, subject); e.Status != modelvet.Verified {
			b.Fatal(e.Reason)
		}
	}
}

func BenchmarkWalk(b *testing.B) {
	data, err := json.Marshal(large())
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(data)))
	b.Run("walk", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			if err := checkJSON(data); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("tokens", func(b *testing.B) {
		b.SetBytes(int64(len(data)))
		for b.Loop() {
			if err := checkByTokens(data, 1<<30); err != nil {
				b.Fatal(err)
			}
		}
	})
}
