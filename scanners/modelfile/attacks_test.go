// SPDX-License-Identifier: Apache-2.0

package modelfile

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"hash/crc32"
	"io"
	"strings"
	"testing"
)

// The attacks below are made here, are inert (their command is "true"), and
// are never loaded by the library that they attack.

type attack struct {
	name string
	data []byte
}

func uni(s string) string {
	return "X" + le32(len(s)) + s
}

func le32(n int) string { return string(binary.LittleEndian.AppendUint32(nil, uint32(n))) }
func le64(n int) string { return string(binary.LittleEndian.AppendUint64(nil, uint64(n))) }

func short(s string) string { return "\x8c" + string(rune(len(s))) + s }

// global names something as the protocol does.
func global(proto int, module, name string) string {
	if proto >= 4 {
		return short(module) + short(name) + "\x93"
	}
	return "c" + module + "\n" + name + "\n"
}

func str(proto int, s string) string {
	if proto == 0 {
		return "V" + s + "\n"
	}
	return uni(s)
}

func proto(p int) string {
	if p < 2 {
		return ""
	}
	return "\x80" + string([]byte{byte(p)})
}

func tuple1(p int, v string) string {
	if p < 2 {
		return "(" + v + "t"
	}
	return v + "\x85"
}

// call is a stream that calls module.name("true").
func call(p int, module, name string) string {
	return proto(p) + global(p, module, name) + tuple1(p, str(p, "true")) + "R."
}

func framed(body string) string { return "\x80\x04\x95" + le64(len(body)) + body }

