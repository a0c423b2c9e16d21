// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"fmt"
	"math/bits"
	"strconv"
)

var arrayWrapper = name{"joblib.numpy_pickle", "NumpyArrayWrapper"}

// rawArray handles joblib's array wrapper: joblib reads the elements from the
// file right behind BUILD, a plain unpickler would take them for opcodes. Both
// readings are looked at.
func (m *machine) rawArray(v *value) error {
	if v.x.name != arrayWrapper || v.x.verdict != allowedClass {
		return nil
	}
	size, object, err := itemSize(v.attr("dtype"))
	if err != nil {
		return err
	}
	m.bothWays(object)
	m.replace(v)
	if object {
		return m.inner()
	}
	if err := m.alignment(v); err != nil {
		return err
	}
	return m.skipElements(size, v.attr("shape"))
}

// alignment skips the filler that joblib writes since 1.2: its length, then it.
func (m *machine) alignment(v *value) error {
	pad := v.attr("numpy_array_alignment_bytes")
	if pad == nil || pad.kind != kInt {
		return nil
	}
	n, err := m.cur.byte()
	if err != nil {
		return err
	}
	return m.cur.skip(uint64(n))
}

// bothWays reads the elements as opcodes, as a plain unpickler would: only
// clear signs count.
func (m *machine) bothWays(object bool) {
	if m.forks++; m.forks > 10_000 {
		return
	}
	f := m.fork(m.cur.pos)
	f.aside = object
	_, _ = f.run()
	m.adopt(f)
}

// replace turns the wrapper into the array that it stands for.
func (m *machine) replace(v *value) {
	array := m.made(kInstance, name{"numpy", "ndarray"})
	array.x.verdict = allowedCtor
	m.stack[len(m.stack)-1] = array
}

func (m *machine) skipElements(size int64, shape *value) error {
	total := uint64(size)
	if shape == nil || shape.kind != kTuple || shape.count() > maxItems {
		return fmt.Errorf("an array without a shape at offset %d", m.cur.pos)
	}
	for i := range shape.count() {
		d := shape.item(i)
		if d.kind == kResult || d.kind == kInstance { // numpy.int64 scalars
			d = scalar(d)
		}
		hi, lo := bits.Mul64(total, uint64(d.n))
		if d.kind != kInt || d.n < 0 || hi != 0 {
			return fmt.Errorf("an array with an impossible shape at offset %d", m.cur.pos)
		}
		total = lo
	}
	return m.cur.skip(total)
}

// scalar reads the integer in numpy.core.multiarray.scalar(dtype, bytes).
func scalar(v *value) *value {
	raw := v.x.args.item(1)
	if v.x.name.attr != "scalar" || raw.kind != kBytes && raw.kind != kStr {
		return vLost
	}
	return &value{kind: kInt, n: smallLong([]byte(raw.s))}
}

// inner is the stream that joblib writes for an array of objects.
func (m *machine) inner() error {
	if m.depth >= maxNesting {
		return fmt.Errorf("%w: streams nested deeper than %d", errBudget, maxNesting)
	}
	in := newMachine(m.ctx, m.cur, Options{Limits: m.lim, Depth: m.depth + 1}, m.out)
	in.guess = m.guess
	_, err := in.run()
	return err
}

// itemSize reads the size of an element from the call of numpy.dtype and its state.
func itemSize(d *value) (size int64, object bool, err error) {
	if d == nil || d.x == nil || d.x.name != (name{"numpy", "dtype"}) {
		return 0, false, fmt.Errorf("an array without a dtype that is known")
	}
	code := d.x.args.item(0)
	if state := d.x.state; state != nil && state.count() >= 8 {
		object = state.item(7).kind == kInt && state.item(7).n&1 != 0
	}
	if code.kind != kStr || len(code.s) < 2 {
		return 0, false, fmt.Errorf("an array with a dtype that is not known")
	}
	n, err := strconv.ParseInt(code.s[1:], 10, 40)
	if err != nil || n < 0 {
		return 0, false, fmt.Errorf("an array of dtype %q", clip(code.s))
	}
	switch code.s[0] {
	case 'O':
		return n, true, nil
	case 'U':
		n *= 4
	}
	return n, object, nil
}
