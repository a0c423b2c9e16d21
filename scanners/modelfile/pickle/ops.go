// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"errors"
	"fmt"
	"math"
)

// counted handles the opcodes whose operand is a counted string.
func (m *machine) counted(t token) error {
	switch t.op {
	case opLong1, opLong4:
		v := m.int(smallLong(t.text))
		if len(t.text) > 8 {
			v = m.new(kInt)
			v.n, v.s = -1, string(t.text)
		}
		return m.pushIf(v, nil)
	case opBinUnicode, opShortBinUnicode, opBinUnicode8:
		return m.operand(t, kStr, string(t.text))
	case opByteArray8:
		return m.operand(t, kBytes, string(t.text))
	case opBinString, opShortBinString:
		return m.operand(t, kStr, string(t.text)) // bytes or str: the reader chooses
	}
	return m.operand(t, kBytes, string(t.text))
}

func smallLong(b []byte) int64 {
	if len(b) == 0 || len(b) > 8 {
		return 0
	}
	var v uint64
	for i := len(b) - 1; i >= 0; i-- {
		v = v<<8 | uint64(b[i])
	}
	shift := 64 - 8*len(b)
	return int64(v<<shift) >> shift
}

// operand pushes a string and looks for streams inside it.
func (m *machine) operand(t token, k kind, s string) error {
	v := m.new(k)
	v.n, v.s = int64(t.n), s
	m.nested(t, s)
	return m.pushIf(v, nil)
}

// number handles the opcodes with a fixed numeric argument.
func (m *machine) number(t token) error {
	switch t.op {
	case opBinInt:
		return m.pushIf(m.int(int64(int32(t.n))), nil)
	case opBinInt1, opBinInt2:
		return m.pushIf(m.int(int64(t.n)), nil)
	case opBinFloat:
		return m.pushIf(vOpaque, nil)
	case opBinGet, opLongBinGet:
		return m.get(t.n)
	case opBinPut, opLongBinPut:
		return m.put(t.n)
	case opProto:
		return m.setProto(t)
	case opFrame:
		return m.setFrame(t)
	}
	if m.guess {
		return errors.New("an extension code")
	}
	m.out.bad++
	m.out.add("pickle/extension-registry", block, fmt.Sprintf("extension code %d: the reader's registry decides what it means", t.n), t.start)
	if t.n == 0 {
		return errors.New("extension code 0")
	}
	return m.pushIf(m.made(kResult, name{"copyreg", "extension"}), nil)
}

func (m *machine) setProto(t token) error {
	if t.n > 5 {
		m.out.add("pickle/unsupported-protocol", warn, fmt.Sprintf("protocol %d", t.n), t.start)
		return fmt.Errorf("pickle protocol %d is not known", t.n)
	}
	m.proto = int(t.n)
	return nil
}

func (m *machine) setFrame(t token) error {
	if t.n > uint64(math.MaxInt64-m.cur.pos) {
		return errTruncated
	}
	m.frame = m.cur.pos + int64(t.n)
	if m.frame > m.cur.size {
		m.out.add("pickle/frame-length", warn, "a frame longer than the stream: readers disagree about it", t.start)
	}
	return nil
}

func (m *machine) get(i uint64) error {
	v := m.memo.get(i)
	if v == nil {
		return fmt.Errorf("memo key %d was never stored", i)
	}
	return m.pushIf(v, nil)
}

func (m *machine) put(i uint64) error {
	v, err := m.top()
	if err != nil {
		return err
	}
	if m.memo.count >= uint64(m.lim.Memo) {
		return fmt.Errorf("%w: more than %d objects in the memo", errBudget, m.lim.Memo)
	}
	m.memo.put(i, v)
	return nil
}

// line handles the opcodes of protocol 0 that take a line.
func (m *machine) line(t token) error {
	switch t.op {
	case opInt, opLong:
		n, err := parseInt(t.text, t.op == opLong)
		return m.pushIf(m.int(n), err)
	case opFloat:
		return m.pushIf(vOpaque, nil)
	case opPersID:
		return m.persID(m.text(kStr, string(t.text)), t.start)
	case opString:
		s, err := unquote(t.text)
		if err != nil {
			return err
		}
		return m.operand(t, kStr, s)
	case opUnicode:
		return m.operand(t, kStr, unescape(t.text, "u"))
	}
	i, err := parseIndex(t.text)
	if err != nil {
		return err
	}
	if t.op == opPut {
		return m.put(i)
	}
	return m.get(i)
}

func (m *machine) text(k kind, s string) *value {
	v := m.new(k)
	v.s, v.n = s, int64(len(s))
	return v
}