// pickleAttacks are streams that run something when they are loaded.
func pickleAttacks() []attack {
	var out []attack
	add := func(name, data string) { out = append(out, attack{name, []byte(data)}) }
	for p := 0; p <= 5; p++ {
		add(fmt.Sprintf("reduce-p%d", p), call(p, "posix", "system"))
		add(fmt.Sprintf("eval-p%d", p), call(p, map[bool]string{true: "__builtin__", false: "builtins"}[p < 3], "eval"))
	}
	system := "cposix\nsystem\n"
	add("hex-int-prefix", "I0x10\n0"+system+"(S'true'\ntR.")
	add("octal-long-prefix", "L0o17L\n0"+system+"(S'true'\ntR.")
	add("desync-six", strings.Repeat("I0x10\n.", 6)+call(2, "posix", "system"))
	add("memo-indirection", "\x80\x02"+system+"q\x010h\x01X\x04\x00\x00\x00true\x85R.")
	add("memo-spelling", system+"p 1\n0g+1\n(S'true'\ntR.")
	add("stack-global-get", "\x80\x04"+short("posix")+"\x940"+short("system")+"\x940h\x00h\x01\x93"+short("true")+"\x85R.")
	add("popped-obj", "\x80\x02("+system+"X\x04\x00\x00\x00trueo0N.")
	add("popped-reduce", "\x80\x02"+system+"X\x04\x00\x00\x00true\x85R0}.")
	add("inst", "(S'true'\niposix\nsystem\n.")
	add("obj", "("+system+"S'true'\no.")
	add("newobj", "\x80\x02csubprocess\nPopen\n"+uni("true")+"\x85\x81.")
	add("newobj-ex", "\x80\x04"+short("subprocess")+short("Popen")+"\x93"+short("true")+"\x85}\x92.")
	add("dotted", "\x80\x04"+short("pathlib")+short("os.system")+"\x93"+short("true")+"\x85R.")
	add("dotted-torch", "\x80\x04"+short("torch.serialization")+short("os.system")+"\x93"+short("true")+"\x85R.")
	add("subclasses", "\x80\x04"+short("builtins")+short("print.__class__.__base__.__subclasses__")+"\x93)R.")
	add("build-builtins", string(must(hex.DecodeString("80049566000000000000008c056e756d70798c0473697a659394948c056e756d70798c0c5f5f6275696c74696e735f5f93949468017d7d8c0573686170656803738662680168018c046576616c86528c04747275652e2985522e"))))
	add("build-on-function", "\x80\x02cnumpy\nlog1p\n}"+uni("a")+"Nsb.")
	add("ext1", "\x80\x02\x82\x01)R.")
	add("ext4", "\x80\x02\x84\x01\x00\x01\x00)R.")
	add("dynamic-import", "\x80\x04"+short("builtins")+short("str")+"\x93"+short("posix")+"\x85R"+short("system")+"\x93"+short("true")+"\x85R.")
	add("call-of-result", "\x80\x04"+short("some.lib")+short("factory")+"\x93)R)R.")
	add("unknown-call", call(2, "some.library", "make"))
	add("partial", "\x80\x02cfunctools\npartial\n"+system+"\x85R.")
	add("defaultdict", "\x80\x02ccollections\ndefaultdict\n"+system+"\x85R.")
	add("ufunc", "\x80\x02cnumpy.core\n_ufunc_reconstruct\n"+uni("posix")+uni("system")+"\x86R.")
	add("codec", "\x80\x02c_codecs\nencode\n"+uni("true")+uni("evil_codec")+"\x86R.")
	add("getattr", "\x80\x02cbuiltins\ngetattr\n"+system+uni("__call__")+"\x86R.")
	add("getattr-call", "\x80\x02cbuiltins\ngetattr\n(cpandas\nDataFrame\n"+uni("eval")+"tR"+uni("true")+"\x85R.")
	add("getattr-build", "\x80\x02cbuiltins\ngetattr\n(cpandas\nDataFrame\n"+uni("eval")+"tR}"+uni("a")+"Nsb.")
	add("getattr-chain", "\x80\x02cbuiltins\ngetattr\n(cbuiltins\ngetattr\n(cpandas\nDataFrame\n"+uni("eval")+"tR"+uni("b")+"tR.")
	add("setstate-partial", "\x80\x02cfunctools\npartial\ncnumpy\nlog1p\n\x85R("+system+")}NtN\x86b.")
	add("resolve-name", call(4, "pkgutil", "resolve_name"))
	add("attrgetter", call(3, "operator", "attrgetter"))
	add("methodcaller", call(3, "operator", "methodcaller"))
	add("pip-main", call(2, "pip", "main"))
	add("ssl", call(2, "ssl", "get_server_certificate"))
	add("collect-env", call(4, "torch.utils.collect_env", "run"))
	add("spawnv", call(4, "multiprocessing.util", "spawnv_passfds"))
	add("mlflow", call(4, "mlflow.projects.backend.local", "_run_entry_point"))
	add("read-csv", call(4, "pandas.io.parsers.readers", "read_csv"))
	add("tensor-setitem", "\x80\x02ctorch._utils\n_rebuild_tensor_v2\n)RK\x00K\x01s.")
	add("scanner-tamper", "\x80\x02cpicklescan.scanner\n_unsafe_globals\n.")
	add("py2-commands", call(0, "commands", "getoutput"))
	add("write-text", call(4, "pathlib", "Path.write_text"))
	inner := call(2, "posix", "system")
	padded := inner[:len(inner)-1] + strings.Repeat("N0", 12) + "."
	add("nested-bytes", "\x80\x03B"+le32(len(padded))+padded+".")
	add("nested-dill", "\x80\x03ctorch.storage\n_load_from_bytes\nB"+le32(len(padded))+padded+"\x85R.")
	add("nested-base64", "\x80\x02"+uni(base64.StdEncoding.EncodeToString([]byte(padded)))+".")
	add("nested-hex", "\x80\x02"+uni(hex.EncodeToString([]byte(padded)))+".")
	add("nested-zlib", "\x80\x03B"+le32(len(deflated(padded)))+deflated(padded)+".")
	add("nested-base64-zlib", "\x80\x02"+uni(base64.StdEncoding.EncodeToString([]byte(deflated(padded))))+".")
	long := padded[:len(padded)-1] + strings.Repeat("N0", 4000) + "."
	add("nested-long", "\x80\x03B"+le32(len(long))+long+".")
	add("nested-codecs", "\x80\x02c_codecs\nencode\n"+uni(padded[2:])+uni("latin1")+"\x86R.")
	add("proto-6", "\x80\x06"+inner[2:])
	add("proto-255", "\x80\xff"+inner[2:])
	add("after-stop", "N."+inner)
	add("after-garbage", "N.\xff\xff\xff"+inner)
	add("error-after-call", inner[:len(inner)-1]+"\xff")
	add("no-stop", inner[:len(inner)-1])
	add("joblib-raw", joblibRaw(inner[2:]))
	add("frame-straddle", straddle())
	add("legacy-magic-eval", call(2, "builtins", "eval")[:]+call(2, "posix", "system"))
	return out
}

// joblibRaw hides opcodes in what joblib takes for the elements of an array.
func joblibRaw(code string) string {
	dtype := "cnumpy\ndtype\n" + uni("u1") + "\x85R"
	state := "}(" + uni("shape") + "K\x40\x85" + uni("dtype") + dtype + uni("order") + uni("C") + "u"
	raw := (code + strings.Repeat("N", 64))[:64]
	return "\x80\x02cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81" + state + "b" + raw + "."
}

// straddle is a frame that ends inside an operand. load(file) reads the whole
// operand behind the frame and runs what follows; loads reads the operand in
// place, and the same bytes are then a second operand.
func straddle() string {
	hidden := "0cposix\nsystem\n(S'true'\ntR."
	n := 40
	frame := "\x80\x04\x95" + le64(4) + "U" + string(rune(n)) + "ab"
	behind := strings.Repeat("N", n-2) + "U" + string(rune(len(hidden)))
	return frame + behind + hidden + "."
}

