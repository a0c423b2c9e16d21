// SPDX-License-Identifier: Apache-2.0

package pickle

import (
	_ "embed" // the lists
	"strings"
)

// verdict is what may be done with a name.
type verdict uint8

const (
	unknown verdict = iota
	dangerous
	allowedConst
	allowedClass // may be made without a call, and given a state
	allowedCtor  // as a class, and may be called
	allowedFunc
)

func (v verdict) class() bool { return v == allowedClass || v == allowedCtor }

//go:embed allow.txt
var allowText string

//go:embed compat.txt
var compatText string

//go:embed danger.txt
var dangerText string

type name struct{ module, attr string }

func (n name) String() string { return n.module + "." + n.attr }

var (
	allowed        = readAllowed()
	renamedModules = map[string]string{}
	renamedNames   = readCompat()
	dangerModules  = map[string]bool{}
	dangerNames    = readDanger()
)

// fields calls f with the words of each line that is no comment.
func fields(text string, f func([]string)) {
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) > 0 && words[0] != "#" && !strings.HasPrefix(words[0], "#") {
			f(words)
		}
	}
}

func readAllowed() map[name]verdict {
	kinds := map[string]verdict{"class": allowedClass, "ctor": allowedCtor, "func": allowedFunc, "const": allowedConst}
	m := map[name]verdict{}
	fields(allowText, func(w []string) { m[name{w[1], w[2]}] = kinds[w[0]] })
	return m
}

func readCompat() map[name]name {
	m := map[name]name{}
	fields(compatText, func(w []string) {
		if len(w) == 2 {
			renamedModules[w[0]] = w[1]
			return
		}
		m[name{w[0], w[1]}] = name{w[2], w[3]}
	})
	return m
}

// readDanger reads lines of MODULE (the module and all below it) or MODULE NAME.
func readDanger() map[name]bool {
	m := map[name]bool{}
	fields(dangerText, func(w []string) {
		if len(w) == 1 {
			dangerModules[w[0]] = true
			return
		}
		for _, attr := range w[1:] {
			m[name{w[0], attr}] = true
		}
	})
	return m
}

// modern maps Python 2 names as find_class does below protocol 3.
func modern(n name) name {
	if to, ok := renamedNames[n]; ok {
		return to
	}
	if to, ok := renamedModules[n.module]; ok {
		return name{to, n.attr}
	}
	return n
}

// judge says what may be done with a name. Both the written and the mapped
// name must be harmless; a dotted name is allowed only when listed as it is.
func judge(n name, proto int) verdict {
	mapped := modern(n)
	if isDangerous(n) || isDangerous(mapped) {
		return dangerous
	}
	effective := n
	if proto < 3 {
		effective = mapped
	}
	if v, ok := allowed[effective]; ok {
		return v
	}
	if cythonUnpickle(effective) {
		return allowedFunc
	}
	if strings.Contains(n.attr, "__") && strings.HasPrefix(lastPart(n.attr), "__") {
		return dangerous // the way to __builtins__, __class__, __globals__
	}
	return unknown
}

func lastPart(s string) string { return s[strings.LastIndexByte(s, '.')+1:] }

// cythonUnpickle knows the constructors that Cython generates: they make an
// instance of a given extension type and set its fields, nothing else.
func cythonUnpickle(n name) bool {
	if !strings.HasPrefix(n.attr, "__pyx_unpickle_") || strings.Contains(n.attr, ".") {
		return false
	}
	root, _, _ := strings.Cut(n.module, ".")
	return root == "sklearn" || root == "scipy" || root == "pandas" || root == "numpy"
}

func isDangerous(n name) bool {
	n = name{strings.TrimSpace(n.module), strings.TrimSpace(n.attr)}
	if _, ok := allowed[n]; ok {
		return false
	}
	if dangerNames[n] || inDangerousModule(n.module) {
		return true
	}
	return strings.ContainsRune(n.attr, '.') && dottedDanger(n)
}

func inDangerousModule(module string) bool {
	for {
		if dangerModules[module] {
			return true
		}
		i := strings.LastIndexByte(module, '.')
		if i < 0 {
			return false
		}
		module = module[:i]
	}
}

// dottedDanger follows a dotted name: every part may be a module that the one
// before it imported, and a part with two underscores is the way to anything.
func dottedDanger(n name) bool {
	parts := strings.Split(n.attr, ".")
	for i, part := range parts {
		if strings.HasPrefix(part, "__") {
			return true
		}
		rest := name{part, strings.Join(parts[i+1:], ".")}
		if i+1 < len(parts) && isDangerous(rest) {
			return true
		}
		full := name{n.module + "." + strings.Join(parts[:i+1], "."), strings.Join(parts[i+1:], ".")}
		if i+1 < len(parts) && (dangerNames[full] || inDangerousModule(full.module)) {
			return true
		}
	}
	return false
}

// tampers tells names that can switch a scanner off.
func tampers(module string) bool {
	root, _, _ := strings.Cut(strings.TrimSpace(module), ".")
	switch root {
	case "fickling", "picklescan", "modelscan", "model_unpickler", "saferpickle", "modelaudit", "modelvet":
		return true
	}
	return false
}

// plausible tells names that a program would write.
func plausible(n name) bool { return identifier(n.module) && identifier(n.attr) }

func identifier(s string) bool {
	if s == "" || len(s) > 300 {
		return false
	}
	start := true
	for _, r := range s {
		letter := r == '_' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		switch {
		case letter:
			start = false
		case r >= '0' && r <= '9' && !start:
		case r == '.' && !start:
			start = true
		default:
			return false
		}
	}
	return !start
}
