// SPDX-License-Identifier: Apache-2.0

// Package modelfile looks for code and damage in the files of a model.
//
// It decides by content, never by extension: pickles (symbolically, against a
// list of what may be called), zip, tar and compressed wrappers, NumPy, torch,
// safetensors, GGUF, XGBoost, LightGBM, ONNX, Keras, HDF5 and TensorFlow files.
//
// It must never run, import or unpickle what it reads, never hold a whole
// weight file in memory, and never be silently clean: what was not read to its
// end is in the coverage with the reason.
package modelfile
