// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"errors"
	"fmt"
	"strings"

	"github.com/modelvet/modelvet"
)

const (
	info  = modelvet.SeverityInfo
	warn  = modelvet.SeverityWarn
	block = modelvet.SeverityBlock
)

// made is a value that some name brought about.
func (m *machine) made(k kind, n name) *value {
	v := m.newX(k)
	v.x.name = n
	return v
}

// global resolves a name, as GLOBAL, INST and STACK_GLOBAL do.
func (m *machine) global(n name, off int64) (*value, error) {
	if m.guess && !plausible(n) {
		return nil, errors.New("no name that a program would write")
	}
	v := m.made(kGlobal, n)
	v.x.verdict = judge(n, m.proto)
	if effective := modern(n); m.proto < 3 {
		v.x.name = effective
	}
	m.out.globals++
	m.imported(v, n, off)
	return v, nil
}

// imported notes what naming alone does: the module is imported.
func (m *machine) imported(v *value, raw name, off int64) {
	what := v.x.name.String()
	switch {
	case tampers(raw.module):
		m.out.bad++
		m.out.add("pickle/scanner-tamper", block, what, off)
	case v.x.verdict == dangerous:
		m.out.bad++
		if _, called := m.out.seen["pickle/unsafe-call\x00"+what]; !called {
			m.out.add("pickle/unsafe-import", block, what, off)
		}
	case v.x.verdict == unknown && !m.known(what):
		m.out.add("pickle/unknown-import", warn, clip(what), off)
	}
}

// known tells names that already have a finding.
func (m *machine) known(what string) bool {
	for _, id := range []string{"pickle/unsafe-call", "pickle/unknown-class"} {
		if _, ok := m.out.seen[id+"\x00"+what]; ok {
			return true
		}
	}
	return false
}

// blame notes a call that is not allowed.
func (m *machine) blame(f *value, what string, off int64) {
	m.out.unsafe++
	m.out.drop("pickle/unsafe-import", what)
	m.out.drop("pickle/unknown-import", what)
	m.out.add("pickle/unsafe-call", block, clip(what), off)
	if f.x != nil {
		f.x.blamed = true
	}
}

var errNotCallable = errors.New("calling something that cannot be called")

// call is f(*args).
func (m *machine) call(f, args *value, off int64) (*value, error) {
	if !f.callable() {
		return nil, errNotCallable
	}
	if args.kind != kTuple && args.kind != kLost && args.kind != kResult && args.kind != kInstance {
		return nil, errors.New("calling without a tuple of arguments")
	}
	if f.kind != kGlobal {
		if m.guess {
			return nil, errNotCallable
		}
		m.blame(f, f.describe(), off)
		return m.result(f, args), nil
	}
	if m.guess && f.x.verdict == allowedConst {
		return nil, errNotCallable
	}
	return m.callGlobal(f, args, off)
}

func (m *machine) callGlobal(f, args *value, off int64) (*value, error) {
	n := f.x.name
	switch f.x.verdict {
	case allowedCtor, allowedFunc:
		if special, ok := specials[n]; ok {
			return special(m, f, args, off)
		}
		m.out.calls++
		if f.x.verdict == allowedFunc {
			return m.result(f, args), nil
		}
		v := m.made(kInstance, n)
		v.x.args, v.x.verdict = keep(args), f.x.verdict
		v.hold(args)
		return v, nil
	case allowedClass:
		if args.count() == 0 { // OBJ and INST without arguments make the object as NEWOBJ does
			return m.instantiate(f, args, off)
		}
	}
	m.blame(f, n.String(), off)
	return m.result(f, args), nil
}

func (m *machine) result(f, args *value) *value {
	v := m.made(kResult, f.name())
	v.x.args = keep(args)
	v.hold(args)
	return v
}

// instantiate is cls.__new__(cls, *args): the constructor does not run.
func (m *machine) instantiate(cls, args *value, off int64) (*value, error) {
	if !cls.callable() {
		return nil, errors.New("making an instance of something that is no class")
	}
	if cls.kind != kGlobal {
		if m.guess {
			return nil, errNotCallable
		}
		m.blame(cls, cls.describe(), off)
		return m.result(cls, args), nil
	}
	v := m.made(kInstance, cls.x.name)
	v.x.verdict, v.x.args = cls.x.verdict, keep(args)
	v.hold(args)
	switch cls.x.verdict {
	case allowedClass, allowedCtor:
		m.out.calls++
	case unknown:
		what := cls.x.name.String()
		m.out.drop("pickle/unknown-import", what)
		m.out.add("pickle/unknown-class", warn, clip(what), off)
	default: // dangerous, or a function where a class should be
		m.blame(cls, cls.x.name.String(), off)
	}
	return v, nil
}

