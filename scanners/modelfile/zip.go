// SPDX-License-Identifier: Apache-2.0

package modelfile

import (
	"bytes"
	"cmp"
	"compress/flate"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/modelvet/modelvet/scanners/modelfile/pickle"
)

// archive is one zip archive while it is looked at.
type archive struct {
	w       *walk
	it      item
	entries []zipEntry
	seen    map[string]bool
	torch   bool
	torchIn map[string]pickle.Storage // storages that its pickles refer to
	used    [][2]int64                // ranges of the file that are accounted for
	budget  int64                     // bytes of stored members that may still be read: members can share bytes
}

// zip reads an archive in three views: the central directory, the local
// headers, and what lies between.
func (w *walk) zip(it item) {
	a := &archive{w: w, it: it, seen: map[string]bool{}, torchIn: map[string]pickle.Storage{}, budget: 2*it.size + 1<<20}
	end, ok := findEnd(it)
	if !ok {
		w.broken(it, "zip", errors.New("truncated: no end of the central directory"))
		a.carve(0, it.size)
		return
	}
	entries, err := central(it, end, w.members)
	if err != nil {
		w.broken(it, "zip", err)
	}
	w.members -= len(entries)
	a.entries = entries
	a.torch = isTorch(entries)
	a.members(end.base)
	a.leftovers(end)
	a.keras()
}

func isTorch(entries []zipEntry) bool {
	return slices.ContainsFunc(entries, func(e zipEntry) bool {
		return e.name == "data.pkl" || strings.HasSuffix(e.name, "/data.pkl") || strings.HasSuffix(e.name, "/.data/version") || e.name == ".data/version"
	})
}

// members looks at every entry; pickles first, since they say how large the
// raw storages are.
func (a *archive) members(base int64) {
	order := slices.Clone(a.entries)
	slices.SortStableFunc(order, func(x, y zipEntry) int { return cmp.Compare(storageRank(x.name), storageRank(y.name)) })
	for _, e := range order {
		if a.w.ctx.Err() != nil {
			a.w.gap(a.it.path, "stopped before it was read")
			return
		}
		a.member(e, base+int64(e.offset))
	}
}

func storageRank(name string) int {
	if isStorageName(name) {
		return 1
	}
	return 0
}

// isStorageName tells the raw storages of torch: ".../data/<digits>" and
// torch.package's ".../.data/<digits>.storage".
func isStorageName(name string) bool {
	i := strings.LastIndexByte(name, '/')
	if i < 0 {
		return false
	}
	dir, base := name[:i], strings.TrimSuffix(name[i+1:], ".storage")
	return (dir == "data" || strings.HasSuffix(dir, "/data") || strings.HasSuffix(dir, ".data")) && base != "" && strings.Trim(base, "0123456789") == ""
}

func (a *archive) child(name string) item {
	m := a.it
	m.path, m.depth, m.again = a.it.path+"!"+strings.ToValidUTF8(clip(name), "?"), a.it.depth+1, false
	m.weight, m.torch, m.storage = !textName(name), a.torch, 0
	return m
}

func (a *archive) member(e zipEntry, pos int64) {
	m := a.child(e.name)
	a.w.memberName(m, e.name)
	if e.symlink {
		a.w.find(m, "zip/symlink", block, "a symbolic link", -1, "CWE-59")
	}
	if a.seen[e.name] {
		a.w.find(m, "zip/duplicate-member", warn, "two members of one name", -1, "CWE-694")
	}
	a.seen[e.name] = true
	l, err := local(a.it, pos)
	if err != nil {
		a.w.broken(m, "zip", err)
		return
	}
	a.compare(m, e, l)
	if strings.HasSuffix(e.name, "/") && e.full == 0 {
		a.account(pos, l.data)
		return
	}
	a.account(pos, l.data+int64(e.packed))
	a.content(m, e, l)
}

