// SPDX-License-Identifier: Apache-2.0

package artifact

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// The fields of onnx.proto (IR version 10) that are read here.
const (
	onnxGraph       = 7 // of ModelProto
	onnxInitializer = 5 // of GraphProto
	onnxDims        = 1 // of TensorProto
	onnxDataType    = 2
)

var onnxPrecision = map[uint64]string{
	1: "float32", 2: "uint8", 3: "int8", 4: "uint16", 5: "int16", 6: "int32", 7: "int64", 9: "bool", 10: "float16", 11: "float64",
	12: "uint32", 13: "uint64", 16: "bfloat16", 17: "float8_e4m3", 19: "float8_e5m2", 21: "uint4", 22: "int4",
}

// proto reads one message of the protobuf wire format from the front of r.
type proto struct {
	r    *bufio.Reader
	left int64 // bytes of the message; more than the file has for the outermost
}

func (p *proto) ReadByte() (byte, error) {
	if p.left <= 0 {
		return 0, io.ErrUnexpectedEOF
	}
	p.left--
	return p.r.ReadByte()
}

func (p *proto) skip(n uint64) error {
	if n > uint64(p.left) {
		return errors.New("a field is longer than the message that it is in")
	}
	p.left -= int64(n)
	_, err := io.CopyN(io.Discard, p.r, int64(n))
	return err
}

// each calls message for every length-delimited field and number for every
// varint; message says whether it has read the field.
func (p *proto) each(message func(field uint64, m *proto) (bool, error), number func(field, v uint64)) error {
	for p.left > 0 {
		tag, err := binary.ReadUvarint(p)
		if err != nil {
			return err
		}
		if err := p.field(tag>>3, tag&7, message, number); err != nil {
			return err
		}
	}
	return nil
}

func (p *proto) field(field, wire uint64, message func(uint64, *proto) (bool, error), number func(uint64, uint64)) error {
	switch wire {
	case 0:
		v, err := binary.ReadUvarint(p)
		if err == nil && number != nil {
			number(field, v)
		}
		return err
	case 1:
		return p.skip(8)
	case 5:
		return p.skip(4)
	case 2:
		return p.nested(field, message)
	}
	return fmt.Errorf("wire type %d is not known", wire)
}

func (p *proto) nested(field uint64, message func(uint64, *proto) (bool, error)) error {
	n, err := binary.ReadUvarint(p)
	if err != nil {
		return err
	}
	if n > uint64(p.left) {
		return errors.New("a field is longer than the message that it is in")
	}
	m := &proto{p.r, int64(n)}
	read, err := message(field, m)
	if err != nil {
		return err
	}
	if !read {
		err = m.skip(uint64(m.left))
	}
	p.left -= int64(n)
	return err
}

// readONNX adds up the initializers of the graph.
func readONNX(r *bufio.Reader, w *Weights) error {
	w.Format = "onnx"
	var count tally
	graphs := 0
	top := &proto{r, maxTree}
	err := top.each(func(field uint64, m *proto) (bool, error) {
		if field != onnxGraph {
			return false, nil
		}
		graphs++
		return true, m.each(func(field uint64, m *proto) (bool, error) {
			if field != onnxInitializer {
				return false, nil
			}
			w.Tensors++
			return true, readInitializer(m, &count)
		}, nil)
	}, nil)
	if err != nil && !(err == io.EOF && graphs > 0) {
		return err
	}
	w.Parameters, w.Precision = count.total, count.most()
	return nil
}

func readInitializer(m *proto, count *tally) error {
	var dims []uint64
	kind := uint64(0)
	err := m.each(func(field uint64, m *proto) (bool, error) {
		if field != onnxDims {
			return false, nil
		}
		for m.left > 0 && len(dims) < 64 {
			v, err := binary.ReadUvarint(m)
			if err != nil {
				return true, err
			}
			dims = append(dims, v)
		}
		return true, m.skip(uint64(m.left))
	}, func(field, v uint64) {
		if field == onnxDims && len(dims) < 64 {
			dims = append(dims, v)
		}
		if field == onnxDataType {
			kind = v
		}
	})
	if err != nil {
		return err
	}
	return count.add(onnxPrecision[kind], dims)
}