// build is __setstate__, or an update of __dict__ and setattr.
func (m *machine) build(t token) error {
	state, err := m.pop()
	if err != nil {
		return err
	}
	v, err := m.top()
	if err != nil {
		return err
	}
	switch v.kind {
	case kGlobal, kLost, kPersID:
		if m.guess && v.kind != kGlobal {
			return errors.New("setting the state of an unknown object")
		}
		m.out.bad++
		m.out.add("pickle/unsafe-build", block, "setting attributes of "+v.describe(), t.start)
		return nil
	case kInstance, kResult:
	default:
		if m.guess {
			return errors.New("setting the state of a plain object")
		}
		m.out.add("pickle/odd-mutation", warn, "setting the state of "+v.describe(), t.start)
		return nil
	}
	if v.x.state == nil || state.kind != kOpaque {
		v.x.state = keep(state)
		v.hold(state)
	}
	m.checkPartial(v, t.start)
	return m.rawArray(v)
}

// checkPartial looks at the state of functools.partial: it replaces the function.
func (m *machine) checkPartial(v *value, off int64) {
	if v.x.name != (name{"functools", "partial"}) || v.x.state == nil {
		return
	}
	if f := v.x.state.item(0); f.kind != kGlobal || f.x.verdict == dangerous {
		m.blame(v, "functools.partial", off)
	}
}

// persID is the reader's persistent_load.
func (m *machine) persID(id *value, off int64) error {
	if m.guess && !m.torch {
		return errors.New("a persistent id")
	}
	if !m.storageID(id) {
		m.persist++
		m.out.add("pickle/persistent-id", warn, "a persistent id that is no torch storage: the reader decides what it means", off)
	}
	v := m.made(kPersID, name{})
	v.x.args = keep(id)
	return m.pushIf(v, nil)
}

// special is an allowed function whose arguments decide.
type special func(m *machine, f, args *value, off int64) (*value, error)

var specials map[name]special

func init() { // the functions below refer to the machine, which refers to the table
	specials = map[name]special{
		{"copyreg", "_reconstructor"}:                 reconstructor,
		{"copyreg", "__newobj__"}:                     reconstructor,
		{"copyreg", "__newobj_ex__"}:                  reconstructor,
		{"_codecs", "encode"}:                         encode,
		{"functools", "partial"}:                      partial,
		{"collections", "defaultdict"}:                defaultdict,
		{"numpy.core", "_ufunc_reconstruct"}:          ufunc,
		{"numpy._core", "_ufunc_reconstruct"}:         ufunc,
		{"torch.storage", "_load_from_bytes"}:         loadFromBytes,
		{"builtins", "getattr"}:                       getattr,
		{"re", "_compile"}:                            compileRegexp,
		{"torch._utils", "_rebuild_wrapper_subclass"}: classFirst,
		{"torch._tensor", "_rebuild_from_type_v2"}:    rebuildFromType,
	}
}

func (m *machine) deny(f, args *value, why string, off int64) (*value, error) {
	m.blame(f, f.x.name.String()+" "+why, off)
	return m.result(f, args), nil
}

func (m *machine) permit(f, args *value) (*value, error) {
	m.out.calls++
	return m.result(f, args), nil
}

func reconstructor(m *machine, f, args *value, off int64) (*value, error) {
	if args.kind != kTuple || args.count() < 1 {
		return nil, errors.New("copyreg without a class")
	}
	return m.instantiate(args.item(0), args, off)
}

// encode is how protocol 2 writes bytes. Other codecs import a module of that name.
func encode(m *machine, f, args *value, off int64) (*value, error) {
	text, codec := args.item(0), args.item(1)
	ok := args.count() == 1 || args.count() == 2 && codec.kind == kStr
	switch strings.ToLower(codec.s) {
	case "latin1", "latin-1", "utf-8", "utf8", "ascii", "iso-8859-1":
	default:
		ok = ok && args.count() == 1
	}
	if !ok || text.kind != kStr {
		return m.deny(f, args, "with another codec than latin1", off)
	}
	m.out.calls++
	v := m.new(kBytes)
	v.n = text.n
	if text.n <= int64(len(text.s)) {
		v.s = latin1(text.s)
		m.nested(token{off: off, n: uint64(len(v.s))}, v.s)
	}
	return v, nil
}

