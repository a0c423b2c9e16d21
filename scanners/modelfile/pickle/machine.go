// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"context"
	"errors"
	"fmt"
)

// Limits bound what one stream may cost.
type Limits struct {
	Opcodes int   // opcodes of a stream
	Stack   int   // objects on the stack
	Memo    int   // objects in the memo
	Search  int64 // bytes searched for streams after an error
	Inflate int64 // bytes of an operand after decompression
}

// DefaultLimits are wide enough for a vocabulary of a million words.
var DefaultLimits = Limits{Opcodes: 10_000_000, Stack: 1_000_000, Memo: 4_000_000, Search: 32 << 20, Inflate: 16 << 20}

var errBudget = errors.New("over budget")

// machine runs one stream symbolically.
type machine struct {
	ctx     context.Context
	cur     *cursor
	lim     Limits
	out     *sink
	proto   int
	stack   []*value
	marks   []int
	memo    *memo
	frame   int64 // end of the frame, 0 without one
	ops     int
	guess   bool // the bytes may be no pickle: only clear signs count
	aside   bool // the bytes are a stream of their own, read here with a memo that is not theirs
	torch   bool // persistent ids of torch storages are expected
	depth   int  // of nesting in operands
	slab    []value
	extras  []extra
	storage map[string]storage // torch storages by key
	persist int                // persistent ids of another shape
	dups    int
	forks   int
}

func newMachine(ctx context.Context, cur *cursor, opt Options, out *sink) *machine {
	return &machine{ctx: ctx, cur: cur, lim: opt.Limits, out: out, memo: &memo{}, torch: opt.Torch, depth: opt.Depth}
}

// run executes to STOP and returns what is left on top of the stack.
func (m *machine) run() (*value, error) {
	for {
		t, err := lex(m.cur)
		if err != nil {
			return nil, fmt.Errorf("parse error at offset %d: %w", t.start, err)
		}
		if m.ops++; m.ops > m.lim.Opcodes {
			return nil, fmt.Errorf("%w: more than %d opcodes at offset %d", errBudget, m.lim.Opcodes, t.start)
		}
		if m.ops&0xfff == 0 && m.ctx.Err() != nil {
			return nil, m.ctx.Err()
		}
		if t.op == opStop {
			v, err := m.pop()
			return v, m.at(t, err)
		}
		if err := m.step(t); err != nil {
			return nil, m.at(t, err)
		}
	}
}

func (m *machine) at(t token, err error) error {
	if err == nil || errors.Is(err, errBudget) {
		return err
	}
	return fmt.Errorf("parse error at offset %d (opcode 0x%02x): %w", t.start, t.op, err)
}

func (m *machine) step(t token) error {
	if m.frame > 0 && m.cur.pos > m.frame && t.op != opFrame {
		m.straddle(t)
	}
	switch shapes[t.op] {
	case shapeCounted:
		return m.counted(t)
	case shapeNumber:
		return m.number(t)
	case shapeLine:
		return m.line(t)
	}
	switch t.op {
	case opGlobal:
		v, err := m.global(name{string(t.text), t.line2}, t.start)
		return m.pushIf(v, err)
	case opInst:
		return m.inst(t)
	}
	return m.plain(t)
}

// straddle handles an operand that crosses the end of its frame: loads()
// reads it in place, load(file) reads it behind the frame and runs what the
// operand seemed to hold (cpython#154848). No writer makes such a stream.
func (m *machine) straddle(t token) {
	end := m.frame
	m.frame = 0
	if t.start >= end {
		return // the frame ended between two opcodes
	}
	m.out.add("pickle/frame-straddle", block, "an operand crosses the end of its frame, so that load and loads run different code", t.start)
	header := int64(1 + widths[t.op])
	length := m.cur.pos - t.start - header
	if shapes[t.op] == shapeCounted && m.depth < maxNesting {
		m.search(end + length)
	}
}

// search looks for a stream that starts, or continues, in the middle of another.
func (m *machine) search(from int64) {
	if from >= m.cur.size {
		return
	}
	f := m.fork(from)
	f.push(vOpaque)
	_, _ = f.run() // what it saw before it stopped is in the sink
	m.adopt(f)
}

// fork makes a machine that reads on from another place, with the same stack
// and memo, into a sink of its own.
func (m *machine) fork(pos int64) *machine {
	f := *m
	f.cur = m.cur.fork(pos)
	f.stack = append([]*value(nil), m.stack...)
	f.marks = append([]int(nil), m.marks...)
	f.memo = m.memo.fork()
	f.out = newSink(m.out.left)
	f.guess, f.ops, f.frame = true, 0, 0
	f.lim.Opcodes = min(m.lim.Opcodes, 100_000)
	f.slab, f.extras = nil, nil
	f.storage = nil
	return &f
}

// adopt takes over what a fork saw, when it is a clear sign.
func (m *machine) adopt(f *machine) {
	if f.out.bad > 0 || f.out.unsafe > 0 {
		f.out.gaps = nil
		m.out.merge(f.out, "", 0)
	}
}

func (m *machine) new(k kind) *value {
	if len(m.slab) == 0 {
		m.slab = make([]value, m.portion(128))
	}
	v := &m.slab[0]
	m.slab = m.slab[1:]
	v.kind = k
	return v
}

// portion is how many values are made at once: few at the start, since most
// guesses end after some opcodes.
func (m *machine) portion(n int) int { return min(n, 4+m.ops/4) }

func (m *machine) newX(k kind) *value {
	if len(m.extras) == 0 {
		m.extras = make([]extra, m.portion(32))
	}
	v := m.new(k)
	v.x = &m.extras[0]
	m.extras = m.extras[1:]
	return v
}

func (m *machine) int(n int64) *value {
	if n >= 0 && n < int64(len(vInts)) {
		return vInts[n]
	}
	v := m.new(kInt)
	v.n = n
	return v
}

func (m *machine) push(v *value) { m.stack = append(m.stack, v) }

func (m *machine) pushIf(v *value, err error) error {
	if err != nil {
		return err
	}
	m.push(v)
	if len(m.stack) > m.lim.Stack {
		return fmt.Errorf("%w: more than %d objects on the stack", errBudget, m.lim.Stack)
	}
	return nil
}

// fence is the height below which nothing may be popped.
func (m *machine) fence() int {
	if len(m.marks) == 0 {
		return 0
	}
	return m.marks[len(m.marks)-1]
}

var errUnderflow = errors.New("the stack is empty")

func (m *machine) pop() (*value, error) {
	if len(m.stack) <= m.fence() {
		return nil, errUnderflow
	}
	v := m.stack[len(m.stack)-1]
	m.stack = m.stack[:len(m.stack)-1]
	return v, nil
}

func (m *machine) pop2() (a, b *value, err error) {
	if b, err = m.pop(); err == nil {
		a, err = m.pop()
	}
	return a, b, err
}

func (m *machine) top() (*value, error) {
	if len(m.stack) <= m.fence() {
		return nil, errUnderflow
	}
	return m.stack[len(m.stack)-1], nil
}

// popMark returns the objects above the last mark, and removes both.
func (m *machine) popMark() ([]*value, error) {
	if len(m.marks) == 0 {
		return nil, errors.New("no mark on the stack")
	}
	i := m.fence()
	m.marks = m.marks[:len(m.marks)-1]
	items := m.stack[i:]
	m.stack = m.stack[:i]
	return items, nil
}
