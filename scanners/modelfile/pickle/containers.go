// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"errors"
	"fmt"
)

// container handles the opcodes that make and fill containers.
func (m *machine) container(t token) (bool, error) {
	switch t.op {
	case opEmptyTuple:
		return true, m.pushIf(m.tuple(nil), nil)
	case opTuple1, opTuple2, opTuple3:
		return true, m.smallTuple(int(t.op) - opTuple1 + 1)
	case opEmptyList:
		return true, m.pushIf(m.newX(kList), nil)
	case opEmptyDict:
		return true, m.pushIf(m.newX(kDict), nil)
	case opEmptySet:
		return true, m.pushIf(m.new(kSet), nil)
	case opTuple, opList, opDict, opFrozenSet:
		return true, m.marked(t)
	case opAppend:
		target, item, err := m.pop2()
		return true, m.extend(target, []*value{item}, t.start, err)
	case opAppends, opAddItems:
		return true, m.extendMarked(t)
	case opSetItem:
		return true, m.setItem(t)
	case opSetItems:
		items, err := m.popMark()
		if err != nil {
			return true, err
		}
		return true, m.setItems(items, t.start)
	}
	return false, nil
}

func (m *machine) tuple(items []*value) *value {
	v := m.newX(kTuple)
	v.n = int64(len(items))
	m.retain(v, items)
	return v
}

// retain keeps the first items of a container.
func (m *machine) retain(v *value, items []*value) {
	items = items[:min(maxItems-len(v.x.items), len(items))]
	if v.x.items == nil && len(items) > 0 {
		v.x.items = make([]*value, 0, len(items))
	}
	for _, it := range items {
		it = keep(it)
		v.hold(it)
		v.x.items = append(v.x.items, it)
	}
}

func (m *machine) smallTuple(n int) error {
	if len(m.stack)-m.fence() < n {
		return errUnderflow
	}
	i := len(m.stack) - n
	v := m.tuple(m.stack[i:])
	m.stack = append(m.stack[:i], v)
	return nil
}

func (m *machine) marked(t token) error {
	items, err := m.popMark()
	if err != nil {
		return err
	}
	var v *value
	switch t.op {
	case opTuple:
		v = m.tuple(items)
	case opList:
		v = m.tuple(items)
		v.kind = kList
	case opDict:
		if len(items)%2 != 0 {
			return errors.New("an odd number of items for a dict")
		}
		v = m.newX(kDict)
		m.fill(v, items)
	default:
		v = m.new(kSet)
	}
	return m.pushIf(v, nil)
}

func (m *machine) extendMarked(t token) error {
	items, err := m.popMark()
	if err != nil {
		return err
	}
	target, err := m.top()
	if err != nil {
		return err
	}
	return m.mutate(target, items, t.start)
}

func (m *machine) extend(target *value, items []*value, off int64, err error) error {
	if err != nil {
		return err
	}
	m.push(target)
	return m.mutate(target, items, off)
}

// mutate is list.append, list.extend and set.update of whatever the target is.
func (m *machine) mutate(target *value, items []*value, off int64) error {
	switch target.kind {
	case kList:
		target.n += int64(len(items))
		m.retain(target, items)
		return nil
	case kSet:
		return nil
	}
	return m.touch(target, "append to", off)
}

func (m *machine) setItem(t token) error {
	val, err := m.pop()
	if err != nil {
		return err
	}
	key, err := m.pop()
	if err != nil {
		return err
	}
	return m.setItems([]*value{key, val}, t.start)
}

func (m *machine) setItems(items []*value, off int64) error {
	target, err := m.top()
	if err != nil {
		return err
	}
	if len(items)%2 != 0 {
		return errors.New("an odd number of items for a dict")
	}
	if target.kind == kDict {
		m.fill(target, items)
		return nil
	}
	return m.touch(target, "set an item of", off)
}

func (m *machine) fill(v *value, items []*value) {
	for i := 0; i+1 < len(items); i += 2 {
		if items[i].kind != kStr || len(v.x.dict) >= maxKeys {
			continue
		}
		if v.x.dict == nil {
			v.x.dict = map[string]*value{}
		}
		val := keep(items[i+1])
		v.hold(val)
		v.x.dict[items[i].s] = val
	}
}

// containers are the classes whose instances are filled item by item.
var containers = map[name]bool{
	{"collections", "OrderedDict"}: true, {"collections", "defaultdict"}: true, {"collections", "Counter"}: true,
	{"collections", "deque"}: true, {"collections", "UserDict"}: true, {"collections", "UserList"}: true,
	{"builtins", "dict"}: true, {"builtins", "list"}: true, {"builtins", "set"}: true, {"sklearn.utils._bunch", "Bunch"}: true,
	{"sklearn.utils", "Bunch"}: true, {"builtins", "bytearray"}: true,
}

// touch handles a change of something that is no plain container: its class
// decides what happens then.
func (m *machine) touch(v *value, verb string, off int64) error {
	switch v.kind {
	case kGlobal:
		m.out.bad++
		m.out.add("pickle/unsafe-setitem", block, verb+" "+v.describe(), off)
	case kResult:
		if v.x.name.module == "torch._utils" {
			m.out.add("pickle/unsafe-setitem", block, verb+" "+v.describe(), off, "CVE-2026-24747")
			return nil
		}
		m.out.add("pickle/odd-mutation", warn, verb+" "+v.describe(), off)
	case kInstance:
		if !containers[v.x.name] && v.x.verdict != unknown {
			m.out.add("pickle/odd-mutation", warn, verb+" "+v.describe(), off)
		}
	case kPersID, kLost:
		m.out.add("pickle/odd-mutation", warn, verb+" "+v.describe(), off)
	default:
		return fmt.Errorf("cannot %s this object", verb)
	}
	return nil
}
