// SPDX-License-Identifier: Apache-2.0

package modelfile

import (
	"fmt"
	"strings"
)

// jinja looks at a chat template. It lexes the expressions and looks at which
// attributes they reach for; it never renders (CVE-2024-34359).
func (w *walk) jinja(it item, text string, off int64) {
	for len(text) > 0 {
		i := strings.IndexByte(text, '{')
		if i < 0 || i+1 == len(text) {
			return
		}
		end := map[byte]string{'{': "}}", '%': "%}", '#': "#}"}[text[i+1]]
		if end == "" {
			text = text[i+1:]
			continue
		}
		body := text[i+2:]
		if text[i+1] == '#' {
			_, text, _ = strings.Cut(body, end)
			continue
		}
		n, tokens := lexJinja(body, end)
		if n < 0 {
			w.gap(it.path, "parse error: a chat template with an expression that does not end")
			w.find(it, "jinja/parse-error", warn, "an expression that does not end", off)
		}
		w.jinjaTokens(it, tokens, off)
		if n < 0 {
			return
		}
		text = body[n:]
	}
}

type jinjaToken struct {
	kind byte // n name, s string, d number, p punctuation
	text string
}

// lexJinja reads tokens up to the end mark; n is -1 without one.
func lexJinja(s, end string) (n int, out []jinjaToken) {
	for i := 0; i < len(s); {
		c := s[i]
		switch {
		case strings.HasPrefix(s[i:], end):
			return i + len(end), out
		case c == '\'' || c == '"':
			j := i + 1
			for j < len(s) && s[j] != c {
				if s[j] == '\\' {
					j++
				}
				j++
			}
			if j >= len(s) {
				return -1, out
			}
			out = append(out, jinjaToken{'s', s[i+1 : j]})
			i = j + 1
		case nameByte(c):
			j := i
			for j < len(s) && nameByte(s[j]) {
				j++
			}
			kind := byte('n')
			if c >= '0' && c <= '9' {
				kind = 'd'
			}
			out = append(out, jinjaToken{kind, s[i:j]})
			i = j
		case c <= ' ':
			i++
		default:
			out = append(out, jinjaToken{'p', s[i : i+1]})
			i++
		}
	}
	return -1, out
}

func nameByte(c byte) bool {
	return c == '_' || c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z' || c >= 0x80
}

var jinjaNames = map[string]bool{
	"mro": true, "base": true, "bases": true, "subclasses": true, "globals": true, "builtins": true, "import": true, "func_globals": true, "func_code": true,
	"gi_frame": true, "gi_code": true, "f_back": true, "f_globals": true, "f_builtins": true, "cr_code": true, "cr_frame": true, "ag_frame": true, "tb_frame": true, "popen": true,
}

var jinjaObjects = map[string]bool{
	"cycler": true, "joiner": true, "lipsum": true, "self": true, "config": true, "request": true, "get_flashed_messages": true, "url_for": true,
}

func jinjaDenied(s string) bool {
	return strings.HasPrefix(s, "_") || jinjaNames[s] || strings.Contains(s, "__")
}

func (w *walk) jinjaTokens(it item, t []jinjaToken, off int64) {
	deny := func(what string) {
		w.find(it, "jinja/unsafe-attribute", block, what, off, "CWE-1336", "CVE-2024-34359")
	}
	at := func(i int) jinjaToken {
		if i < 0 || i >= len(t) {
			return jinjaToken{}
		}
		return t[i]
	}
	for i, tok := range t {
		prev, next := at(i-1), at(i+1)
		after := prev.kind == 'p' && prev.text == "."
		switch {
		case tok.kind == 'n' && after && jinjaDenied(tok.text):
			deny("." + tok.text)
		case tok.kind == 'n' && !after && jinjaObjects[tok.text] && next.kind == 'p' && (next.text == "." || next.text == "["):
			deny(tok.text + next.text)
		case tok.kind == 'n' && tok.text == "attr" && prev.text == "|":
			w.jinjaAttr(it, at(i+2), deny, off)
		case tok.kind == 'n' && tok.text == "attribute" && next.text == "=" && at(i+2).kind == 's':
			for _, part := range strings.Split(at(i+2).text, ".") {
				if jinjaDenied(part) {
					deny("attribute=" + part)
				}
			}
		case tok.kind == 's' && jinjaEscaped(tok.text):
			deny(fmt.Sprintf("the string %q", clip(tok.text)))
		case tok.kind == 's' && prev.kind == 'p' && prev.text == "[" && jinjaDenied(tok.text):
			deny("[" + tok.text + "]")
		}
	}
	w.jinjaBuilt(it, t, off)
}

// jinjaEscaped tells strings that write a name so that it is not seen.
func jinjaEscaped(s string) bool {
	return strings.Contains(s, "__") && !strings.Contains(strings.Trim(s, "_"), " ") && len(strings.Trim(s, "_")) < 32 && strings.HasPrefix(s, "__") || strings.Contains(s, "\\x5f") || strings.Contains(s, "\\u005f") || strings.Contains(s, "\\137")
}

func (w *walk) jinjaAttr(it item, arg jinjaToken, deny func(string), off int64) {
	switch {
	case arg.kind == 's' && jinjaDenied(arg.text):
		deny("|attr(" + arg.text + ")")
	case arg.kind != 's':
		w.find(it, "jinja/computed-attribute", block, "|attr() of a computed name", off, "CWE-1336", "CVE-2024-34359")
	}
}

// jinjaBuilt looks for names that are put together inside a subscript.
func (w *walk) jinjaBuilt(it item, t []jinjaToken, off int64) {
	for i, tok := range t {
		if tok.kind != 'p' || tok.text != "[" || i == 0 || t[i-1].kind == 'p' && t[i-1].text != "]" && t[i-1].text != ")" {
			continue
		}
		depth, built, text := 0, false, false
		for _, x := range t[i:] {
			if x.kind == 'p' && x.text == "[" {
				depth++
			}
			if x.kind == 'p' && x.text == "]" {
				if depth--; depth == 0 {
					break
				}
			}
			text = text || x.kind == 's'
			built = built || x.kind == 'p' && x.text == "~" || x.kind == 'n' && (x.text == "join" || x.text == "format" || x.text == "chr" || x.text == "reverse")
		}
		if built && text {
			w.find(it, "jinja/computed-attribute", warn, "a subscript that is put together from strings", off, "CWE-1336")
		}
	}
}
