// SPDX-License-Identifier: Apache-2.0

package modelfile

func (w *walk) hdf5(it item)               { w.unknown(it) }
func (w *walk) gguf(it item)               { w.unknown(it) }
func (w *walk) safetensors(it item)        { w.unknown(it) }
func (w *walk) ubjson(it item)             { w.unknown(it) }
func (w *walk) lightgbm(it item)           { w.unknown(it) }
func (w *walk) json(it item)               { w.unknown(it) }
func (w *walk) onnx(it item)               { w.unknown(it) }
func (w *walk) savedModel(it item)         { w.unknown(it) }
func (w *walk) source(it item, torch bool) {}
func (a *archive) keras()                  {}
func isSafetensors(h []byte, it item) bool { return false }
func isUBJSON(h []byte, it item) bool      { return false }
func isONNX(h []byte, it item) bool        { return false }
func isSavedModel(h []byte, it item) bool  { return false }
