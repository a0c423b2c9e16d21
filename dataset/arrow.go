// SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/ipc"
	"github.com/apache/arrow-go/v18/arrow/memory"
	"github.com/duckdb/duckdb-go/v2"
)

// batchLimit bounds the memory of one record batch, in bytes: what a hostile
// length may make the reader ask for.
const batchLimit = 512 << 20

// maxBatchRows bounds the rows that a batch may claim: a column of nothing takes
// no bytes, however long it says it is.
const maxBatchRows = 64 << 20

// batches are the record batches of one Arrow IPC file or stream. At the end
// next returns io.EOF.
type batches struct {
	file   *os.File
	schema *arrow.Schema
	next   func() (arrow.RecordBatch, error)
}

// openArrow opens a file in either form of Arrow IPC: the file format, which is
// also Feather version 2, or the stream format.
func openArrow(s source) (b *batches, err error) {
	f, err := os.Open(s.abs)
	if err != nil {
		return nil, err
	}
	defer func() {
		if r := recover(); r != nil { // the library's, on a hostile file
			err = fmt.Errorf("it is no valid Arrow IPC file: %v", r)
		}
		if err != nil {
			f.Close()
		}
	}()
	magic := make([]byte, 6)
	if _, err := io.ReadFull(f, magic); err != nil {
		return nil, errors.New("it is too short for an Arrow IPC file")
	}
	switch {
	case string(magic) == "ARROW1":
		if err := checkFile(f, s.size); err != nil {
			return nil, err
		}
		return arrowFile(f)
	case string(magic[:4]) == "FEA1":
		return nil, errors.New("it is of version 1 of Feather: write it again in version 2, which is Arrow IPC")
	}
	if err := checkStream(f, s.size); err != nil {
		return nil, err
	}
	return arrowStream(f)
}

func arrowFile(f *os.File) (*batches, error) {
	r, err := ipc.NewFileReader(f, ipc.WithAllocator(&bounded{left: batchLimit}))
	if err != nil {
		return nil, fmt.Errorf("it is no whole Arrow IPC file: %w", err)
	}
	i := 0
	return &batches{f, r.Schema(), func() (arrow.RecordBatch, error) {
		if i >= r.NumRecords() {
			return nil, io.EOF
		}
		i++
		return r.RecordBatchAt(i - 1)
	}}, nil
}

func arrowStream(f *os.File) (*batches, error) {
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	r, err := ipc.NewReader(f, ipc.WithAllocator(&bounded{left: batchLimit}))
	if err != nil {
		return nil, fmt.Errorf("it is no Arrow IPC stream: %w", err)
	}
	return &batches{f, r.Schema(), func() (arrow.RecordBatch, error) {
		if r.Next() {
			return r.RecordBatch(), nil
		}
		if err := r.Err(); err != nil {
			return nil, err
		}
		return nil, io.EOF
	}}, nil
}

// bounded gives memory up to a limit. The reader's own batches are let go of
// before the next is read.
type bounded struct{ left int }

func (b *bounded) take(n int) {
	if b.left -= n; b.left < 0 {
		b.left += n
		panic(fmt.Errorf("a record batch needs more than %d bytes: write smaller ones", batchLimit))
	}
}

func (b *bounded) Allocate(n int) []byte {
	b.take(n)
	return memory.DefaultAllocator.Allocate(n)
}

func (b *bounded) Reallocate(n int, old []byte) []byte {
	b.take(n - len(old))
	return memory.DefaultAllocator.Reallocate(n, old)
}

func (b *bounded) Free(old []byte) {
	b.left += len(old)
	memory.DefaultAllocator.Free(old)
}

// arrowTable lets the engine read the Arrow files of a table, batch by batch,
// as often as it asks.
type arrowTable struct {
	sources []source
	schema  *arrow.Schema
	columns []duckdb.ColumnInfo
	put     []setter
}

// arrowSource makes the table function "arrow_files".
func (t *Table) arrowSource(ctx context.Context) error {
	a, err := readSchema(t.sources)
	if err != nil {
		return err
	}
	conn, err := t.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("starting DuckDB: %w", err)
	}
	defer conn.Close()
	return duckdb.RegisterTableUDF(conn, "arrow_files", duckdb.ChunkTableFunction{
		BindArguments: func(map[string]any, ...any) (duckdb.ChunkTableSource, error) { return &arrowScan{arrowTable: a}, nil },
	})
}

