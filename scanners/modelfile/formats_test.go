// SPDX-License-Identifier: Apache-2.0

package modelfile

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
)

// pb writes a length-delimited protobuf field.
func pb(num int, s string) string {
	return string(binary.AppendUvarint(nil, uint64(num<<3|2))) + string(binary.AppendUvarint(nil, uint64(len(s)))) + s
}

func pbInt(num int, v uint64) string {
	return string(binary.AppendUvarint(nil, uint64(num<<3))) + string(binary.AppendUvarint(nil, v))
}

func onnxModelOf(graph string) string {
	return pbInt(1, 9) + pb(7, graph) + pb(8, pb(1, "")+pbInt(2, 20))
}

func onnxExternal(location string) string {
	return onnxModelOf(pb(5, pbInt(1, 4)+pbInt(2, 1)+pb(13, pb(1, "location")+pb(2, location))+pbInt(14, 1)))
}

func safetensorsOf(header, data string) string { return le64(len(header)) + header + data }

// ggufOf has one string key and one tensor of 4 floats.
func ggufOf(key, val string, off int) string {
	s := "GGUF" + le32(3) + le64(1) + le64(1)
	s += le64(len(key)) + key + le32(8) + le64(len(val)) + val
	s += le64(1) + "t" + le32(1) + le64(4) + le32(0) + le64(off)
	s += strings.Repeat("\x00", (32-len(s)%32)%32)
	return s + strings.Repeat("\x00", 32)
}

func template(s string) string { return ggufOf("tokenizer.chat_template", s, 0) }

func kerasOf(config string) string {
	var files []string
	files = append(files, "metadata.json", "{}", "config.json", config)
	return zipOf(files...)
}

func zipOf(files ...string) string {
	var b strings.Builder
	w := newZip(&b)
	for i := 0; i < len(files); i += 2 {
		f := must(w.Create(files[i]))
		f.Write([]byte(files[i+1]))
	}
	w.Close()
	return b.String()
}

func npyOf(header, data string) string {
	h := header + "\n"
	return "\x93NUMPY\x01\x00" + string(binary.LittleEndian.AppendUint16(nil, uint16(len(h)))) + h + data
}

const floatHeader = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }"

