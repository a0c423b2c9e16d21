// SPDX-License-Identifier: Apache-2.0

package modelfile

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/bits"
	"regexp"
	"strconv"
	"strings"
)

// npy reads a NumPy array file: its header, and the pickle behind it when the
// elements are objects. Source: numpy.lib.format, versions 1.0 to 3.0.
func (w *walk) npy(it item) {
	head, start, err := npyHeader(it)
	if err != nil {
		w.broken(it, "npy", err)
		w.hidden(it)
		return
	}
	if start > 64<<10 {
		w.find(it, "npy/long-header", warn, fmt.Sprintf("a header of %d bytes", start), -1, "CWE-770")
	}
	data := it.section(it.path, start, it.size-start)
	if npyObjects(head) {
		w.find(it, "npy/object-array", warn, "an array of objects: its elements are a pickle", -1, "CWE-502", "CVE-2019-6446")
		w.pickle(data)
		return
	}
	want, err := npyBytes(head)
	switch {
	case err != nil:
		w.broken(it, "npy", err)
		w.hidden(data)
	case want > data.size:
		w.broken(it, "npy", fmt.Errorf("truncated: %d bytes of elements, %d announced", data.size, want))
	case want < data.size:
		w.gap(it.path, fmt.Sprintf("%d bytes after the elements are not understood", data.size-want))
		w.find(it, "npy/trailing-bytes", warn, "bytes after the elements", start+want)
		w.hidden(it.section(it.path, start+want, data.size-want))
	}
}

func npyHeader(it item) (string, int64, error) {
	b, err := readAll(it, 0, min(12, it.size))
	if err != nil || len(b) < 10 {
		return "", 0, errors.New("truncated header")
	}
	n, at := int64(binary.LittleEndian.Uint16(b[8:])), int64(10)
	switch b[6] {
	case 1:
	case 2, 3:
		if len(b) < 12 {
			return "", 0, errors.New("truncated header")
		}
		n, at = int64(binary.LittleEndian.Uint32(b[8:])), 12
	default:
		return "", 0, fmt.Errorf("format version %d is not known", b[6])
	}
	if n > 1<<20 {
		return "", 0, fmt.Errorf("a header of %d bytes", n)
	}
	h, err := readAll(it, at, n)
	return string(h), at + n, err
}

var (
	npyDict  = regexp.MustCompile(`^\{'descr': (.+), 'fortran_order': (?:True|False), 'shape': \(([0-9, ]*)\),? *\} *\n?$`)
	npyType  = regexp.MustCompile(`^'([<>|=]?)([?bBhHiIlLqQefdgFDGSUVaOmMcu])([0-9]*)(\[[^\]']*\])?'$`)
	npyField = regexp.MustCompile(`^\[[\[\]()'A-Za-z0-9_<>|=?, .:\-]*\]$`)
)

// npyObjects errs on the side of yes: an O anywhere a type may stand.
func npyObjects(head string) bool {
	m := npyDict.FindStringSubmatch(head)
	if m == nil {
		return strings.Contains(head, "O")
	}
	descr := m[1]
	if t := npyType.FindStringSubmatch(descr); t != nil {
		return t[2] == "O"
	}
	for _, s := range []string{"'O'", "'|O'", "'<O'", "'>O'", "'=O'", "'object'", "'O8'", "'|O8'", "'O4'", "'|O4'", "O,"} {
		if strings.Contains(descr, s) {
			return true
		}
	}
	return false
}

var typeBytes = map[string]int64{"?": 1, "b": 1, "B": 1, "h": 2, "H": 2, "i": 4, "I": 4, "l": 8, "L": 8, "q": 8, "Q": 8, "e": 2, "f": 4, "d": 8, "g": 16, "F": 8, "D": 16, "G": 32, "S": 1, "a": 1, "c": 1, "U": 4, "V": 1, "m": 8, "M": 8, "u": 1}

// npyBytes is the number of bytes that the elements take.
func npyBytes(head string) (int64, error) {
	m := npyDict.FindStringSubmatch(head)
	if m == nil {
		return 0, fmt.Errorf("a header that is not {'descr', 'fortran_order', 'shape'}: %q", clip(head))
	}
	size, err := descrBytes(m[1])
	if err != nil {
		return 0, err
	}
	total := uint64(size)
	for _, d := range strings.Split(m[2], ",") {
		if d = strings.TrimSpace(d); d == "" {
			continue
		}
		n, err := strconv.ParseUint(d, 10, 62)
		hi, lo := bits.Mul64(total, n)
		if err != nil || hi != 0 || lo > 1<<62 {
			return 0, fmt.Errorf("an impossible shape (%s)", clip(m[2]))
		}
		total = lo
	}
	return int64(total), nil
}

// descrBytes is the size of one element: of a plain type, or of a list of
// fields ('name', 'type'[, (shape)]).
func descrBytes(descr string) (int64, error) {
	if t := npyType.FindStringSubmatch(descr); t != nil {
		return oneType(t)
	}
	if !npyField.MatchString(descr) {
		return 0, fmt.Errorf("a dtype that is not understood: %s", clip(descr))
	}
	var sum int64
	for _, f := range fieldTypes.FindAllStringSubmatch(descr, -1) {
		t := npyType.FindStringSubmatch(f[1])
		if t == nil {
			return 0, fmt.Errorf("a field that is not understood: %s", clip(f[0]))
		}
		n, err := oneType(t)
		if err != nil {
			return 0, err
		}
		for _, d := range strings.FieldsFunc(f[2], func(r rune) bool { return r < '0' || r > '9' }) {
			k, _ := strconv.ParseInt(d, 10, 32)
			n *= k
		}
		sum += n
	}
	if strings.Count(descr, "[") > 1 || strings.Count(descr, "('") != len(fieldTypes.FindAllString(descr, -1)) || sum < 0 {
		return 0, fmt.Errorf("nested fields are not understood: %s", clip(descr))
	}
	return sum, nil
}

var fieldTypes = regexp.MustCompile(`\('[^']*', ('[^']*')(?:, (\([0-9, ]*\)))?\)`)

func oneType(t []string) (int64, error) {
	n := typeBytes[t[2]]
	if t[3] == "" {
		return n, nil
	}
	k, err := strconv.ParseInt(t[3], 10, 31)
	if err != nil {
		return 0, fmt.Errorf("a type that is not understood: %s", clip(t[0]))
	}
	if t[2] == "U" {
		k *= 4
	}
	return k, nil
}
