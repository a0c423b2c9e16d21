// SPDX-License-Identifier: Apache-2.0

package dataset

import (
	"errors"
	"fmt"
	"math"
	"unicode/utf8"

	"github.com/apache/arrow-go/v18/arrow"
	"github.com/apache/arrow-go/v18/arrow/array"
	"github.com/duckdb/duckdb-go/v2"
)

// setter puts one value of an Arrow array into one place of the engine's.
type setter func(to duckdb.DataChunk, column, row int, from arrow.Array, i int) error

// values is an Arrow array whose values are of one Go type.
type values[T any] interface {
	arrow.Array
	Value(int) T
}

// direct sets values that both sides have.
func direct[A values[T], T any](to duckdb.DataChunk, column, row int, from arrow.Array, i int) error {
	if from.IsNull(i) {
		return to.SetValue(column, row, nil)
	}
	return duckdb.SetChunkValue(to, column, row, from.(A).Value(i))
}

// converted sets values that have to be made into others first.
func converted[A values[T], T, U any](f func(T) (U, error)) setter {
	return func(to duckdb.DataChunk, column, row int, from arrow.Array, i int) error {
		if from.IsNull(i) {
			return to.SetValue(column, row, nil)
		}
		v, err := f(from.(A).Value(i))
		if err != nil {
			return err
		}
		return duckdb.SetChunkValue(to, column, row, v)
	}
}

func whole(s string) (string, error) {
	if !utf8.ValidString(s) {
		return "", errors.New("a text is not UTF-8")
	}
	return s, nil
}

// simple are the types that need nothing but their name.
var simple = map[arrow.Type]struct {
	engine duckdb.Type
	set    setter
}{
	arrow.BOOL:         {duckdb.TYPE_BOOLEAN, direct[*array.Boolean, bool]},
	arrow.INT8:         {duckdb.TYPE_TINYINT, direct[*array.Int8, int8]},
	arrow.INT16:        {duckdb.TYPE_SMALLINT, direct[*array.Int16, int16]},
	arrow.INT32:        {duckdb.TYPE_INTEGER, direct[*array.Int32, int32]},
	arrow.INT64:        {duckdb.TYPE_BIGINT, direct[*array.Int64, int64]},
	arrow.UINT8:        {duckdb.TYPE_UTINYINT, direct[*array.Uint8, uint8]},
	arrow.UINT16:       {duckdb.TYPE_USMALLINT, direct[*array.Uint16, uint16]},
	arrow.UINT32:       {duckdb.TYPE_UINTEGER, direct[*array.Uint32, uint32]},
	arrow.UINT64:       {duckdb.TYPE_UBIGINT, direct[*array.Uint64, uint64]},
	arrow.FLOAT32:      {duckdb.TYPE_FLOAT, direct[*array.Float32, float32]},
	arrow.FLOAT64:      {duckdb.TYPE_DOUBLE, direct[*array.Float64, float64]},
	arrow.STRING:       {duckdb.TYPE_VARCHAR, converted[*array.String](whole)},
	arrow.LARGE_STRING: {duckdb.TYPE_VARCHAR, converted[*array.LargeString](whole)},
	arrow.STRING_VIEW:  {duckdb.TYPE_VARCHAR, converted[*array.StringView](whole)},
	arrow.DATE32:       {duckdb.TYPE_DATE, converted[*array.Date32](func(d arrow.Date32) (any, error) { return d.ToTime(), nil })},
	arrow.DATE64:       {duckdb.TYPE_DATE, converted[*array.Date64](func(d arrow.Date64) (any, error) { return d.ToTime(), nil })},
	arrow.NULL: {duckdb.TYPE_VARCHAR, func(to duckdb.DataChunk, column, row int, _ arrow.Array, _ int) error {
		return to.SetValue(column, row, nil)
	}},
}

// setterOf says how a type is read. Decimals become DOUBLE, and the values of a
// dictionary stand for themselves.
func setterOf(t arrow.DataType) (duckdb.TypeInfo, setter, error) {
	if s, ok := simple[t.ID()]; ok {
		info, err := duckdb.NewTypeInfo(s.engine)
		return info, s.set, err
	}
	switch t := t.(type) {
	case *arrow.TimestampType:
		info, err := duckdb.NewTypeInfo(duckdb.TYPE_TIMESTAMP)
		return info, converted[*array.Timestamp](func(v arrow.Timestamp) (any, error) { return v.ToTime(t.Unit), nil }), err
	case *arrow.Decimal128Type:
		info, err := duckdb.NewTypeInfo(duckdb.TYPE_DOUBLE)
		return info, func(to duckdb.DataChunk, column, row int, from arrow.Array, i int) error {
			if from.IsNull(i) {
				return to.SetValue(column, row, nil)
			}
			return duckdb.SetChunkValue(to, column, row, from.(*array.Decimal128).Value(i).ToFloat64(t.Scale))
		}, err
	case *arrow.DictionaryType:
		info, set, err := setterOf(t.ValueType)
		return info, dictionary(set), err
	case arrow.ListLikeType:
		return list64(t)
	}
	return nil, nil, fmt.Errorf("it is of the Arrow type %s, which cannot be asked about: leave it out, or write it as text or as numbers", t)
}

func dictionary(set setter) setter {
	return func(to duckdb.DataChunk, column, row int, from arrow.Array, i int) error {
		d := from.(*array.Dictionary)
		if d.IsNull(i) {
			return to.SetValue(column, row, nil)
		}
		at := d.GetValueIndex(i)
		if at < 0 || at >= d.Dictionary().Len() {
			return fmt.Errorf("a value points at entry %d of a dictionary of %d", at, d.Dictionary().Len())
		}
		return set(to, column, row, d.Dictionary(), at)
	}
}

// list64 reads lists of numbers, which embeddings are, as lists of DOUBLE.
func list64(t arrow.ListLikeType) (duckdb.TypeInfo, setter, error) {
	switch t.Elem().ID() {
	case arrow.FLOAT32, arrow.FLOAT64:
	default:
		return nil, nil, fmt.Errorf("it is a list of %s: only lists of floating-point numbers, as embeddings are, can be asked about", t.Elem())
	}
	child, err := duckdb.NewTypeInfo(duckdb.TYPE_DOUBLE)
	if err != nil {
		return nil, nil, err
	}
	info, err := duckdb.NewListInfo(child)
	return info, func(to duckdb.DataChunk, column, row int, from arrow.Array, i int) error {
		if from.IsNull(i) {
			return to.SetValue(column, row, nil)
		}
		list := from.(array.ListLike)
		start, end := list.ValueOffsets(i)
		out := make([]float64, 0, max(0, min(end-start, math.MaxInt32)))
		for j := start; j < end; j++ {
			switch e := list.ListValues().(type) {
			case *array.Float64:
				out = append(out, number64(e.IsNull(int(j)), e.Value(int(j))))
			case *array.Float32:
				out = append(out, number64(e.IsNull(int(j)), float64(e.Value(int(j)))))
			}
		}
		return to.SetValue(column, row, out)
	}, err
}

// number64 keeps a gap in a list from becoming a number.
func number64(null bool, v float64) float64 {
	if null {
		return math.NaN()
	}
	return v
}