// plain handles the opcodes without an argument.
func (m *machine) plain(t token) error {
	switch t.op {
	case opMark:
		m.marks = append(m.marks, len(m.stack))
		if len(m.marks) > m.lim.Stack {
			return fmt.Errorf("%w: more than %d marks", errBudget, m.lim.Stack)
		}
		return nil
	case opNone, opNextBuffer:
		return m.pushIf(vOpaque, nil)
	case opNewTrue:
		return m.pushIf(vTrue, nil)
	case opNewFalse:
		return m.pushIf(vFalse, nil)
	case opPop:
		return m.drop()
	case opPopMark:
		_, err := m.popMark()
		return err
	case opDup:
		return m.dup(t)
	case opMemoize:
		return m.put(m.memo.count)
	case opReadonlyBuffer:
		_, err := m.top()
		return err
	}
	if done, err := m.container(t); done {
		return err
	}
	return m.code(t)
}

func (m *machine) drop() error {
	if n := len(m.marks); n > 0 && m.marks[n-1] == len(m.stack) {
		m.marks = m.marks[:n-1]
		return nil
	}
	_, err := m.pop()
	return err
}

func (m *machine) dup(t token) error {
	v, err := m.top()
	if m.dups++; m.dups == 101 {
		m.out.add("pickle/expansion", warn, "more than 100 DUP opcodes", t.start)
	}
	return m.pushIf(v, err)
}

// code handles the opcodes that can run something.
func (m *machine) code(t token) error {
	switch t.op {
	case opReduce:
		f, args, err := m.pop2()
		return m.callIf(f, args, t.start, err)
	case opNewObj:
		cls, args, err := m.pop2()
		if err != nil {
			return err
		}
		v, err := m.instantiate(cls, args, t.start)
		return m.pushIf(v, err)
	case opNewObjEx:
		return m.newObjEx(t)
	case opObj:
		return m.obj(t)
	case opBuild:
		return m.build(t)
	case opStackGlobal:
		return m.stackGlobal(t)
	case opBinPersID:
		v, err := m.pop()
		if err != nil {
			return err
		}
		return m.persID(v, t.start)
	}
	return fmt.Errorf("unknown opcode 0x%02x", t.op)
}

func (m *machine) newObjEx(t token) error {
	kw, err := m.pop()
	if err != nil {
		return err
	}
	cls, args, err := m.pop2()
	if err != nil {
		return err
	}
	v, err := m.instantiate(cls, args, t.start)
	if err == nil && v.x != nil {
		v.x.state = keep(kw)
	}
	return m.pushIf(v, err)
}

func (m *machine) obj(t token) error {
	items, err := m.popMark()
	if err != nil {
		return err
	}
	if len(items) == 0 {
		return errUnderflow
	}
	return m.callIf(items[0], m.tuple(items[1:]), t.start, nil)
}

func (m *machine) inst(t token) error {
	items, err := m.popMark()
	if err != nil {
		return err
	}
	args := m.tuple(items)
	cls, err := m.global(name{string(t.text), t.line2}, t.start)
	return m.callIf(cls, args, t.start, err)
}

func (m *machine) callIf(f, args *value, off int64, err error) error {
	if err != nil {
		return err
	}
	v, err := m.call(f, args, off)
	return m.pushIf(v, err)
}

func (m *machine) stackGlobal(t token) error {
	module, attr, err := m.pop2()
	if err != nil {
		return err
	}
	if module.kind == kStr && attr.kind == kStr {
		n := name{m.whole(module), m.whole(attr)}
		if m.aside && (module.old || attr.old) && judge(n, m.proto) != dangerous {
			return errors.New("a name from another stream's memo")
		}
		v, err := m.global(n, t.start)
		return m.pushIf(v, err)
	}
	if m.aside || m.guess && (module.kind == kPersID || attr.kind == kPersID) || !mayBeString(module) || !mayBeString(attr) {
		return errors.New("STACK_GLOBAL without two strings")
	}
	m.out.bad++
	m.out.add("pickle/dynamic-import", block, "a name that is computed while loading: "+module.describe()+", "+attr.describe(), t.start)
	return m.pushIf(m.made(kResult, name{"a", "computed name"}), nil)
}

func mayBeString(v *value) bool {
	return v.kind == kStr || v.kind == kResult || v.kind == kInstance || v.kind == kLost || v.kind == kPersID
}

// whole is the text of a string; a name longer than what is kept exists nowhere.
func (m *machine) whole(v *value) string {
	if v.n > int64(len(v.s)) && v.n > maxKeep {
		return fmt.Sprintf("<a name of %d bytes>", v.n)
	}
	return v.s
}
