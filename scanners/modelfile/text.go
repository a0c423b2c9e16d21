// SPDX-License-Identifier: Apache-2.0

package modelfile

import (
	"bytes"
	"fmt"
	"io"
	"unicode/utf8"
)

// isText reads the whole item and tells whether it is UTF-8 text without
// control characters.
func (w *walk) isText(it item) (bool, error) {
	if it.size > w.budget.Text {
		return false, nil
	}
	buf := make([]byte, min(it.size, 256<<10)+utf8.UTFMax)
	r, kept := it.reader(), 0
	for {
		if err := w.ctx.Err(); err != nil {
			return false, err
		}
		n, err := io.ReadFull(r, buf[kept:])
		last := err == io.EOF || err == io.ErrUnexpectedEOF
		if err != nil && !last {
			return false, fmt.Errorf("reading text: %w", err)
		}
		b := buf[:kept+n]
		used := wholeRunes(b, last)
		if !plain(b[:used]) {
			return false, nil
		}
		if last {
			return used == len(b), nil
		}
		kept = copy(buf, b[used:])
	}
}

// wholeRunes is the length of b without a rune that is cut at its end.
func wholeRunes(b []byte, last bool) int {
	if last {
		return len(b)
	}
	for i := len(b) - 1; i >= 0 && i >= len(b)-utf8.UTFMax; i-- {
		if utf8.RuneStart(b[i]) {
			if !utf8.FullRune(b[i:]) {
				return i
			}
			break
		}
	}
	return len(b)
}

func plain(b []byte) bool {
	for _, c := range [...]byte{0, 1, 2, 3, 4, 5, 6, 7, 8, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 28, 29, 30, 31} {
		if c < 8 && bytes.IndexByte(b, c) >= 0 {
			return false
		}
	}
	return utf8.Valid(b)
}
