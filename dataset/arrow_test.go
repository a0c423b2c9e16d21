// SPDX-License-Identifier: Apache-2.0

package dataset_test

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/dataset"
)

// arrowBytes writes batches of n rows each, in the file or the stream form.
func arrowBytes(t testing.TB, stream bool, batches, n int) []byte {
	t.Helper()
	dict := &arrow.DictionaryType{IndexType: arrow.PrimitiveTypes.Int8, ValueType: arrow.BinaryTypes.String}
	schema := arrow.NewSchema([]arrow.Field{{Name: "y", Type: arrow.PrimitiveTypes.Int64, Nullable: true}, {Name: "s", Type: arrow.PrimitiveTypes.Float32},
		{Name: "g", Type: dict}, {Name: "t", Type: &arrow.TimestampType{Unit: arrow.Millisecond}}, {Name: "e", Type: arrow.ListOf(arrow.PrimitiveTypes.Float32)},
		{Name: "b", Type: arrow.FixedWidthTypes.Boolean}, {Name: "d", Type: &arrow.Decimal128Type{Precision: 9, Scale: 2}}}, nil)
	var buf bytes.Buffer
	var w interface {
		Write(arrow.RecordBatch) error
		Close() error
	}
	w = ipc.NewWriter(&buf, ipc.WithSchema(schema))
	if !stream {
		f, err := ipc.NewFileWriter(&buf, ipc.WithSchema(schema), ipc.WithLZ4())
		if err != nil {
			t.Fatal(err)
		}
		w = f
	}
	r := array.NewRecordBuilder(memory.DefaultAllocator, schema)
	for b := range batches {
		for i := range n {
			row := b*n + i
			if row%5 == 4 {
				r.Field(0).AppendNull()
			} else {
				r.Field(0).(*array.Int64Builder).Append(int64(row % 2))
			}
			r.Field(1).(*array.Float32Builder).Append(float32(row) / 4)
			if err := r.Field(2).(*array.BinaryDictionaryBuilder).AppendString([]string{"a", "b", "c"}[row%3]); err != nil {
				t.Fatal(err)
			}
			r.Field(3).(*array.TimestampBuilder).Append(arrow.Timestamp(row) * 1000)
			l := r.Field(4).(*array.ListBuilder)
			l.Append(true)
			l.ValueBuilder().(*array.Float32Builder).AppendValues([]float32{1.5, float32(row)}, nil)
			r.Field(5).(*array.BooleanBuilder).Append(row%2 == 0)
			if err := r.Field(6).AppendValueFromString("12.34"); err != nil {
				t.Fatal(err)
			}
		}
		batch := r.NewRecordBatch()
		if err := w.Write(batch); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return buf.Bytes()
}

func TestArrowFilesAndStreams(t *testing.T) {
	for name, stream := range map[string]bool{"p.arrow": false, "p.feather": false, "p.arrows": true} {
		dir := t.TempDir()
		write(t, dir, name, string(arrowBytes(t, stream, 3, 1500))) // batches and the engine's vectors of 2048 do not fall together
		d := open(t, dir, modelvet.Table{Path: name, Label: "y", Score: "s"})
		if d.Rows() != 4500 {
			t.Errorf("%s: %d rows", name, d.Rows())
		}
		for q, want := range map[string]string{
			"SELECT concat_ws(' ', count(y), sum(y), sum(s), min(g), count(DISTINCT g), max(t)) FROM t": "3600 1800 2530687.5 a 3 1970-01-01 01:14:59",
			"SELECT concat_ws(' ', sum(e[1]), sum(e[2]), count(*) FILTER (WHERE b), max(d)) FROM t":     "6750.0 10122750.0 2250 12.34",
			"SELECT string_agg(" + d.Text("g") + ", '' ORDER BY s) FROM (FROM t LIMIT 7)":               "abcabca",
		} {
			if got := one(t, d, q); got != want {
				t.Errorf("%s: %s\n%q, want %q", name, q, got, want)
			}
		}
		lean, err := dataset.Open(t.Context(), dir, modelvet.Table{Path: name}, dataset.Lean("s", "g"))
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // every question reads the file again
			if got := one(t, lean, "SELECT concat_ws(' ', count(*), sum(s), max(g)) FROM t"); got != "4500 2530687.5 c" {
				t.Errorf("%s, lean: %q", name, got)
			}
		}
		lean.Close()
	}
}