// compare says where the two headers of a member disagree.
func (a *archive) compare(m item, e, l zipEntry) {
	if e.name != l.name {
		a.w.find(m, "zip/name-mismatch", block, fmt.Sprintf("the local header calls it %q", clip(l.name)), -1, "CWE-436", "CVE-2025-1944")
	}
	if e.method != l.method {
		a.w.find(m, "zip/method-mismatch", block, fmt.Sprintf("method %d in the directory, %d in the local header", e.method, l.method), -1, "CWE-436")
	}
	if e.flags&^0x0008 != l.flags&^0x0008 {
		a.w.find(m, "zip/flag-mismatch", warn, fmt.Sprintf("flags 0x%x in the directory, 0x%x in the local header", e.flags, l.flags), -1, "CWE-436", "CVE-2025-1945")
	}
	if l.flags&8 == 0 && (e.packed != l.packed || e.full != l.full || e.crc != l.crc) {
		a.w.find(m, "zip/size-mismatch", warn, "the two headers disagree about the size or the checksum", -1, "CWE-436")
	}
	if odd := (e.flags | l.flags) & 0x2061; odd != 0 {
		a.w.find(m, "zip/encrypted-flag", warn, fmt.Sprintf("flags 0x%x: said to be encrypted or patched", odd), -1, "CVE-2025-1945")
	}
}

// content looks at what a member holds, as the laxest reader would.
func (a *archive) content(m item, e, l zipEntry) {
	if e.packed > uint64(max(0, a.it.size-l.data)) {
		a.w.broken(m, "zip", errors.New("truncated: the content reaches beyond the file"))
		return
	}
	raw := a.it.section(m.path, l.data, int64(e.packed))
	if (e.flags|l.flags)&0x41 != 0 {
		a.w.gap(m.path, "encrypted: decrypt it before the scan")
		a.w.hidden(raw)
	}
	m.r, m.size = raw.r, raw.size
	switch {
	case e.method == 0 || l.method == 0:
		a.stored(m, e)
		if e.method == l.method {
			return
		}
		fallthrough
	case e.method == 8 || l.method == 8:
		a.deflated(m, e, raw)
	default:
		a.w.gap(m.path, fmt.Sprintf("unsupported compression method %d", e.method))
		a.w.find(m, "zip/unsupported-compression", warn, fmt.Sprintf("method %d", e.method), -1)
		a.w.hidden(raw)
	}
}

func (a *archive) stored(m item, e zipEntry) {
	if e.method == 0 && e.full != e.packed {
		a.w.find(m, "zip/size-mismatch", warn, "a stored member of two sizes", -1, "CWE-436")
		a.w.gap(m.path, "parse error: a stored member of two sizes")
	}
	if a.rawStorage(&m, e) {
		return
	}
	if a.budget -= m.size; a.budget < 0 {
		a.w.gap(m.path, "over budget: the members share bytes, and are together longer than the archive")
		return
	}
	if a.w.checksum(m) != e.crc && a.w.ctx.Err() == nil {
		a.badCRC(m)
	}
	a.hand(m)
}

func (a *archive) badCRC(m item) {
	a.w.find(m, "zip/bad-crc", warn, "the checksum does not hold", -1, "CWE-354", "CVE-2025-10156")
	a.w.gap(m.path, "damaged: the checksum does not hold")
}

// rawStorage tells members that torch reads as plain numbers: they are not
// read through, but must be as large as the pickle says.
func (a *archive) rawStorage(m *item, e zipEntry) bool {
	if !a.torch || !isStorageName(e.name) {
		return false
	}
	key := e.name[strings.LastIndexByte(e.name, '/')+1:]
	m.storage = -1
	if s, ok := a.torchIn[key]; ok && s.Bytes > 0 {
		m.storage = s.Elements * s.Bytes
	}
	a.w.inspect(*m)
	return true
}

// rawStorage is the content of a torch storage.
func (w *walk) rawStorage(it item) {
	if it.storage >= 0 && it.storage != it.size {
		w.gap(it.path, fmt.Sprintf("truncated: a storage of %d bytes where the pickle says %d", it.size, it.storage))
		w.find(it, "torch/storage-size", warn, fmt.Sprintf("%d bytes, %d announced", it.size, it.storage), -1, "CWE-1284")
	}
}

