// SPDX-License-Identifier: Apache-2.0

package modelfile

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math"
)

// The zip structures are read here and not with archive/zip, because readers
// of models (torch's miniz, Python's zipfile) are laxer than it: what they
// open must be looked at, and where they disagree must be said.
// Source: PKWARE APPNOTE 6.3.10, sections 4.3 and 4.5.

const (
	sigLocal   = "PK\x03\x04"
	sigCentral = "PK\x01\x02"
	sigEnd     = "PK\x05\x06"
	endSize    = 22
)

// zipEnd is the end-of-central-directory record, with zip64 applied.
type zipEnd struct {
	pos     int64 // of the record
	entries uint64
	size    uint64
	offset  uint64
	base    int64 // bytes before the archive
}

// zipEntry is one member as the central directory, or a local header, tells.
type zipEntry struct {
	name         string
	flags        uint16
	method       uint16
	crc          uint32
	packed, full uint64
	offset       uint64 // of the local header
	symlink      bool
	data         int64 // offset of the content (local headers)
}

// findEnd looks for the last end record whose comment reaches no further than
// the file, and whose directory is where it says.
func findEnd(it item) (zipEnd, bool) {
	n := min(it.size, endSize+math.MaxUint16)
	tail, err := readAll(it, it.size-n, n)
	if err != nil {
		return zipEnd{}, false
	}
	for i := len(tail) - endSize; i >= 0; i-- {
		if i = bytes.LastIndex(tail[:i+4], []byte(sigEnd)); i < 0 {
			break
		}
		if e, ok := readEnd(it, tail[i:], it.size-n+int64(i)); ok {
			return e, true
		}
	}
	return zipEnd{}, false
}

func readEnd(it item, b []byte, pos int64) (zipEnd, bool) {
	le := binary.LittleEndian
	e := zipEnd{pos: pos, entries: uint64(le.Uint16(b[10:])), size: uint64(le.Uint32(b[12:])), offset: uint64(le.Uint32(b[16:]))}
	end := pos
	if z, at, ok := readEnd64(it, pos); ok {
		z.pos = pos
		e, end = z, at
	}
	if e.size > uint64(end) {
		return e, false
	}
	start := end - int64(e.size)
	e.base = start - int64(e.offset)
	if e.offset > math.MaxInt64 || e.base < 0 {
		return e, false
	}
	if e.entries == 0 && e.size == 0 {
		return e, true
	}
	sig, err := readAll(it, start, 4)
	return e, err == nil && string(sig) == sigCentral
}

func readEnd64(it item, pos int64) (zipEnd, int64, bool) {
	loc, err := readAll(it, pos-20, 20)
	if err != nil || string(loc[:4]) != "PK\x06\x07" {
		return zipEnd{}, 0, false
	}
	le := binary.LittleEndian
	at := int64(le.Uint64(loc[8:]))
	for _, try := range []int64{at, pos - 20 - 56} {
		b, err := readAll(it, try, 56)
		if err == nil && string(b[:4]) == "PK\x06\x06" {
			return zipEnd{entries: le.Uint64(b[32:]), size: le.Uint64(b[40:]), offset: le.Uint64(b[48:])}, try, true
		}
	}
	return zipEnd{}, 0, false
}

// central reads the central directory.
func central(it item, e zipEnd, limit int) ([]zipEntry, error) {
	var out []zipEntry
	pos := e.base + int64(e.offset)
	end := pos + int64(e.size)
	for pos < end {
		b, err := readAll(it, pos, 46)
		if err != nil || string(b[:4]) != sigCentral {
			return out, fmt.Errorf("no central directory entry at offset %d", pos)
		}
		le := binary.LittleEndian
		nameLen, extraLen, commentLen := int64(le.Uint16(b[28:])), int64(le.Uint16(b[30:])), int64(le.Uint16(b[32:]))
		rest, err := readAll(it, pos+46, nameLen+extraLen)
		if err != nil {
			return out, err
		}
		z := zipEntry{name: string(rest[:nameLen]), flags: le.Uint16(b[8:]), method: le.Uint16(b[10:]), crc: le.Uint32(b[16:]),
			packed: uint64(le.Uint32(b[20:])), full: uint64(le.Uint32(b[24:])), offset: uint64(le.Uint32(b[42:])), symlink: b[5] == 3 && le.Uint32(b[38:])>>28 == 0xa}
		z.zip64(rest[nameLen:])
		out = append(out, z)
		pos += 46 + nameLen + extraLen + commentLen
		if len(out) > limit {
			return out, fmt.Errorf("%w: more than %d members", errBudget, limit)
		}
	}
	if uint64(len(out)) != e.entries && uint64(len(out))&0xffff != e.entries {
		return out, fmt.Errorf("%d members in the directory, %d announced", len(out), e.entries)
	}
	return out, nil
}

// zip64 applies extra field 1: the values that did not fit.
func (z *zipEntry) zip64(extra []byte) {
	le := binary.LittleEndian
	for len(extra) >= 4 {
		id, n := le.Uint16(extra), int(le.Uint16(extra[2:]))
		if n > len(extra)-4 {
			return
		}
		field := extra[4 : 4+n]
		extra = extra[4+n:]
		if id != 1 {
			continue
		}
		for _, v := range []*uint64{&z.full, &z.packed, &z.offset} {
			if *v == math.MaxUint32 && len(field) >= 8 {
				*v, field = le.Uint64(field), field[8:]
			}
		}
	}
}

// local reads a local header.
func local(it item, pos int64) (zipEntry, error) {
	b, err := readAll(it, pos, 30)
	if err != nil || string(b[:4]) != sigLocal {
		return zipEntry{}, fmt.Errorf("no local header at offset %d", pos)
	}
	le := binary.LittleEndian
	nameLen, extraLen := int64(le.Uint16(b[26:])), int64(le.Uint16(b[28:]))
	rest, err := readAll(it, pos+30, nameLen+extraLen)
	if err != nil {
		return zipEntry{}, err
	}
	z := zipEntry{name: string(rest[:nameLen]), flags: le.Uint16(b[6:]), method: le.Uint16(b[8:]), crc: le.Uint32(b[14:]),
		packed: uint64(le.Uint32(b[18:])), full: uint64(le.Uint32(b[22:])), data: pos + 30 + nameLen + extraLen}
	z.zip64(rest[nameLen:])
	return z, nil
}
