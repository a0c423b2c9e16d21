// SPDX-License-Identifier: Apache-2.0

// Package controls holds what laws, standards and threat catalogues ask of a
// model, as dated, sourced data: catalogues of entries, profiles that select
// from them, the crosswalk between them, and the classification of a system.
//
// A control is data and never code: which evidence answers it is said by the
// rules, each of which names the controls it serves. So this package can say
// which controls no rule answers, and must never say that one is met: it reads
// no evidence, takes no decision and calls nothing "compliant".
//
// Every summary and every crosswalk is the project's own reading, not legal
// advice, and carries its source and the day it was last verified.
package controls
