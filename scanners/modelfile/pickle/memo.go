// SPDX-License-Identifier: Apache-2.0

package pickle

// memo is what PUT stores and GET finds. A fork looks into its parent and
// writes into itself.
type memo struct {
	dense  []*value
	sparse map[uint64]*value
	parent *memo
	count  uint64
}

func (m *memo) get(i uint64) *value {
	if i < uint64(len(m.dense)) && m.dense[i] != nil {
		return m.dense[i]
	}
	if v := m.sparse[i]; v != nil {
		return v
	}
	if m.parent != nil {
		return older(m.parent.get(i))
	}
	return nil
}

func (m *memo) put(i uint64, v *value) {
	if m.get(i) == nil {
		m.count++
	}
	if m.parent == nil && i < uint64(len(m.dense))+1024 {
		for uint64(len(m.dense)) <= i {
			m.dense = append(m.dense, nil)
		}
		m.dense[i] = v
		return
	}
	if m.sparse == nil {
		m.sparse = map[uint64]*value{}
	}
	m.sparse[i] = v
}

func (m *memo) fork() *memo { return &memo{parent: m, count: m.count} }

// older marks a string as one that was stored before the fork.
func older(v *value) *value {
	if v == nil || v.kind != kStr {
		return v
	}
	c := *v
	c.old = true
	return &c
}