func (a *archive) deflated(m item, e zipEntry, raw item) {
	sp, err := a.w.spool(flate.NewReader(raw.reader()))
	defer sp.close()
	m.r, m.size = sp.r, sp.size
	a.w.bomb(m, sp.size, raw.size)
	if err != nil {
		a.w.broken(m, "zip", fmt.Errorf("decompressing: %w", err))
	} else if sp.crc != e.crc || uint64(sp.size) != e.full {
		a.badCRC(m)
	}
	if a.torch && isStorageName(e.name) {
		a.rawStorage(&m, e)
		return
	}
	a.hand(m)
}

// hand passes a member on, and remembers what torch pickles refer to.
func (a *archive) hand(m item) {
	if a.torch && pickle.Probe(a.w.ctx, m.r, m.size) {
		for k, s := range a.w.pickle(m).Storages {
			a.torchIn[k] = s
		}
		return
	}
	a.w.source(m, a.torch)
	a.w.inspect(m)
}

func (a *archive) account(from, to int64) { a.used = append(a.used, [2]int64{from, to}) }

// leftovers looks at bytes that no entry of the directory claims.
func (a *archive) leftovers(end zipEnd) {
	slices.SortFunc(a.used, func(x, y [2]int64) int { return cmp.Compare(x[0], y[0]) })
	pos := int64(0)
	for _, u := range append(a.used, [2]int64{end.base + int64(end.offset), end.base + int64(end.offset)}) {
		if u[0] > pos {
			a.carve(pos, u[0])
		} else if u[0] < pos && u[0] < u[1] {
			a.w.find(a.it, "zip/overlap", warn, "members that share bytes", u[0], "CWE-409")
		}
		pos = max(pos, u[1])
	}
	if rest := end.pos + endSize; rest < a.it.size {
		a.w.find(a.it, "zip/comment", info, fmt.Sprintf("%d bytes of comment", a.it.size-rest), rest)
		a.carve(rest, a.it.size)
	}
}

// carve looks for members and pickles in a range that no directory names.
func (a *archive) carve(from, to int64) {
	b := a.it.section(a.it.path, from, to-from)
	if isDescriptor(b) {
		return
	}
	for off := int64(0); off < b.size; {
		next := findBytes(b, off, []byte(sigLocal))
		if next < 0 {
			break
		}
		off = a.carved(from+next) - from
	}
	if from == 0 && to < a.it.size && b.size > 4 {
		a.w.find(a.it, "zip/prefix", warn, fmt.Sprintf("%d bytes before the archive", b.size), 0, "CWE-646")
	}
	a.w.hidden(b)
}

// isDescriptor tells the data descriptor that may follow a member, and padding.
func isDescriptor(b item) bool {
	if b.size > 4096 {
		return false
	}
	raw, err := readAll(b, 0, b.size)
	return err == nil && (b.size <= 24 && (b.size == 12 || b.size == 16 || b.size == 20 || b.size == 24) || len(bytes.Trim(raw, "\x00")) == 0)
}

// carved looks at a member that only a local header names; it returns where
// to go on.
func (a *archive) carved(pos int64) int64 {
	l, err := local(a.it, pos)
	if a.w.members--; err != nil || a.w.members < 0 {
		return pos + 4
	}
	m := a.child(l.name)
	a.w.find(m, "zip/hidden-member", warn, "a member that the directory does not name", pos, "CWE-436")
	a.w.memberName(m, l.name)
	size := min(max(0, a.it.size-l.data), int64(min(l.packed, 1<<62)))
	if l.flags&8 != 0 || l.packed == 0 {
		size = max(0, a.it.size-l.data)
	}
	raw := a.it.section(m.path, l.data, size)
	if l.method == 8 {
		sp, err := a.w.spool(flate.NewReader(raw.reader()))
		defer sp.close()
		if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) && sp.size == 0 {
			return pos + 4
		}
		raw.r, raw.size = sp.r, sp.size
	}
	raw.weight, raw.depth = m.weight, m.depth
	a.w.inspect(raw)
	if l.flags&8 != 0 || l.packed == 0 {
		return pos + 4
	}
	return l.data + size
}