// Each row is a file and the finding that it must give; "" means a clean read.
func TestFormats(t *testing.T) {
	xgb, err := os.ReadFile(filepath.Join("testdata", "benign", "xgboost.json"))
	if err != nil {
		t.Fatal(err)
	}
	w := `{"dtype":"F32","shape":[2],"data_offsets":[0,8]}`
	rows := []struct{ file, content, id, severity string }{
		{"a.safetensors", safetensorsOf(`{"w":`+w+`}  `, "12345678"), "", ""},
		{"a.safetensors", safetensorsOf(`{"w":`+w+`,"w":`+w+`}`, "12345678"), "safetensors/parse-error", warn},
		{"a.safetensors", safetensorsOf(`{"w":`+w+`}`, "123456789"), "safetensors/parse-error", warn},
		{"a.safetensors", safetensorsOf(`{"w":{"dtype":"F32","shape":[3],"data_offsets":[0,8]}}`, "12345678"), "safetensors/parse-error", warn},
		{"a.safetensors", safetensorsOf(`{"w":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}}`, "12345678"), "safetensors/parse-error", warn},
		{"a.safetensors", safetensorsOf(`{"w":{"dtype":"F32","shape":[4611686018427387904,4],"data_offsets":[0,8]}}`, "12345678"), "safetensors/parse-error", warn},
		{"a.safetensors", safetensorsOf(`{"w":`+w+`}`, "12345678") + zipOf("data.pkl", call(2, "posix", "system")), "pickle/unsafe-call", block},
		{"a.gguf", template("{% for m in messages %}{{ m['content'] | trim }}{% endfor %}"), "", ""},
		{"a.gguf", template("{{ ''.__class__.__mro__ }}"), "jinja/unsafe-attribute", block},
		{"a.gguf", template("{{ ''['__class__'] }}"), "jinja/unsafe-attribute", block},
		{"a.gguf", template("{{ x|attr('__init__') }}"), "jinja/unsafe-attribute", block},
		{"a.gguf", template("{{ x|attr('__in' ~ y) }}"), "jinja/unsafe-attribute", block},
		{"a.gguf", template("{{ x|attr(y) }}"), "jinja/computed-attribute", block},
		{"a.gguf", template("{{ lipsum.x }}"), "jinja/unsafe-attribute", block},
		{"a.gguf", template("{{ x['\\x5f'] }}"), "jinja/unsafe-attribute", block},
		{"a.gguf", template("{{ x "), "jinja/parse-error", warn},
		{"a.gguf", ggufOf("k", "v", 64), "gguf/parse-error", warn},
		{"a.gguf", ggufOf("k", "v", 3), "gguf/parse-error", warn},
		{"a.onnx", onnxModelOf(pb(1, pb(4, "Relu"))), "", ""},
		{"a.onnx", onnxModelOf(pb(1, pb(4, "PyOp"))), "onnx/python-op", block},
		{"a.onnx", onnxModelOf(pb(1, pb(4, "If")+pb(5, pb(6, pb(1, pb(4, "PyOp")))))), "onnx/python-op", block},
		{"a.onnx", onnxModelOf(pb(1, pb(4, "X")+pb(7, "evil"))), "onnx/custom-domain", warn},
		{"a.onnx", onnxExternal("../../etc/passwd"), "onnx/external-path", block},
		{"a.onnx", onnxExternal("a/../../x"), "onnx/external-path", block},
		{"a.onnx", onnxExternal("/etc/passwd"), "onnx/external-path", block},
		{"a.onnx", onnxExternal("C:\\x"), "onnx/external-path", block},
		{"a.onnx", onnxExternal("gone.bin"), "onnx/external-missing", warn},
		{"a.onnx", onnxModelOf(pb(5, pbInt(1, 1<<40)+pbInt(1, 1<<40)+pbInt(2, 1))), "onnx/shape-overflow", warn},
		{"a.onnx", onnxModelOf(pb(5, pbInt(1, 4)+pbInt(2, 1)+pb(9, "1234"))), "onnx/raw-size", warn},
		{"a.onnx", onnxModelOf("") + pb(25, pb(1, "f")+pb(7, pb(4, "f")+pb(7, "d"))+pb(10, "d")), "onnx/function-cycle", block},
		{"a.keras", kerasOf(`{"module": "keras", "class_name": "Sequential", "config": {"layers": []}, "registered_name": null}`), "", ""},
		{"a.keras", kerasOf(`{"module": "keras.layers", "class_name": "Lambda", "config": {}}`), "keras/unsafe-layer", block},
		{"a.keras", kerasOf(`{"module": "os", "class_name": "system", "config": {}}`), "keras/foreign-module", block},
		{"a.keras", kerasOf(`{"class_name": "X", "config": {"function": ["4wEA", null, null]}}`), "keras/lambda-code", block},
		{"saved_model.pb", pbInt(1, 1) + pb(2, pb(2, pb(1, pb(1, "n")+pb(2, "MatMul")))), "", ""},
		{"saved_model.pb", pbInt(1, 1) + pb(2, pb(2, pb(1, pb(1, "n")+pb(2, "WriteFile")))), "tensorflow/unsafe-op", block},
		{"saved_model.pb", pbInt(1, 1) + pb(2, pb(2, pb(2, pb(1, pb(3, pb(1, "n")+pb(2, "EagerPyFunc")))))), "tensorflow/unsafe-op", block},
		{"a.npy", npyOf(floatHeader, "12345678"), "", ""},
		{"a.npy", npyOf(floatHeader, "1234567"), "npy/parse-error", warn},
		{"a.npy", npyOf(floatHeader, "123456789"), "npy/trailing-bytes", warn},
		{"a.npy", npyOf("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", call(3, "posix", "system")), "pickle/unsafe-call", block},
		{"a.npy", npyOf("{'descr': [('a', '|O')], 'fortran_order': False, 'shape': (1,), }", call(3, "posix", "system")), "pickle/unsafe-call", block},
		{"a.npz", zipOf("x.npy", npyOf("{'descr': '|O', 'fortran_order': False, 'shape': (1,), }", call(3, "posix", "system"))), "pickle/unsafe-call", block},
		{"a.json", strings.Replace(string(xgb), `"left_children":[1,`, `"left_children":[99999,`, 1), "xgboost/bad-tree", warn},
		{"a.json", strings.Replace(string(xgb), `"left_children":[1,`, `"left_children":[0,`, 1), "xgboost/bad-tree", warn},
		{"config.json", `{"auto_map": {"AutoModel": "modeling.X"}}`, "json/remote-code", warn},
		{"tokenizer_config.json", `{"chat_template": "{{ cycler.__init__ }}"}`, "jinja/unsafe-attribute", block},
		{"model_config.json", `{"encoder": {"_target_": "subprocess.run"}}`, "hydra/target", block},
		{"lib.bin", "\x7fELF\x02\x01\x01" + strings.Repeat("\x00", 60), "modelfile/executable", block},
		{"w.h5", "\x89HDF\r\n\x1a\n\x00" + strings.Repeat("\x00", 100) + `{"class_name": "Lambda"}`, "hdf5/unsafe-layer", block},
		{"a.zip", zipOf("../../x.txt", "a"), "modelfile/path-escape", block},
		{"chat_template.jinja", "{% for m in messages %}{{ m.content }}{% endfor %}", "", ""},
		{"chat_template.jinja", "{{ ''.__class__ }}", "jinja/unsafe-attribute", block},
		{"p.pt", zipOf("p/.data/version", "6", "p/mod.py", "import subprocess\n"), "torch/package-code", block},
	}
	for i, r := range rows {
		kind := "weight"
		s := scanFiles(t, map[string]string{r.file: r.content}, kind)
		name := fmt.Sprintf("row %d: %s wants %q", i, r.file, r.id)
		if r.id == "" && (len(s.Findings)+len(s.Coverage.Skipped) > 0) {
			t.Errorf("%s: %s", name, brief(s))
		}
		if r.id != "" && !hasFinding(s, r.id, r.severity) {
			t.Errorf("%s: %s", name, brief(s))
		}
		if strings.HasSuffix(r.id, "parse-error") && len(s.Coverage.Skipped) == 0 {
			t.Errorf("%s: not skipped", name)
		}
	}
}