func latin1(s string) string {
	out := make([]byte, 0, len(s))
	for _, r := range s {
		out = append(out, byte(r))
	}
	return string(out)
}

func partial(m *machine, f, args *value, off int64) (*value, error) {
	target := args.item(0)
	if target.kind != kGlobal || target.x.verdict == dangerous {
		return m.deny(f, args, "of "+target.describe(), off)
	}
	m.out.calls++
	v := m.made(kInstance, f.x.name)
	v.x.verdict = f.x.verdict
	return v, nil
}

func defaultdict(m *machine, f, args *value, off int64) (*value, error) {
	factory := args.item(0)
	if args.count() > 0 && factory.kind != kOpaque && !(factory.kind == kGlobal && factory.x.verdict != dangerous) && factory.x != nil && factory.x.name != (name{"functools", "partial"}) {
		return m.deny(f, args, "with the factory "+factory.describe(), off)
	}
	m.out.calls++
	v := m.made(kInstance, f.x.name)
	v.x.verdict = f.x.verdict
	return v, nil
}

// getattr is how bound methods of plain objects are written. What it returns
// may be kept, but neither called nor changed, unless it is listed itself.
func getattr(m *machine, f, args *value, off int64) (*value, error) {
	of, attr := args.item(0), args.item(1)
	plain := of.kind == kInstance && (of.x.verdict.class() || of.x.verdict == unknown) || of.kind == kGlobal && of.x.verdict.class()
	if !plain || attr.kind != kStr || !identifier(attr.s) || strings.ContainsRune(attr.s, '.') || strings.HasPrefix(attr.s, "__") {
		return m.deny(f, args, "of "+of.describe(), off)
	}
	m.out.calls++
	n := name{of.x.name.module, of.x.name.attr + "." + attr.s}
	v := m.made(kGlobal, n)
	if v.x.verdict = allowed[n]; v.x.verdict == unknown {
		v.x.verdict = allowedConst
	}
	return v, nil
}

// ufunc imports a module and returns what is in it: only real ufuncs.
func ufunc(m *machine, f, args *value, off int64) (*value, error) {
	module, attr := args.item(0), args.item(1)
	switch module.s {
	case "numpy", "numpy.core._multiarray_umath", "numpy._core._multiarray_umath", "numpy.core.umath", "numpy._core.umath", "scipy.special._ufuncs", "scipy.special":
		if identifier(attr.s) && !strings.ContainsAny(attr.s, "._") && judge(name{module.s, attr.s}, 4) != dangerous {
			m.out.calls++
			v := m.made(kGlobal, name{module.s, attr.s})
			v.x.verdict = allowedConst
			return v, nil
		}
	}
	return m.deny(f, args, fmt.Sprintf("of %s.%s", clip(module.s), clip(attr.s)), off)
}

// loadFromBytes is torch.load of the argument, which was looked at as an operand.
func loadFromBytes(m *machine, f, args *value, off int64) (*value, error) {
	if a := args.item(0); args.count() != 1 || a.kind != kBytes && a.kind != kStr {
		return m.deny(f, args, "of computed bytes", off)
	}
	if m.depth >= maxNesting {
		return m.deny(f, args, "nested too deep to look at", off)
	}
	return m.permit(f, args)
}

func compileRegexp(m *machine, f, args *value, off int64) (*value, error) {
	if p := args.item(0); p.kind != kStr && p.kind != kBytes || p.n > 10_000 {
		return m.deny(f, args, "of a computed pattern", off)
	}
	return m.permit(f, args)
}

func classFirst(m *machine, f, args *value, off int64) (*value, error) {
	if c := args.item(0); c.kind != kGlobal || !c.x.verdict.class() {
		return m.deny(f, args, "of "+c.describe(), off)
	}
	return m.permit(f, args)
}

// rebuildFromType calls its first argument with its third.
func rebuildFromType(m *machine, f, args *value, off int64) (*value, error) {
	inner, cls := args.item(0), args.item(1)
	if cls.kind != kGlobal || !cls.x.verdict.class() {
		return m.deny(f, args, "of "+cls.describe(), off)
	}
	if _, err := m.call(inner, args.item(2), off); err != nil {
		return nil, err
	}
	return m.permit(f, args)
}
