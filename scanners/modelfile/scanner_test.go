// SPDX-License-Identifier: Apache-2.0

package modelfile

import (
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"
	"time"

	"github.com/modelvet/modelvet"
)

// fakeFS serves bytes as files that can jump.
type fakeFS map[string][]byte

type fakeFile struct {
	fs.File
	*bytes.Reader
}

func (f fakeFile) Read(p []byte) (int, error) { return f.Reader.Read(p) }

func (f fakeFS) Open(name string) (fs.File, error) {
	m := fstest.MapFS{}
	b, ok := f[name]
	if ok {
		m[name] = &fstest.MapFile{Data: b}
	}
	file, err := m.Open(name)
	if err != nil {
		return nil, err
	}
	return fakeFile{file, bytes.NewReader(b)}, nil
}

func scanFiles(t *testing.T, files map[string]string, kind string) modelvet.Scan {
	t.Helper()
	m := modelvet.Model{}
	f := fakeFS{}
	for name, text := range files {
		f[name] = []byte(text)
		m.Files = append(m.Files, modelvet.File{Path: name, Kind: kind})
	}
	m.FS = f
	s, err := Scanner{}.Scan(t.Context(), m)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func hasFinding(s modelvet.Scan, id, severity string) bool {
	return slices.ContainsFunc(s.Findings, func(f modelvet.Finding) bool { return f.ID == id && f.Severity == severity })
}

// The demo's tampered model calls posix.system("true"): the finding that the
// contract of the command line promises.
func TestTheDemoPickle(t *testing.T) {
	s := scanFiles(t, map[string]string{"a.pkl": call(4, "posix", "system")}, "weight")
	i := slices.IndexFunc(s.Findings, func(f modelvet.Finding) bool { return f.ID == "pickle/unsafe-call" })
	if i < 0 || s.Findings[i].What != "posix.system" || s.Findings[i].Severity != "block" || s.Findings[i].Path != "a.pkl" || s.Findings[i].CWE[0] != "CWE-502" {
		t.Fatalf("%+v", s.Findings)
	}
	if !slices.Equal(s.Coverage.Read, []string{"a.pkl"}) {
		t.Errorf("read %v, skipped %v", s.Coverage.Read, s.Coverage.Skipped)
	}
	if m := s.Measurements[2]; m.Metric != "modelfile/unsafe_calls" || m.Value != 1 || m.N != 1 {
		t.Errorf("%+v", m)
	}
}

// Documents and code are read and are nothing to worry about; the same text
// where weights are expected is no known format.
func TestTextIsReadWhereTextBelongs(t *testing.T) {
	files := map[string]string{"README.md": "# A model\ncats\ndogs\n", "data.csv": "age,job\n1,a\n", "train.py": "import os\nos.system('true')\n", "c.json": `{"a": [1, 2.5e3, null]}`, "m.yaml": "a: 1\n"}
	s := scanFiles(t, files, "doc")
	if len(s.Findings) != 0 || len(s.Coverage.Skipped) != 0 || len(s.Coverage.Read) != len(files) {
		t.Errorf("%+v", s)
	}
	s = scanFiles(t, map[string]string{"weights.bin": "hello world"}, "weight")
	if !hasFinding(s, "modelfile/unknown-format", warn) || len(s.Coverage.Skipped) != 1 {
		t.Errorf("%+v", s)
	}
}

// What cannot be opened is written down, and nothing to scan is an error.
func TestMissingFilesAreGaps(t *testing.T) {
	m := modelvet.Model{FS: fakeFS{}, Files: []modelvet.File{{Path: "gone.pkl", Kind: "weight"}}}
	s, err := Scanner{}.Scan(t.Context(), m)
	if err != nil || len(s.Coverage.Skipped) != 1 || len(s.Coverage.Read) != 0 {
		t.Errorf("%+v %v", s, err)
	}
	if _, err := (Scanner{}).Scan(t.Context(), modelvet.Model{FS: fakeFS{}}); err == nil {
		t.Error("a model without files is scanned without an error")
	}
}

// The same files give the same bytes.
func TestScansAreDeterministic(t *testing.T) {
	files := map[string]string{}
	for _, a := range pickleAttacks() {
		files[a.name+".pkl"] = string(a.data)
	}
	first := must(json.Marshal(scanFiles(t, files, "weight")))
	for range 3 {
		if again := must(json.Marshal(scanFiles(t, files, "weight"))); !bytes.Equal(first, again) {
			t.Fatal("two scans of the same files differ")
		}
	}
}

// zeros is a sparse file of any length.
type zeros struct {
	head []byte
	size int64
}

func (z zeros) ReadAt(p []byte, off int64) (int, error) {
	n := int(min(int64(len(p)), z.size-off))
	if n <= 0 {
		return 0, io.EOF
	}
	clear(p[:n])
	if off < int64(len(z.head)) {
		copy(p[:n], z.head[off:])
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// A huge file costs its headers and the budget, not its length.
func TestHugeFilesDoNotHang(t *testing.T) {
	size := int64(5 << 30)
	header := `{"w":{"dtype":"U8","shape":[` + "5368709000" + `],"data_offsets":[0,5368709000]}}`
	st := zeros{head: []byte(le64(len(header)) + header), size: 8 + int64(len(header)) + 5368709000}
	for name, r := range map[string]zeros{"zeros.bin": {size: size}, "w.safetensors": st, "a.pkl": {head: []byte("\x80\x04N."), size: size}, "b.pkl": {head: []byte("\x80\x04\x8e" + le64(5<<30-100)), size: size}} {
		start := time.Now()
		s, err := Scanner{}.ScanFile(t.Context(), name, r, r.size)
		if err != nil {
			t.Fatal(err)
		}
		if d := time.Since(start); d > 10*time.Second {
			t.Errorf("%s took %v", name, d)
		}
		if clean := len(s.Coverage.Skipped) == 0; clean != (name == "w.safetensors") {
			t.Errorf("%s: %+v", name, s.Coverage)
		}
	}
}

// A pickle of a megabyte takes well under a tenth of a second.
func BenchmarkPickle(b *testing.B) {
	var p bytes.Buffer
	p.WriteString("\x80\x02]q\x00(")
	for p.Len() < 1<<20 {
		p.WriteString("K\x01X\x05\x00\x00\x00helloq\x01K\x02\x86G\x00\x00\x00\x00\x00\x00\x00\x00")
	}
	p.WriteString("e.")
	b.SetBytes(int64(p.Len()))
	for b.Loop() {
		scanBytes(b, "a.pkl", p.Bytes())
	}
}

func TestMain(m *testing.M) {
	if dir := os.Getenv("MODELVET_WRITE_CORPUS"); dir != "" {
		writeCorpus(dir)
	}
	os.Exit(m.Run())
}

// writeCorpus writes the inert attacks for the comparison with other scanners.
func writeCorpus(dir string) {
	write := func(name string, b []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			panic(err)
		}
	}
	for _, a := range pickleAttacks() {
		write(a.name+".pkl", a.data)
	}
	for _, w := range wrappings([]byte(call(2, "posix", "system"))) {
		write("wrapped-"+w.name+".pt", w.data)
	}
	write("desync-six.bin", []byte(pickleAttackNamed("desync-six")))
}

func pickleAttackNamed(name string) []byte {
	for _, a := range pickleAttacks() {
		if a.name == name {
			return a.data
		}
	}
	return nil
}
