// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"fmt"
	"path"
	"strings"

	"github.com/modelvet/modelvet"
)

// The kinds of a file, after the layer types of the ModelPack specification.
const (
	KindWeight  = "weight"
	KindConfig  = "config" // weight.config in the specification
	KindDoc     = "doc"
	KindCode    = "code"
	KindDataset = "dataset"
)

// extensions says what a file is when nobody declared it. What is not in here
// is code: the kind of which a reader expects the least good.
var extensions = byExtension()

func byExtension() map[string]string {
	all := map[string]string{}
	for kind, list := range map[string]string{
		KindWeight: ".safetensors .gguf .ggml .onnx .pt .pth .bin .ckpt .h5 .hdf5 .keras .pkl .pickle .joblib .dill .skops .model " +
			".ubj .bst .cbm .tflite .pb .mlmodel .mlpackage .npz .npy .msgpack .dduf .engine .plan .pmml .pte .weights .params .pdparams .t7 .nemo .mar .llamafile",
		KindDataset: ".csv .tsv .parquet .jsonl .ndjson .arrow .feather .orc .avro .libsvm",
		KindDoc:     ".md .txt .rst .pdf .html .htm .adoc .docx .odt .png .jpg .jpeg .svg .gif",
		KindConfig:  ".json .yaml .yml .toml .ini .cfg .conf .xml .jinja .tmpl .vocab .spm .tiktoken .properties",
	} {
		for ext := range strings.FieldsSeq(list) {
			all[ext] = kind
		}
	}
	return all
}

// names are files whose name says more than their extension.
var names = map[string]string{
	"license": KindDoc, "licence": KindDoc, "notice": KindDoc, "readme": KindDoc, "copying": KindDoc, "authors": KindDoc, "changelog": KindDoc,
	"vocab.txt": KindConfig, "merges.txt": KindConfig, "requirements.txt": KindCode, "constraints.txt": KindCode,
}

func kindByName(p string) string {
	base := strings.ToLower(path.Base(p))
	if kind, ok := names[base]; ok {
		return kind
	}
	if kind, ok := extensions[path.Ext(base)]; ok {
		return kind
	}
	return KindCode
}

// classifier answers what a file is: first as declared, then by its name.
type classifier struct {
	rules []declared
	names []string // the patterns of model.files, as written
}

type declared struct {
	glob
	kind  string
	field string // of modelvet.yaml
	must  bool
	hit   bool
}

func newClassifier(sys modelvet.System) (*classifier, error) {
	c := &classifier{}
	for i, p := range sys.Model.Files {
		if err := c.add(p, KindWeight, fmt.Sprintf("model.files[%d]", i)); err != nil {
			return nil, err
		}
		c.rules[len(c.rules)-1].must = true
	}
	for i, t := range sys.Tables {
		if t.SQL != nil { // not in the folder
			continue
		}
		if err := c.add(t.Path, KindDataset, fmt.Sprintf("tables[%d].path", i)); err != nil {
			return nil, err
		}
	}
	for i, d := range sys.Documents {
		if err := c.add(d.Path, KindDoc, fmt.Sprintf("documents[%d].path", i)); err != nil {
			return nil, err
		}
	}
	return c, nil
}

func (c *classifier) add(pattern, kind, field string) error {
	if pattern == "" {
		return fmt.Errorf("reading modelvet.yaml field %s: the path is empty", field)
	}
	g, err := parseGlob(pattern)
	if err != nil {
		return fmt.Errorf("reading modelvet.yaml field %s: %w", field, err)
	}
	c.rules = append(c.rules, declared{glob: g, kind: kind, field: field})
	c.names = append(c.names, pattern)
	return nil
}

func (c *classifier) kind(p string) string {
	found := ""
	for i := range c.rules {
		if c.rules[i].match(p) {
			c.rules[i].hit = true
			if found == "" {
				found = c.rules[i].kind
			}
		}
	}
	if found == "" {
		found = kindByName(p)
	}
	return found
}

// check fails for weights that are declared and not there. Tables and
// documents that are not there are for the scanners to report.
func (c *classifier) check() error {
	for i, r := range c.rules {
		if r.must && !r.hit {
			return fmt.Errorf("reading modelvet.yaml field %s: %q matches no file in the model's folder; correct the pattern, or %s if that hides the file", r.field, c.names[i], ignoreFile)
		}
	}
	return nil
}
