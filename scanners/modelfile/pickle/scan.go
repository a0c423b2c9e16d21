// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/modelvet/modelvet"
)

// Options say how a file is to be read.
type Options struct {
	Limits Limits // the zero value means DefaultLimits
	Torch  bool   // the reader is torch.load: persistent ids of storages are expected
	Depth  int    // of archives and operands around this file
}

// Result is what a file of one or more streams showed. Paths are relative to
// the file: "" or "!operand@OFFSET".
type Result struct {
	Findings []modelvet.Finding
	Gaps     []modelvet.Gap // paths are empty: the file
	Streams  int            // streams read to their STOP
	Unsafe   int            // calls that are not allowed
	Named    int            // names resolved
	Clear    bool           // a clear sign was seen: a known danger or a call that is not allowed
	Storages map[string]Storage

	sink *sink
}

// Storage is a tensor storage that a torch pickle refers to: its number of
// elements and the bytes of each (0 when the type is not known).
type Storage = storage

// Scan reads a whole file as streams of pickle, one behind the other, and
// searches for further streams wherever it cannot follow.
func Scan(ctx context.Context, src io.ReaderAt, size int64, opt Options) Result {
	opt = opt.defaults()
	left := opt.Limits.Search
	r := scanInto(ctx, src, size, opt, newSink(&left))
	r.finish()
	return r
}

// Search looks for streams at every offset of a file that is no pickle.
func Search(ctx context.Context, src io.ReaderAt, size int64, opt Options) Result {
	opt = opt.defaults()
	left := opt.Limits.Search
	s := &scan{ctx: ctx, src: src, size: size, opt: opt, Result: Result{sink: newSink(&left), Storages: map[string]Storage{}}}
	for pos := int64(0); pos >= 0 && pos < size; {
		pos = s.search(pos)
	}
	s.finish()
	return s.Result
}

// Probe reads the beginning of a file as a pickle. It says yes when a stream
// reaches its end with something to show, or when a clear sign comes before.
func Probe(ctx context.Context, src io.ReaderAt, size int64) bool {
	if size < 2 {
		return false
	}
	head := make([]byte, 2)
	if n, _ := src.ReadAt(head, 0); n == 2 && head[0] == opProto && head[1] <= 16 {
		return true
	}
	left := int64(1 << 20)
	m := newMachine(ctx, newCursor(src, size, 0), Options{Limits: DefaultLimits, Torch: true, Depth: maxNesting}, newSink(&left))
	m.guess = true
	_, err := m.run()
	if m.out.bad+m.out.unsafe > 0 {
		return true
	}
	return err == nil && (m.out.globals > 0 || m.cur.pos == size) || errors.Is(err, errBudget)
}

func (o Options) defaults() Options {
	if o.Limits == (Limits{}) {
		o.Limits = DefaultLimits
	}
	return o
}

func (r *Result) finish() {
	r.Findings, r.Gaps = r.sink.result(), r.sink.gaps
	if r.sink.full {
		r.Gaps = append(r.Gaps, modelvet.Gap{Reason: fmt.Sprintf("over budget: more than %d findings", maxFindings)})
	}
	r.Unsafe, r.Named, r.Clear = r.sink.unsafe, r.sink.globals, r.sink.bad+r.sink.unsafe > 0
}

// scan is one pass over a file.
type scan struct {
	Result
	ctx    context.Context
	src    io.ReaderAt
	size   int64
	opt    Options
	legacy bool // torch's legacy format: raw storages follow the streams
	walked bool // the raw storages were found as announced
}

func scanInto(ctx context.Context, src io.ReaderAt, size int64, opt Options, out *sink) Result {
	s := &scan{ctx: ctx, src: src, size: size, opt: opt, Result: Result{sink: out, Storages: map[string]Storage{}}}
	for pos := int64(0); pos >= 0 && pos < size; {
		pos = s.next(pos)
	}
	if s.legacy && (s.Streams < 5 || len(s.Storages) > 0 && !s.walked) {
		s.sink.gap("truncated: a torch file without all of its streams and storages")
	}
	return s.Result
}

// next reads one stream, or what stands where a stream should be, and returns
// where to go on.
func (s *scan) next(pos int64) int64 {
	if s.Streams > 0 && s.padding(pos) {
		return -1
	}
	m := newMachine(s.ctx, newCursor(s.src, s.size, pos), s.opt, s.sink)
	m.torch = m.torch || s.legacy
	if s.Streams > 0 {
		return s.another(m, pos)
	}
	v, err := m.run()
	s.keep(m)
	if err != nil {
		return s.broken(err, pos, m.cur.pos)
	}
	s.Streams++
	s.legacy = isTorchMagic(v)
	return m.cur.pos
}

func isTorchMagic(v *value) bool {
	return v != nil && v.kind == kInt && v.s == "\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19"
}

func (s *scan) keep(m *machine) {
	for k, v := range m.storage {
		s.Storages[k] = v
	}
}

