// SPDX-License-Identifier: Apache-2.0

package modelfile

import (
	"fmt"
	"path"
	"regexp"
	"strings"
)

// danger in Python source that a torch.package or TorchScript archive brings
// and its reader imports, that is, runs.
var sourceDanger = regexp.MustCompile(`\b(?:import\s+(?:os|subprocess|sys|socket|ctypes|pty|shutil|importlib|pickle|marshal|runpy|urllib|requests)\b|from\s+(?:os|subprocess|sys|socket|ctypes|pty|shutil|importlib|pickle|marshal|runpy|urllib|requests)\b|(?:eval|exec|compile|__import__|getattr|open)\s*\(|__builtins__|__globals__|__subclasses__)`)

// source looks at Python source inside a torch archive. TorchScript
// (code/**.py) is compiled, not imported; any other module is run as it is.
func (w *walk) source(it item, torch bool) {
	if !torch || path.Ext(it.path) != ".py" || strings.Contains(it.path, "/code/") {
		return
	}
	w.find(it, "torch/package-source", warn, "a Python module inside the archive: loading runs it", -1, "CWE-829")
	b, err := readAll(it, 0, min(it.size, 8<<20))
	if err != nil || it.size > 8<<20 {
		w.gap(it.path, "over budget: a module of more than 8 MiB")
	}
	if m := sourceDanger.FindIndex(b); m != nil {
		w.find(it, "torch/package-code", block, fmt.Sprintf("a module that says %q", b[m[0]:m[1]]), int64(m[0]), "CWE-829")
	}
}
