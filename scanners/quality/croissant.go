// SPDX-License-Identifier: Apache-2.0

package quality

import (
	"encoding/json"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
)

// croissant is what a Croissant description (MLCommons, formats 1.0 and 1.1,
// JSON-LD) says of files: nothing here was measured by us.
type croissant struct{ files []croissantFile }

type croissantFile struct {
	name, sha256 string
	columns      map[string]string // the classes of their types: number, text, truth, time; "" where none is told
}

// readCroissant reads a description. JSON-LD lets one word be written in many
// ways ("recordSet", "cr:recordSet", the whole IRI); its last part is what counts.
func readCroissant(data []byte) (croissant, error) {
	var raw any
	if err := json.Unmarshal(data, &raw); err != nil {
		return croissant{}, fmt.Errorf("it is no JSON: %w", err)
	}
	root, ok := raw.(map[string]any)
	if !ok || !slices.Contains(words(get(root, "@type")), "Dataset") {
		return croissant{}, errors.New("it describes no Dataset: expected a Croissant file (JSON-LD) with \"@type\": \"sc:Dataset\"")
	}
	if !slices.ContainsFunc(strs(get(root, "conformsTo")), conforms) {
		return croissant{}, fmt.Errorf("conformsTo is %q: expected http://mlcommons.org/croissant/1.0 or 1.1", strs(get(root, "conformsTo")))
	}
	var out croissant
	at := map[string]int{}
	for _, d := range objects(get(root, "distribution")) {
		if !slices.Contains(words(get(d, "@type")), "FileObject") {
			continue
		}
		f := croissantFile{name: first(get(d, "contentUrl")), sha256: strings.ToLower(first(get(d, "sha256"))), columns: map[string]string{}}
		if f.name == "" {
			f.name = first(get(d, "name"))
		}
		at[id(d)] = len(out.files)
		out.files = append(out.files, f)
	}
	for _, r := range objects(get(root, "recordSet")) {
		for _, f := range objects(get(r, "field")) {
			out.field(f, at)
		}
	}
	return out, nil
}

// field takes a field whose source is a column of one of the files.
func (c *croissant) field(f map[string]any, at map[string]int) {
	source, _ := get(f, "source").(map[string]any)
	i, ok := at[ref(get(source, "fileObject"))]
	if !ok {
		return
	}
	extract, _ := get(source, "extract").(map[string]any)
	column := first(get(extract, "column"))
	if column == "" {
		return
	}
	class := ""
	for _, w := range words(get(f, "dataType")) {
		if k := croissantTypes[w]; k != "" {
			class = k
		}
	}
	c.files[i].columns[column] = class
}

// croissantTypes are the data types of the format that say what a column holds.
var croissantTypes = map[string]string{
	"Integer": number, "Float": number, "Number": number, "Int8": number, "Int16": number, "Int32": number, "Int64": number, "UInt8": number,
	"UInt16": number, "UInt32": number, "UInt64": number, "Float16": number, "Float32": number, "Float64": number,
	"Text": text, "URL": text, "Boolean": truth, "Date": moment, "DateTime": moment, "Time": moment,
}

// about finds what the description says of a file: by its digest, else by its name.
func (c croissant) about(file, digest string) (croissantFile, bool) {
	for _, f := range c.files {
		if f.sha256 != "" && "sha256:"+f.sha256 == digest {
			return f, true
		}
	}
	for _, f := range c.files {
		if path.Base(f.name) == path.Base(file) {
			return f, true
		}
	}
	return croissantFile{}, false
}

func conforms(s string) bool {
	s = strings.TrimPrefix(strings.TrimPrefix(s, "https://"), "http://")
	return s == "mlcommons.org/croissant/1.0" || s == "mlcommons.org/croissant/1.1"
}

// get is the value under a word, however it is prefixed.
func get(o map[string]any, word string) any {
	if v, ok := o[word]; ok {
		return v
	}
	for k, v := range o {
		if local(k) == word {
			return v
		}
	}
	return nil
}

func local(s string) string { return s[strings.LastIndexAny(s, ":/#")+1:] }

// strs are the texts of a value that is one text, a reference, or a list of such.
func strs(v any) (out []string) {
	switch v := v.(type) {
	case string:
		out = append(out, v)
	case map[string]any:
		out = append(out, strs(v["@id"])...)
		out = append(out, strs(v["@value"])...)
	case []any:
		for _, e := range v {
			if _, nested := e.([]any); !nested {
				out = append(out, strs(e)...)
			}
		}
	}
	return out
}

func words(v any) (out []string) {
	for _, s := range strs(v) {
		out = append(out, local(s))
	}
	return out
}

func first(v any) string {
	if all := strs(v); len(all) > 0 {
		return all[0]
	}
	return ""
}

func id(o map[string]any) string { return first(o["@id"]) }

func ref(v any) string { return first(v) }

func objects(v any) (out []map[string]any) {
	switch v := v.(type) {
	case map[string]any:
		out = append(out, v)
	case []any:
		for _, e := range v {
			if o, ok := e.(map[string]any); ok {
				out = append(out, o)
			}
		}
	}
	return out
}