// another reads what follows a complete stream: one more stream, raw storages
// or bytes that nobody reads.
func (s *scan) another(m *machine, pos int64) int64 {
	if s.legacy && len(s.Storages) > 0 && s.Streams >= 5 {
		c := newCursor(s.src, s.size, pos)
		if end, ok := rawStorages(c, s.Storages); ok {
			s.walked = true
			return end
		}
	}
	out := m.out
	m.out = newSink(out.left)
	v, err := m.run()
	if err != nil && !errors.Is(err, errBudget) {
		s.sink.gap(fmt.Sprintf("bytes after the last pickle, from offset %d of %d, are no pickle: %v", pos, s.size, err))
		if m.out.bad+m.out.unsafe > 0 {
			s.sink.merge(m.out, "", 0)
		}
		return s.search(pos + 1)
	}
	s.sink.merge(m.out, "", 0)
	s.keep(m)
	if err != nil {
		return s.broken(err, pos, m.cur.pos)
	}
	s.Streams++
	s.legacy = s.legacy || isTorchMagic(v)
	return m.cur.pos
}

// broken notes a stream that could not be followed to its end.
func (s *scan) broken(err error, start, at int64) int64 {
	s.sink.gap(err.Error())
	if errors.Is(err, errBudget) {
		s.sink.add("pickle/over-budget", warn, err.Error(), start)
		return -1
	}
	if s.ctx.Err() != nil {
		return -1
	}
	s.sink.add("pickle/parse-error", warn, err.Error(), at)
	return s.search(start + 1)
}

// padding tells a rest of zeros or blanks, which every reader ignores.
func (s *scan) padding(pos int64) bool {
	n := min(s.size-pos, 4096)
	b := make([]byte, n)
	if _, err := s.src.ReadAt(b, pos); err != nil && !errors.Is(err, io.EOF) {
		return false
	}
	for _, c := range b {
		if c != 0 && c != '\n' && c != ' ' && c != '\r' {
			return false
		}
	}
	return pos+n == s.size
}

// search tries every offset at which a stream may start, and returns the end
// of the first that matters, or -1.
func (s *scan) search(from int64) int64 {
	buf := make([]byte, windowSize)
	for pos := from; pos < s.size; {
		if s.ctx.Err() != nil {
			return -1
		}
		n, err := s.src.ReadAt(buf[:min(int64(len(buf)), s.size-pos)], pos)
		if n == 0 {
			s.sink.gap(fmt.Sprintf("reading at offset %d: %v", pos, err))
			return -1
		}
		if *s.sink.left -= int64(n); *s.sink.left < 0 {
			s.sink.gap(fmt.Sprintf("over budget: not searched for pickles from offset %d on", pos))
			return -1
		}
		if end := s.searchWindow(buf[:n], pos); end >= 0 {
			return end
		}
		pos += int64(n)
	}
	return -1
}

func (s *scan) searchWindow(b []byte, base int64) int64 {
	shared := newCursor(s.src, s.size, base)
	for i := range b {
		if !startsStream(b[i:]) {
			continue
		}
		if hopeless(b[i:]) {
			continue
		}
		m := newMachine(s.ctx, shared.fork(base+int64(i)), s.opt, newSink(s.sink.left))
		m.guess, m.torch = true, true
		m.lim.Opcodes = min(m.lim.Opcodes, 2_000_000)
		_, err := m.run()
		if shared.buf == nil {
			shared.buf, shared.base = m.cur.buf, m.cur.base
		}
		if m.out.bad > 0 || err == nil && m.out.globals > 0 {
			s.sink.merge(m.out, "", 0)
			s.keep(m)
			if err == nil {
				s.Streams++
				return m.cur.pos
			}
		}
	}
	return -1
}

// hopeless tells starts whose second opcode is none: most of random bytes.
func hopeless(b []byte) bool {
	switch b[0] {
	case opMark, opEmptyTuple, opEmptyDict, opEmptyList:
		if len(b) < 3 {
			return false
		}
		second := shapes[b[1]]
		return second == shapeUnknown || second == shapePlain && shapes[b[2]] == shapeUnknown
	case opString:
		return len(b) > 1 && b[1] != '\'' && b[1] != '"'
	case opInt, opLong:
		return len(b) > 1 && b[1] != '-' && b[1] != ' ' && b[1] != '+' && (b[1] < '0' || b[1] > '9')
	case opBinUnicode, opBinString:
		return len(b) > 5 && b[4] > 1
	case opShortBinUnicode, opShortBinString:
		n := int(b[1%len(b)]) + 2
		return len(b) > n && shapes[b[n]] == shapeUnknown
	case opFrame, opBinUnicode8:
		return len(b) > 8 && (b[8] != 0 || b[7] != 0 || b[6] != 0)
	}
	return false
}

// startsStream tells whether a stream that names something can start here.
func startsStream(b []byte) bool {
	switch b[0] {
	case opProto:
		return len(b) < 2 || b[1] <= 5
	case opStop, opNone, opPop, opPopMark, opTuple, opReduce, opBuild, opAppend, opAppends, opSetItem, opSetItems, opObj, opDict, opList:
		return false
	case opGlobal:
		return len(b) < 2 || b[1] == '_' || b[1]|0x20 >= 'a' && b[1]|0x20 <= 'z'
	case opMark, opEmptyTuple, opEmptyDict, opEmptyList, opString, opUnicode, opInt, opLong:
		return true
	case opShortBinUnicode, opBinUnicode, opShortBinString, opFrame, opBinUnicode8, opBinString:
		return true
	}
	return false
}
