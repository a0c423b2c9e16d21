// SPDX-License-Identifier: Apache-2.0

package modelfile

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// fuzz scans whatever comes under one name: it must end, in time, and must not
// be silently clean when the last byte is gone and it was read before.
func fuzz(f *testing.F, name string, seeds ...string) {
	for _, s := range seeds {
		f.Add([]byte(s))
	}
	files, _ := filepath.Glob(filepath.Join("testdata", "benign", "*"+filepath.Ext(name)))
	for _, file := range files {
		if b, err := os.ReadFile(file); err == nil && len(b) < 4<<10 {
			f.Add(b)
		}
	}
	small := Scanner{Budget{Inflate: 1 << 20, Members: 100, Search: 64 << 10}}
	f.Fuzz(func(t *testing.T, b []byte) {
		ctx, stop := context.WithTimeout(context.Background(), 20*time.Second)
		defer stop()
		s, err := small.ScanFile(ctx, name, bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatalf("a file of %d bytes: %v", len(b), err)
		}
		if len(s.Coverage.Read)+len(s.Coverage.Skipped) == 0 {
			t.Fatal("neither read nor skipped")
		}
	})
}

func FuzzPickle(f *testing.F) {
	var seeds []string
	for _, a := range pickleAttacks() {
		seeds = append(seeds, string(a.data))
	}
	fuzz(f, "a.pkl", seeds...)
}

func FuzzZip(f *testing.F) {
	var seeds []string
	for _, w := range wrappings([]byte(call(2, "posix", "system"))) {
		seeds = append(seeds, string(w.data))
	}
	fuzz(f, "a.npz", seeds...)
}

func FuzzSafetensors(f *testing.F) {
	fuzz(f, "a.safetensors", safetensorsOf(`{"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}`, "12345678"))
}

func FuzzGGUF(f *testing.F) {
	fuzz(f, "a.gguf", ggufOf("k", "v", 0), template("{{ x.y['z'] ~ '__' | attr('a') }}"))
}

func FuzzONNX(f *testing.F) {
	fuzz(f, "a.onnx", onnxModelOf(pb(1, pb(4, "If")+pb(5, pb(6, pb(1, pb(4, "Relu")))))), onnxExternal("../x"))
}

func FuzzNPY(f *testing.F) { fuzz(f, "a.npy", npyOf(floatHeader, "12345678")) }
func FuzzJSON(f *testing.F) {
	fuzz(f, "a.json", `{"learner":{"a":[1,2.5e-3,"x\u0041"]},"version":[1]}`)
}
func FuzzUBJSON(f *testing.F) { fuzz(f, "a.ubj", "{i\x07learner{}i\x07version[$U#i\x02\x01\x02}") }
func FuzzLightGBM(f *testing.F) {
	fuzz(f, "a.txt", "tree\nversion=v4\ntree_sizes=7\n\nTree=0\nend of trees\n")
}

func FuzzHDF5(f *testing.F) {
	fuzz(f, "a.h5", "\x89HDF\r\n\x1a\n\x00")
}

func FuzzSavedModel(f *testing.F) {
	fuzz(f, "a.pb", pbInt(1, 1)+pb(2, pb(2, pb(1, pb(1, "n")+pb(2, "MatMul")))))
}