func TestManyArrowFilesAreOneTable(t *testing.T) {
	dir := t.TempDir()
	write(t, dir, "1.arrow", string(arrowBytes(t, false, 1, 10)))
	write(t, dir, "2.arrow", string(arrowBytes(t, false, 2, 10)))
	if d := open(t, dir, modelvet.Table{Path: "*.arrow"}); d.Rows() != 30 {
		t.Errorf("%d rows", d.Rows())
	}
}

func TestBadArrowFilesAreRefused(t *testing.T) {
	file, stream := arrowBytes(t, false, 2, 100), arrowBytes(t, true, 2, 100)
	nested := func() []byte {
		schema := arrow.NewSchema([]arrow.Field{{Name: "x", Type: arrow.StructOf(arrow.Field{Name: "y", Type: arrow.PrimitiveTypes.Int64})}}, nil)
		var b bytes.Buffer
		if err := ipc.NewWriter(&b, ipc.WithSchema(schema)).Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}()
	nothing := func() []byte { // a column of the type null takes no bytes
		schema := arrow.NewSchema([]arrow.Field{{Name: "x", Type: arrow.Null}}, nil)
		var b bytes.Buffer
		w := ipc.NewWriter(&b, ipc.WithSchema(schema))
		if err := w.Write(array.NewRecordBatch(schema, []arrow.Array{array.NewNull(1 << 40)}, 1<<40)); err != nil {
			t.Fatal(err)
		}
		w.Close()
		return b.Bytes()
	}()
	for name, c := range map[string]struct {
		content []byte
		want    string
	}{
		"endless":       {nothing, "claims 1099511627776 rows"},
		"file cut":      {file[:len(file)/2], "a.arrow"},
		"footer cut":    {file[:len(file)-4], "a.arrow"},
		"stream cut":    {stream[:len(stream)-8], "cut short"},
		"stream halved": {stream[:len(stream)/2], "cut short"},
		"feather 1":     {[]byte("FEA1 and more"), "version 1 of Feather"},
		"text":          {[]byte("a,b\n1,2\n1,2\n"), "cut short, or is its format another"},
		"more after":    {append(bytes.Clone(stream), 0, 0, 0, 0), "after the end"},
		"tiny":          {[]byte("ARR"), "too short"},
		"no rows":       {arrowBytes(t, false, 0, 0), "has no rows"},
		"nested":        {nested, `column "x"`},
		"noise":         {append(bytes.Repeat([]byte{255, 255, 255, 127}, 50), 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0), "a.arrow"},
	} {
		dir := t.TempDir()
		write(t, dir, "a.arrow", string(c.content))
		d, err := dataset.Open(t.Context(), dir, modelvet.Table{Name: "p", Path: "a.arrow"})
		if err == nil {
			d.Close()
			t.Errorf("%s was taken", name)
			continue
		}
		t.Logf("%s: %v", name, err)
		if !strings.Contains(err.Error(), c.want) || strings.Contains(err.Error(), dir) || strings.Contains(err.Error(), "\n") {
			t.Errorf("%s: %v; want %q", name, err, c.want)
		}
	}
}

// A byte changed anywhere is an error or another number, never a crash: the
// library itself asks for more memory than there is. Every 41st byte here, all
// of them in the fuzz target.
func TestArrowFilesWithOneByteChanged(t *testing.T) {
	for _, stream := range []bool{true, false} {
		file := arrowBytes(t, stream, 1, 40)
		for i := 7; i < len(file); i += 41 {
			broken := bytes.Clone(file)
			broken[i] ^= 0x55
			tryArrow(t, broken)
		}
	}
}

func FuzzArrow(f *testing.F) {
	f.Add(arrowBytes(f, true, 1, 3))
	f.Add(arrowBytes(f, false, 2, 3))
	f.Fuzz(func(t *testing.T, content []byte) { tryArrow(t, content) })
}

func tryArrow(t *testing.T, content []byte) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a.arrow"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	d, err := dataset.Open(t.Context(), dir, modelvet.Table{Path: "a.arrow"})
	if err != nil {
		return
	}
	defer d.Close()
	if d.Rows() < 1 || len(d.Columns()) < 1 {
		t.Errorf("an open table with %d rows, %d columns", d.Rows(), len(d.Columns()))
	}
}