// readSchema wants every file to have the columns of the first.
func readSchema(sources []source) (*arrowTable, error) {
	a := &arrowTable{sources: sources}
	for i, s := range sources {
		b, err := openArrow(s)
		if err != nil {
			return nil, fmt.Errorf("reading %s: %w", s.rel, err)
		}
		b.file.Close()
		if i > 0 {
			if !a.schema.Equal(b.schema) {
				return nil, fmt.Errorf("%s has other columns than %s: all files of a table must have the same", s.rel, sources[0].rel)
			}
			continue
		}
		if err := a.learn(b.schema); err != nil {
			return nil, fmt.Errorf("reading %s: %w", s.rel, err)
		}
	}
	return a, nil
}

func (a *arrowTable) learn(schema *arrow.Schema) error {
	var names []string
	for _, f := range schema.Fields() {
		names = append(names, f.Name)
	}
	if err := checkNames(names); err != nil {
		return err
	}
	if len(names) == 0 {
		return errors.New("it has no columns")
	}
	a.schema = schema
	for _, f := range schema.Fields() {
		info, put, err := setterOf(f.Type)
		if err != nil {
			return fmt.Errorf("column %q: %w", f.Name, err)
		}
		a.columns, a.put = append(a.columns, duckdb.ColumnInfo{Name: f.Name, T: info}), append(a.put, put)
	}
	return nil
}

// arrowScan is one pass over the files.
type arrowScan struct {
	*arrowTable
	file int // the next to be opened
	open *batches
	now  arrow.RecordBatch
	row  int
}

func (s *arrowScan) ColumnInfos() []duckdb.ColumnInfo     { return s.columns }
func (s *arrowScan) Cardinality() *duckdb.CardinalityInfo { return nil }
func (s *arrowScan) Init()                                {}

// FillChunk hands the next rows to the engine. It is called from C, where a
// panic would end the whole program.
func (s *arrowScan) FillChunk(chunk duckdb.DataChunk) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%s is no valid Arrow IPC file: %v", s.at(), r)
		}
	}()
	rows := 0
	for most := duckdb.GetDataChunkCapacity(); rows < most; {
		more, err := s.ready()
		if err != nil {
			return fmt.Errorf("%s: %w", s.at(), err)
		}
		if !more {
			break
		}
		n := min(most-rows, int(s.now.NumRows())-s.row)
		if err := s.fill(chunk, rows, n); err != nil {
			return fmt.Errorf("%s: %w", s.at(), err)
		}
		rows, s.row = rows+n, s.row+n
	}
	return chunk.SetSize(rows)
}

func (s *arrowScan) at() string { return s.sources[max(0, s.file-1)].rel }

// ready makes sure that there is a row to hand over.
func (s *arrowScan) ready() (bool, error) {
	for s.now == nil || s.row >= int(s.now.NumRows()) {
		if s.open == nil {
			if s.file == len(s.sources) {
				return false, nil
			}
			b, err := openArrow(s.sources[s.file])
			s.file++
			if err != nil {
				return false, err
			}
			s.open = b
		}
		if s.now != nil {
			s.now.Release()
			s.now = nil
		}
		batch, err := s.open.next()
		if errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			s.open.file.Close()
			s.open = nil
			continue
		}
		if err != nil {
			return false, err
		}
		if !batch.Schema().Equal(s.schema) {
			return false, errors.New("it changed while it was being read: run again")
		}
		if batch.NumRows() > maxBatchRows {
			return false, fmt.Errorf("a record batch claims %d rows, more than %d: write smaller ones", batch.NumRows(), maxBatchRows)
		}
		batch.Retain()
		s.now, s.row = batch, 0
	}
	return true, nil
}

func (s *arrowScan) fill(chunk duckdb.DataChunk, at, n int) error {
	for c, put := range s.put {
		if _, err := chunk.GetVector(c); err != nil {
			continue // nobody asks for this column
		}
		column := s.now.Column(c)
		if column.Len() < s.row+n {
			return fmt.Errorf("column %q is shorter than its batch", s.schema.Field(c).Name)
		}
		for i := range n {
			if err := put(chunk, c, at+i, column, s.row+i); err != nil {
				return fmt.Errorf("column %q: %w", s.schema.Field(c).Name, err)
			}
		}
	}
	return nil
}

// isArrow says whether the table is read by us and not by the engine.
func (t *Table) isArrow() bool {
	return slices.ContainsFunc(t.sources, func(s source) bool { return s.format == formatArrow })
}
