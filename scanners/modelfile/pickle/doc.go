// SPDX-License-Identifier: Apache-2.0

// Package pickle reads Python pickles as the C unpickler of CPython would,
// without running anything.
//
// A lexer follows the grammar of Modules/_pickle.c; a symbolic machine keeps
// for every value where it came from; a list says what may be called. The
// verdict comes from calls. Whatever the machine cannot follow is a finding
// or a gap, never silence.
//
// It must never import, call or build anything that a stream names.
package pickle
