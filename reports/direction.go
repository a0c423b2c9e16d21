// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"slices"
	"strings"
	"unicode"
)

// This file orders text that is written from right to left inside a report
// that reads from left to right, and joins Arabic letters. It covers what the
// embedded fonts draw (Hebrew, Arabic, Persian, Urdu), in the order that UAX #9
// gives to a line whose own direction is left to right. Direction controls of
// a text itself are shown, not obeyed: visible takes care of them.

var rtlScripts = []*unicode.RangeTable{unicode.Hebrew, unicode.Arabic, unicode.Syriac, unicode.Thaana, unicode.Nko}

func isRTL(r rune) bool {
	return r >= 0x590 && unicode.In(r, rtlScripts...) && !unicode.IsDigit(r)
}

func hasRTL(s string) bool { return strings.IndexFunc(s, isRTL) >= 0 }

// isolated keeps a text with letters from right to left from moving what
// stands beside it, where a program orders the line: FSI and PDI (UAX #9).
func isolated(s string) string {
	if !hasRTL(s) {
		return s
	}
	return "\u2068" + s + "\u2069"
}

// piece is a part of a line, as drawn; logical is as read, when that differs.
type piece struct {
	drawn   string
	logical string
}

// directions cuts a line at its changes of direction. A stretch from right to
// left reaches from its first such letter to its last before a letter of the
// other direction.
func directions(s string) []piece {
	if !hasRTL(s) {
		return []piece{{drawn: s}}
	}
	var out []piece
	runes := []rune(s)
	for i := 0; i < len(runes); {
		end := i
		for end < len(runes) && !isRTL(runes[end]) {
			end++
		}
		if end > i {
			out = append(out, piece{drawn: string(runes[i:end])})
		}
		if i = end; i == len(runes) {
			break
		}
		last := i
		for k := i; k < len(runes) && (isRTL(runes[k]) || !unicode.IsLetter(runes[k])); k++ {
			if isRTL(runes[k]) || unicode.Is(unicode.Mn, runes[k]) {
				last = k
			}
		}
		last += closing(runes[i:last+1], runes[last+1:])
		stretch := runes[i : last+1]
		out = append(out, piece{drawn: turned(stretch), logical: unjoined(string(stretch))})
		i = last + 1
	}
	return out
}

// closing counts the brackets that follow a stretch and close one inside it:
// a pair has one direction.
func closing(stretch, rest []rune) int {
	open := 0
	for _, r := range stretch {
		switch {
		case strings.ContainsRune("([{", r):
			open++
		case strings.ContainsRune(")]}", r):
			open--
		}
	}
	n := 0
	for n < open && n < len(rest) && strings.ContainsRune(")]}", rest[n]) {
		n++
	}
	return n
}

// turned reverses a stretch: clusters of a letter and its marks stay whole,
// numbers stay as they are, brackets are mirrored.
func turned(stretch []rune) string {
	var clusters []string
	for i := 0; i < len(stretch); {
		end := i + 1
		switch {
		case unicode.IsDigit(stretch[i]):
			for end < len(stretch) && (unicode.IsDigit(stretch[end]) || end+1 < len(stretch) && strings.ContainsRune(".,:/-", stretch[end]) && unicode.IsDigit(stretch[end+1])) {
				end++
			}
		default:
			for end < len(stretch) && unicode.Is(unicode.Mn, stretch[end]) {
				end++
			}
		}
		clusters = append(clusters, mirror.Replace(string(stretch[i:end])))
		i = end
	}
	slices.Reverse(clusters)
	return strings.Join(clusters, "")
}

var mirror = strings.NewReplacer("(", ")", ")", "(", "[", "]", "]", "[", "{", "}", "}", "{", "<", ">", ">", "<", "«", "»", "»", "«")

