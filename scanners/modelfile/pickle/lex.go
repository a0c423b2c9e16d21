// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"bytes"
	"fmt"
	"math/big"
	"strconv"
	"strings"
)

// token is one opcode with its argument.
type token struct {
	op    byte
	start int64  // offset of the opcode
	off   int64  // offset of a string operand
	n     uint64 // length of a string operand, or the number
	text  []byte // line or short operand, valid until the next token
	line2 string // second line of GLOBAL and INST
}

// maxKeep is how much of a string operand is kept to be looked at. Names are
// short; longer operands are looked at where they lie.
const maxKeep = 4 << 10

// lengthBytes is the width of the length of counted operands.
var lengthBytes = map[byte]int{
	opBinString: 4, opShortBinString: 1, opBinUnicode: 4, opShortBinUnicode: 1, opBinUnicode8: 8,
	opBinBytes: 4, opShortBinBytes: 1, opBinBytes8: 8, opByteArray8: 8, opLong1: 1, opLong4: 4,
}

// numberBytes is the width of fixed numeric arguments.
var numberBytes = map[byte]int{
	opBinInt: 4, opBinInt1: 1, opBinInt2: 2, opBinFloat: 8, opBinGet: 1, opLongBinGet: 4,
	opBinPut: 1, opLongBinPut: 4, opProto: 1, opExt1: 1, opExt2: 2, opExt4: 4, opFrame: 8,
}

type shape uint8

const (
	shapeUnknown shape = iota
	shapePlain
	shapeCounted
	shapeNumber
	shapeLine
	shapeTwoLines
)

var shapes = makeShapes()

func makeShapes() (t [256]shape) {
	for _, op := range []byte("(.012NQRabd}elost)u]") {
		t[op] = shapePlain
	}
	for op := opNewObj; op <= opReadonlyBuffer; op++ {
		t[op] = shapePlain
	}
	for op := range lengthBytes {
		t[op] = shapeCounted
	}
	for op := range numberBytes {
		t[op] = shapeNumber
	}
	for _, op := range []byte("FILPSVgp") {
		t[op] = shapeLine
	}
	t[opGlobal], t[opInst] = shapeTwoLines, shapeTwoLines
	return t
}

// lex reads one token as the C unpickler does.
func lex(c *cursor) (token, error) {
	t := token{start: c.pos}
	op, err := c.byte()
	if err != nil {
		return t, err
	}
	t.op = op
	switch shapes[op] {
	case shapePlain:
		return t, nil
	case shapeNumber:
		t.n, err = c.uint(widths[op])
		return t, err
	case shapeCounted:
		return t, t.counted(c)
	case shapeLine:
		t.off = c.pos
		t.text, err = c.line()
		t.n = uint64(len(t.text))
		return t, err
	case shapeTwoLines:
		return t, t.twoLines(c)
	}
	return t, fmt.Errorf("unknown opcode 0x%02x", op)
}

var widths = makeWidths()

func makeWidths() (t [256]int) {
	for op, n := range lengthBytes {
		t[op] = n
	}
	for op, n := range numberBytes {
		t[op] = n
	}
	return t
}

func (t *token) counted(c *cursor) error {
	n, err := c.uint(widths[t.op])
	if err != nil {
		return err
	}
	signed := t.op == opBinString || t.op == opLong4
	if signed && n > 1<<31-1 || n > 1<<62 {
		return fmt.Errorf("opcode 0x%02x with a negative count", t.op)
	}
	t.off, t.n = c.pos, n
	if n > maxKeep {
		return c.skip(n)
	}
	t.text, err = c.next(int(n))
	return err
}

func (t *token) twoLines(c *cursor) error {
	first, err := c.line()
	if err != nil {
		return err
	}
	name := string(first)
	second, err := c.line()
	t.line2, t.text = string(second), []byte(name)
	return err
}

// parseInt reads the argument of INT and LONG: any base of a Python literal,
// which is more than pickletools accepts.
func parseInt(text []byte, long bool) (int64, error) {
	s := strings.TrimSpace(string(text))
	if long {
		s = strings.TrimSuffix(s, "L")
	}
	if i, err := strconv.ParseInt(s, 0, 64); err == nil {
		return i, nil
	}
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return i, nil
	}
	if len(s) > 20_000 {
		return 0, nil
	}
	if _, ok := new(big.Int).SetString(s, 0); ok {
		return 0, nil
	}
	return 0, fmt.Errorf("an integer written as %q", clip(s))
}

// parseIndex reads the argument of GET and PUT, normalised: "p 1", "p+1" and
// "p01" are the same key.
func parseIndex(text []byte) (uint64, error) {
	s := strings.ReplaceAll(strings.TrimSpace(string(text)), "_", "")
	i, err := strconv.ParseUint(strings.TrimPrefix(s, "+"), 10, 63)
	if err != nil {
		return 0, fmt.Errorf("a memo key written as %q", clip(s))
	}
	return i, nil
}

// unquote decodes the argument of STRING.
func unquote(b []byte) (string, error) {
	b = bytes.TrimRight(b, " \r\t")
	if len(b) < 2 || b[0] != b[len(b)-1] || b[0] != '\'' && b[0] != '"' {
		return "", fmt.Errorf("a STRING without quotes")
	}
	return unescape(b[1:len(b)-1], "x"), nil
}

// unescape decodes backslash escapes: all of bytes literals with "x", only
// those of raw-unicode-escape with "u".
func unescape(b []byte, kind string) string {
	if bytes.IndexByte(b, '\\') < 0 {
		return string(b)
	}
	var out strings.Builder
	for i := 0; i < len(b); i++ {
		if b[i] != '\\' || i+1 == len(b) {
			out.WriteByte(b[i])
			continue
		}
		n, s := escape(b[i+1:], kind)
		if n == 0 {
			out.WriteByte('\\')
			continue
		}
		out.WriteString(s)
		i += n
	}
	return out.String()
}

var simpleEscapes = map[byte]string{'\\': "\\", '\'': "'", '"': "\"", 'n': "\n", 't': "\t", 'r': "\r", 'b': "\b", 'f': "\f", 'a': "\a", 'v': "\v", '\n': ""}

func escape(b []byte, kind string) (int, string) {
	width := map[byte]int{'x': 2, 'u': 4, 'U': 8}[b[0]]
	if width > 0 && (b[0] == 'x') == (kind == "x") && len(b) > width {
		v, err := strconv.ParseUint(string(b[1:1+width]), 16, 32)
		if err == nil && kind == "x" {
			return 1 + width, string([]byte{byte(v)})
		}
		if err == nil {
			return 1 + width, string(rune(v))
		}
	}
	if kind != "x" {
		return 0, ""
	}
	if s, ok := simpleEscapes[b[0]]; ok {
		return 1, s
	}
	return octal(b)
}

func octal(b []byte) (int, string) {
	n, v := 0, 0
	for n < len(b) && n < 3 && b[n] >= '0' && b[n] <= '7' {
		v, n = v*8+int(b[n]-'0'), n+1
	}
	if n == 0 {
		return 0, ""
	}
	return n, string([]byte{byte(v)})
}

func clip(s string) string {
	if len(s) > 120 {
		return s[:120] + "..."
	}
	return s
}
