// SPDX-License-Identifier: Apache-2.0

package modelfile

import (
	"slices"
	"strings"
)

// kerasConfig looks at the configuration of a Keras model while it streams by:
// which classes and functions it makes the reader import.
type kerasConfig struct {
	w     *walk
	it    item
	keras bool // a class_name and a config or module were seen
}

var kerasDanger = []string{"Lambda", "TFOpLambda", "CallbackLambda", "PyFunc", "TorchModuleWrapper", "TFSMLayer", "SlicingOpLambda"}

var kerasRoots = []string{"keras", "tensorflow", "tf_keras", "tf", "keras_nlp", "keras_cv", "keras_hub"}

func (k *kerasConfig) visit(e jsonEvent) {
	if len(e.path) == 0 {
		return
	}
	key := e.path[len(e.path)-1]
	if e.kind == 's' {
		k.text(key, string(e.text), e.off)
	}
	if e.kind == '[' && key == "function" && k.keras {
		k.w.find(k.it, "keras/lambda-code", block, "a function stored as byte code", e.off, "CWE-502", "CVE-2024-3660")
	}
	if key == "enable_unsafe_deserialization" {
		k.w.find(k.it, "keras/unsafe-deserialization", block, key, e.off, "CWE-502", "CVE-2025-9906")
	}
}

func (k *kerasConfig) text(key, val string, off int64) {
	switch key {
	case "class_name":
		k.keras = true
		name := val[strings.LastIndexByte(val, '>')+1:]
		if slices.Contains(kerasDanger, name) {
			k.w.find(k.it, "keras/unsafe-layer", block, val, off, "CWE-502", "CVE-2024-3660", "CVE-2025-9905")
		}
	case "module", "fn_module":
		k.module(val, off)
	case "registered_name":
		if pkg, _, ok := strings.Cut(val, ">"); ok && k.keras && !slices.Contains([]string{"keras", "keras.src", "builtins", ""}, pkg) {
			k.w.find(k.it, "keras/custom-object", warn, val, off, "CWE-829")
		}
	case "fn":
		if val == "get_file" {
			k.w.find(k.it, "keras/unsafe-function", block, val, off, "CWE-502", "CVE-2025-8747")
		}
	}
	if k.keras && strings.Contains(val, "enable_unsafe_deserialization") {
		k.w.find(k.it, "keras/unsafe-deserialization", block, "enable_unsafe_deserialization", off, "CWE-502", "CVE-2025-9906")
	}
}

// module is what the reader imports to find a class (CVE-2025-1550).
func (k *kerasConfig) module(val string, off int64) {
	root, _, _ := strings.Cut(val, ".")
	if !k.keras && !strings.HasSuffix(k.it.path, "!config.json") || val == "builtins" || val == "" {
		return
	}
	if !slices.Contains(kerasRoots, root) {
		k.w.find(k.it, "keras/foreign-module", block, val, off, "CWE-470", "CVE-2025-1550")
		return
	}
	if strings.HasPrefix(val, "keras.src.utils") || strings.HasPrefix(val, "keras.utils") {
		k.w.find(k.it, "keras/foreign-module", block, val, off, "CWE-470", "CVE-2025-8747")
	}
}

// keras checks that an archive which looks like a Keras model has its parts.
func (a *archive) keras() {
	if !strings.HasSuffix(strings.ToLower(a.it.path), ".keras") {
		return
	}
	for _, part := range []string{"config.json", "metadata.json"} {
		if !a.seen[part] {
			a.w.gap(a.it.path, "parse error: a .keras archive without "+part)
			a.w.find(a.it, "keras/incomplete", warn, "no "+part, -1)
		}
	}
}