func deflated(s string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	w.Write([]byte(s))
	w.Close()
	return b.String()
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

// wrappings are the ways in which a stream may lie in a file.
func wrappings(payload []byte) []attack {
	out := []attack{
		{"gzip", gzipped(payload)}, {"zlib", []byte(deflated(string(payload)))}, {"tar", tarred("archive/data.pkl", payload)},
		{"zip", zipped("archive/data.pkl", payload, nil)}, {"zip-odd-extension", zipped("archive/data/config.p", payload, nil)},
		{"zip-storage-name", zipped("archive/data/0", payload, nil)}, {"zip-deflate", zipDeflated("archive/data.pkl", payload)},
		{"zip-encrypted-flag", zipped("archive/data.pkl", payload, func(h *rawZip) { h.flags = 1 })},
		{"zip-flag-20", zipped("archive/data.pkl", payload, func(h *rawZip) { h.flags = 0x20 })},
		{"zip-flag-40", zipped("archive/data.pkl", payload, func(h *rawZip) { h.centralFlags = 0x40 })},
		{"zip-bad-crc", zipped("archive/data.pkl", payload, func(h *rawZip) { h.crc++ })},
		{"zip-name-mismatch", zipped("archive/data.pkl", payload, func(h *rawZip) { h.localName = "archive/data.txt" })},
		{"zip-hidden", zipped("archive/data.pkl", payload, func(h *rawZip) { h.noEntry = true })},
		{"zip-prefix", append([]byte("GIF89a, or so it says"), zipped("archive/data.pkl", payload, nil)...)},
		{"zip-in-zip", zipped("inner.bin", zipped("archive/data.pkl", payload, nil), nil)},
		{"gzip-in-gzip", gzipped(gzipped(payload))},
	}
	return out
}

func newZip(w io.Writer) *zip.Writer { return zip.NewWriter(w) }

func gzipped(b []byte) []byte {
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	w.Write(b)
	w.Close()
	return out.Bytes()
}

func tarred(name string, b []byte) []byte {
	var out bytes.Buffer
	w := tar.NewWriter(&out)
	w.WriteHeader(&tar.Header{Name: name, Size: int64(len(b)), Mode: 0o600})
	w.Write(b)
	w.Close()
	return out.Bytes()
}

func zipDeflated(name string, b []byte) []byte {
	var out bytes.Buffer
	w := zip.NewWriter(&out)
	f := must(w.Create(name))
	f.Write(b)
	w.Close()
	return out.Bytes()
}

// rawZip is a stored member whose two headers may disagree.
type rawZip struct {
	flags, centralFlags uint16
	crc                 uint32
	localName           string
	noEntry             bool
}

func zipped(name string, b []byte, change func(*rawZip)) []byte {
	h := rawZip{crc: crc32.ChecksumIEEE(b), localName: name}
	if change != nil {
		change(&h)
	}
	le := binary.LittleEndian
	common := func(flags uint16, name string) []byte {
		var x []byte
		x = le.AppendUint16(x, 20)
		x = le.AppendUint16(x, flags)
		x = append(x, 0, 0, 0, 0, 0, 0)
		x = le.AppendUint32(x, h.crc)
		x = le.AppendUint32(x, uint32(len(b)))
		x = le.AppendUint32(x, uint32(len(b)))
		x = le.AppendUint16(x, uint16(len(name)))
		return append(x, 0, 0)
	}
	out := append([]byte("PK\x03\x04"), common(h.flags, h.localName)...)
	out = append(append(out, h.localName...), b...)
	start := len(out)
	if !h.noEntry {
		out = append(out, "PK\x01\x02\x14\x00"...)
		out = append(append(out, common(h.flags|h.centralFlags, name)...), make([]byte, 14)...)
		out = append(out, name...)
	}
	end := []byte("PK\x05\x06\x00\x00\x00\x00")
	n := uint16(1)
	if h.noEntry {
		n = 0
	}
	end = le.AppendUint16(le.AppendUint16(end, n), n)
	end = le.AppendUint32(end, uint32(len(out)-start))
	end = le.AppendUint32(end, uint32(start))
	return append(append(out, end...), 0, 0)
}

func scanBytes(t testing.TB, name string, b []byte) ([]string, bool, int) {
	t.Helper()
	s, err := Scanner{}.ScanFile(t.Context(), name, bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	blocked := false
	for _, f := range s.Findings {
		found = append(found, f.Severity+" "+f.ID+" "+f.What)
		blocked = blocked || f.Severity == block
	}
	return found, blocked, len(s.Coverage.Skipped)
}

// Whatever a pickle runs when it is loaded is blocked.
func TestAttacksAreBlocked(t *testing.T) {
	for _, a := range pickleAttacks() {
		if found, blocked, _ := scanBytes(t, a.name+".pkl", a.data); !blocked {
			t.Errorf("%s is not blocked: %q", a.name, found)
		}
	}
}

// The verdict never drops, however the stream is wrapped and the file is named.
func TestVerdictNeverDrops(t *testing.T) {
	for _, a := range pickleAttacks() {
		for _, ext := range []string{".bin", ".txt", ".safetensors", ".onnx", ".weird", ""} {
			if found, blocked, _ := scanBytes(t, a.name+ext, a.data); !blocked {
				t.Errorf("%s renamed to %q is not blocked: %q", a.name, ext, found)
			}
		}
		for _, w := range wrappings(a.data) {
			if found, blocked, _ := scanBytes(t, a.name+".bin", w.data); !blocked {
				t.Errorf("%s in %s is not blocked: %q", a.name, w.name, found)
			}
		}
	}
}
