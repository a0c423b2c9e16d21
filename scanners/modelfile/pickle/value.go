// SPDX-License-Identifier: Apache-2.0

package pickle

import "strings"

// kind says where a value came from.
type kind uint8

const (
	kOpaque kind = iota // a number, None, a list: nothing that can be called
	kLost               // dropped to bound memory: may be anything
	kInt
	kStr
	kBytes
	kTuple
	kList
	kDict
	kSet
	kGlobal
	kResult   // what a call returned
	kInstance // an object of a class
	kPersID
)

// value is one object of the symbolic machine. Small on purpose: a stream may
// make millions.
type value struct {
	kind kind
	deep uint8 // nesting, to bound what a value keeps alive
	old  bool  // found in the memo of the stream around a fork
	n    int64 // number, or length of a string
	s    string
	x    *extra
}

// extra is what only few values have.
type extra struct {
	name    name // of a global, or of the class or function behind a value
	verdict verdict
	items   []*value
	dict    map[string]*value
	args    *value
	state   *value
	blamed  bool // already the reason of a finding
}

const (
	maxDeep  = 24 // deeper values are lost
	maxItems = 24 // items kept of a tuple or list
	maxKeys  = 64 // keys kept of a dict
)

var (
	vOpaque = &value{kind: kOpaque}
	vLost   = &value{kind: kLost}
	vTrue   = &value{kind: kInt, n: 1}
	vFalse  = &value{kind: kInt}
	vInts   = makeInts()
)

func makeInts() (t [256]*value) {
	for i := range t {
		t[i] = &value{kind: kInt, n: int64(i)}
	}
	return t
}

// keep returns v as it may be held by a container, and the depth it adds.
func keep(v *value) *value {
	if v.deep >= maxDeep {
		return vLost
	}
	return v
}

func (v *value) hold(child *value) {
	v.deep = max(v.deep, child.deep+1)
}

// item returns the i-th item of a tuple or list, or vLost.
func (v *value) item(i int) *value {
	if v == nil || v.x == nil || i >= len(v.x.items) {
		return vLost
	}
	return v.x.items[i]
}

func (v *value) count() int {
	if v == nil || v.kind != kTuple && v.kind != kList {
		return -1
	}
	return int(v.n)
}

// attr returns a key of an instance's state.
func (v *value) attr(key string) *value {
	if v == nil || v.x == nil || v.x.state == nil || v.x.state.x == nil {
		return nil
	}
	return v.x.state.x.dict[key]
}

func (v *value) name() name {
	if v == nil || v.x == nil {
		return name{}
	}
	return v.x.name
}

// callable tells values that CPython would not refuse to call.
func (v *value) callable() bool {
	switch v.kind {
	case kGlobal, kResult, kInstance, kLost, kPersID:
		return true
	}
	return false
}

// describe names a value for a person.
func (v *value) describe() string {
	switch v.kind {
	case kGlobal:
		return v.x.name.String()
	case kResult:
		return "the result of " + v.x.name.String()
	case kInstance:
		return "an instance of " + v.x.name.String()
	case kPersID:
		return "a persistent object"
	case kStr:
		return "the string " + strings.ToValidUTF8(clip(v.s), "?")
	}
	return "a computed value"
}