// arabicForms are the first presentation form of each letter, and how many it
// has: alone, at the end, at the beginning, in the middle (Unicode, block
// Arabic Presentation Forms-B).
var arabicForms = map[rune]struct {
	first rune
	n     int
}{
	0x621: {0xfe80, 1}, 0x622: {0xfe81, 2}, 0x623: {0xfe83, 2}, 0x624: {0xfe85, 2}, 0x625: {0xfe87, 2}, 0x626: {0xfe89, 4}, 0x627: {0xfe8d, 2}, 0x628: {0xfe8f, 4},
	0x629: {0xfe93, 2}, 0x62a: {0xfe95, 4}, 0x62b: {0xfe99, 4}, 0x62c: {0xfe9d, 4}, 0x62d: {0xfea1, 4}, 0x62e: {0xfea5, 4}, 0x62f: {0xfea9, 2}, 0x630: {0xfeab, 2},
	0x631: {0xfead, 2}, 0x632: {0xfeaf, 2}, 0x633: {0xfeb1, 4}, 0x634: {0xfeb5, 4}, 0x635: {0xfeb9, 4}, 0x636: {0xfebd, 4}, 0x637: {0xfec1, 4}, 0x638: {0xfec5, 4},
	0x639: {0xfec9, 4}, 0x63a: {0xfecd, 4}, 0x641: {0xfed1, 4}, 0x642: {0xfed5, 4}, 0x643: {0xfed9, 4}, 0x644: {0xfedd, 4}, 0x645: {0xfee1, 4}, 0x646: {0xfee5, 4},
	0x647: {0xfee9, 4}, 0x648: {0xfeed, 2}, 0x649: {0xfeef, 2}, 0x64a: {0xfef1, 4},
}

// joinedLetters replaces Arabic letters by the form that they have beside their
// neighbours; lam with alef is one sign. The order is not changed.
func joinedLetters(s string) string {
	if strings.IndexFunc(s, func(r rune) bool { return r >= 0x621 && r <= 0x64a }) < 0 {
		return s
	}
	runes := []rune(s)
	var out []rune
	before := false // the letter before reaches to this one
	for i := 0; i < len(runes); i++ {
		form, ok := arabicForms[runes[i]]
		if !ok {
			if !unicode.Is(unicode.Mn, runes[i]) && runes[i] != 0x640 {
				before = false
			}
			if runes[i] == 0x640 {
				before = true
			}
			out = append(out, runes[i])
			continue
		}
		if i+1 < len(runes) && runes[i] == 0x644 {
			if at := slices.Index([]rune{0x622, 0x623, 0x625, 0x627}, runes[i+1]); at >= 0 {
				sign := rune(0xfef5 + 2*at)
				if before {
					sign++
				}
				out, before = append(out, sign), false
				i++
				continue
			}
		}
		shape := form.first
		after := form.n == 4 && reaches(runes[i+1:])
		switch {
		case before && after:
			shape += 3
		case after:
			shape += 2
		case before && form.n > 1:
			shape++
		}
		out, before = append(out, shape), form.n == 4
	}
	return string(out)
}

// reaches says that the next letter joins to the one before it.
func reaches(rest []rune) bool {
	for _, r := range rest {
		if unicode.Is(unicode.Mn, r) {
			continue
		}
		form, ok := arabicForms[r]
		return ok && form.n > 1 || r == 0x640
	}
	return false
}

var unjoin = func() map[rune]string {
	out := map[rune]string{}
	for letter, form := range arabicForms {
		for i := range form.n {
			out[form.first+rune(i)] = string(letter)
		}
	}
	for i, alef := range []rune{0x622, 0x623, 0x625, 0x627} {
		out[rune(0xfef5+2*i)], out[rune(0xfef6+2*i)] = "\u0644"+string(alef), "\u0644"+string(alef)
	}
	return out
}()

// unjoined is the text that the forms stand for.
func unjoined(s string) string {
	var b strings.Builder
	for _, r := range s {
		if letters, ok := unjoin[r]; ok {
			b.WriteString(letters)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