func brief(s modelvet.Scan) string {
	var b strings.Builder
	for _, f := range s.Findings {
		fmt.Fprintf(&b, "[%s %s %s] ", f.Severity, f.ID, f.What)
	}
	return b.String() + fmt.Sprint(s.Coverage.Skipped)
}

// torch's own archive is read to the end; a storage of another length than
// the pickle says is damage.
func TestTorchArchives(t *testing.T) {
	pkl := "\x80\x02ctorch._utils\n_rebuild_tensor_v2\n((" + uni("storage") + "ctorch\nFloatStorage\n" + uni("0") + uni("cpu") + "K\x02tQK\x00K\x02\x85K\x01\x85\x89ccollections\nOrderedDict\n)RtR."
	good := zipOf("m/data.pkl", pkl, "m/version", "3\n", "m/data/0", "\x00\x00\x80\x3f\xff\xff\xff\xff")
	s := scanFiles(t, map[string]string{"m.pt": good}, "weight")
	if len(s.Coverage.Skipped) != 0 || len(s.Findings) != 1 || s.Findings[0].ID != "pickle/format" {
		t.Error(brief(s))
	}
	short := zipOf("m/data.pkl", pkl, "m/version", "3\n", "m/data/0", "\xff\xff\x80\x3f")
	if s := scanFiles(t, map[string]string{"m.pt": short}, "weight"); !hasFinding(s, "torch/storage-size", warn) || len(s.Coverage.Skipped) == 0 {
		t.Error(brief(s))
	}
	legacy := "\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19." + "\x80\x02M\xe9\x03." + "\x80\x02}." + pkl + "\x80\x02]" + uni("0") + "a." + le64(2) + "\x00\x00\x80\x3f\xff\xff\xff\xff"
	s = scanFiles(t, map[string]string{"m.bin": legacy}, "weight")
	if len(s.Coverage.Skipped) != 0 || len(s.Findings) != 1 {
		t.Error(brief(s))
	}
	if s := scanFiles(t, map[string]string{"m.bin": legacy[:len(legacy)-3]}, "weight"); len(s.Coverage.Skipped) == 0 {
		t.Error("a cut legacy file is silently clean: " + brief(s))
	}
}

// YAML that makes Python objects, or names what is to be called.
func TestYAML(t *testing.T) {
	s := scanFiles(t, map[string]string{"a.yaml": "a: !!python/object/apply:os.system ['true']\n", "b.yml": "_target_: nemo.x.Y\n", "c.yml": "x:\n  _target_: subprocess.run\n"}, "config")
	if !hasFinding(s, "yaml/python-tag", block) || !hasFinding(s, "hydra/target", block) || len(s.Findings) != 2 {
		t.Error(brief(s))
	}
}

// A stream that load and loads read differently is blocked, and what load
// would run is named.
func TestTheStraddledFrameIsReadBothWays(t *testing.T) {
	s := scanFiles(t, map[string]string{"a.pkl": straddle()}, "weight")
	if !hasFinding(s, "pickle/frame-straddle", block) || !hasFinding(s, "pickle/unsafe-call", block) {
		t.Error(brief(s))
	}
}
