// SPDX-License-Identifier: Apache-2.0

package modelfile

import (
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// jsonFile is what one JSON file shows while it streams by.
type jsonFile struct {
	w     *walk
	it    item
	top   map[string]bool // keys of the outermost object
	trees *xgboostTrees
	keras *kerasConfig
}

// json reads a JSON file, or JSON lines, to its end: XGBoost models, and the
// configuration files of Hugging Face and Keras.
func (w *walk) json(it item) {
	if it.size > w.budget.Text {
		w.gap(it.path, "over budget: a JSON file of more than "+fmt.Sprint(w.budget.Text)+" bytes")
		return
	}
	f := &jsonFile{w: w, it: it, top: map[string]bool{}, trees: newTrees(w, it), keras: &kerasConfig{w: w, it: it}}
	values, pos := 0, int64(0)
	for pos < it.size {
		n, err := readJSON(w.ctx, io.NewSectionReader(it.r, pos, it.size-pos), f.visit)
		pos += n
		if err != nil {
			w.badJSON(it, err, values)
			return
		}
		values++
		if pos = skipBlank(it, pos); pos < it.size && it.weight && path.Ext(it.path) != ".jsonl" {
			w.gap(it.path, fmt.Sprintf("bytes after the JSON value at offset %d are not understood", pos))
			w.find(it, "json/trailing-bytes", warn, "bytes after the value", pos)
			w.hidden(it.section(it.path, pos, it.size-pos))
			return
		}
	}
	f.done()
}

// badJSON decides what a text with a brace at its start is when it is no JSON:
// some other text, or a broken file.
func (w *walk) badJSON(it item, err error, values int) {
	ext := strings.ToLower(path.Ext(it.path))
	if ok, _ := w.isText(it); ok && !it.weight && ext != ".json" && ext != ".jsonl" && values == 0 {
		return
	}
	w.broken(it, "json", err)
	w.hidden(it)
}

func skipBlank(it item, pos int64) int64 {
	var b [1]byte
	for pos < it.size {
		if n, _ := it.r.ReadAt(b[:], pos); n == 0 || b[0] != ' ' && b[0] != '\n' && b[0] != '\r' && b[0] != '\t' {
			return pos
		}
		pos++
	}
	return pos
}

func (f *jsonFile) visit(e jsonEvent) error {
	if len(e.path) == 1 {
		f.top[e.path[0]] = true
	}
	if err := f.trees.visit(e); err != nil {
		return err
	}
	f.keras.visit(e)
	f.huggingFace(e)
	return nil
}

// huggingFace looks at the keys with which a repository brings its own code.
func (f *jsonFile) huggingFace(e jsonEvent) {
	if e.kind == '}' || e.kind == ']' || len(e.path) == 0 {
		return
	}
	switch key := e.path[len(e.path)-1]; {
	case e.path[0] == "auto_map" && e.kind == 's':
		f.w.find(f.it, "json/remote-code", warn, "auto_map: "+string(e.text), e.off, "CWE-829")
	case key == "trust_remote_code" && e.kind == 't':
		f.w.find(f.it, "json/remote-code", warn, "trust_remote_code", e.off, "CWE-829")
	case e.path[0] == "chat_template" && e.kind == 's':
		if e.cut {
			f.w.gap(f.it.path, "over budget: a chat template of more than 1 MiB")
		}
		f.w.jinja(f.it, string(e.text), e.off)
	case key == "_target_" && e.kind == 's':
		f.w.hydra(f.it, string(e.text), e.off)
	}
}

// hydra looks at what NeMo and Hydra will import and call (CVE-2025-23304).
func (w *walk) hydra(it item, target string, off int64) {
	root, _, _ := strings.Cut(target, ".")
	switch root {
	case "nemo", "torch", "pytorch_lightning", "lightning", "omegaconf":
		return
	}
	w.find(it, "hydra/target", block, target, off, "CWE-470", "CVE-2025-23304")
}

func (f *jsonFile) done() {
	if f.top["learner"] {
		f.trees.done()
		if !f.top["version"] {
			f.w.broken(f.it, "xgboost", errors.New("a model without a version"))
		}
		return
	}
	if f.it.weight && strings.HasSuffix(f.it.path, ".ubj") {
		f.w.unknown(f.it)
	}
}
