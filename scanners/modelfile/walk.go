// SPDX-License-Identifier: Apache-2.0

package modelfile

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/scanners/modelfile/pickle"
)

const (
	info  = modelvet.SeverityInfo
	warn  = modelvet.SeverityWarn
	block = modelvet.SeverityBlock
)

// item is one file or archive member to be looked at.
type item struct {
	path    string // "file" or "file!member"
	r       io.ReaderAt
	size    int64
	depth   int
	weight  bool  // plain text here would be odd
	torch   bool  // part of a torch archive
	storage int64 // bytes a torch pickle expects of this raw storage; -1: it is one of unknown size
	again   bool  // already looked at as another format
}

// walk is one scan: what was found, and what may still be spent.
type walk struct {
	ctx      context.Context
	budget   Budget
	fs       fs.FS
	inflate  int64
	search   int64
	members  int
	findings []modelvet.Finding
	gaps     []modelvet.Gap
	read     []string
	files    int
	bytes    int64
	unsafe   int
	seen     map[string]bool
	skipFile string
	stored   map[stored]held
	external map[string]bool // files that ONNX models refer to for their tensors
}

func newWalk(ctx context.Context, b Budget, fsys fs.FS) *walk {
	b = b.defaults()
	return &walk{ctx: ctx, budget: b, fs: fsys, inflate: b.Inflate, search: 8 * b.Search, members: b.Members, seen: map[string]bool{}}
}

// top looks at one whole file, and counts it as read when no gap was left.
func (w *walk) top(it item) {
	w.files++
	w.bytes += it.size
	before := len(w.gaps)
	w.inspect(it)
	if len(w.gaps) == before {
		w.read = append(w.read, it.path)
	}
}

func (w *walk) gap(path, reason string) {
	g := modelvet.Gap{Path: path, Reason: reason}
	if !slices.Contains(w.gaps[max(0, len(w.gaps)-20):], g) {
		w.gaps = append(w.gaps, g)
	}
}

const maxFindings = 10_000

func (w *walk) add(f modelvet.Finding) {
	key := f.ID + "\x00" + f.Path + "\x00" + f.What
	if w.seen[key] {
		return
	}
	if len(w.findings) >= maxFindings {
		w.gap(f.Path, fmt.Sprintf("over budget: more than %d findings", maxFindings))
		return
	}
	w.seen[key] = true
	w.findings = append(w.findings, f)
}

func (w *walk) find(it item, id, severity, what string, off int64, more ...string) {
	f := modelvet.Finding{ID: id, Path: it.path, What: strings.ToValidUTF8(clip(what), "?"), Severity: severity}
	if off >= 0 {
		f.Offset = &off
	}
	for _, m := range more {
		if strings.HasPrefix(m, "CWE-") {
			f.CWE = append(f.CWE, m)
		} else {
			f.CVE = append(f.CVE, m)
		}
	}
	w.add(f)
}

// broken notes a file whose structure is not what its format demands: it was
// not understood, so it is skipped, and the damage is a finding.
func (w *walk) broken(it item, format string, err error) {
	reason := "parse error: " + err.Error()
	if errors.Is(err, errBudget) {
		reason = err.Error()
	}
	w.gap(it.path, clip(strings.ToValidUTF8(reason, "?")))
	w.find(it, format+"/parse-error", warn, err.Error(), -1, "CWE-1286")
}

var errBudget = errors.New("over budget")

func clip(s string) string {
	if len(s) > 300 {
		return s[:300] + "..."
	}
	return s
}

// pickle reads the item as streams of pickle.
func (w *walk) pickle(it item) pickle.Result {
	lim := pickle.DefaultLimits
	lim.Search = min(w.budget.Search, max(w.search, 0))
	r := pickle.Scan(w.ctx, it.r, it.size, pickle.Options{Limits: lim, Torch: it.torch})
	w.find(it, "pickle/format", warn, "a pickle: the format can run code when it is loaded", -1, "CWE-502")
	w.adopt(it, r)
	return r
}

func (w *walk) adopt(it item, r pickle.Result) {
	for _, f := range r.Findings {
		f.Path = it.path + f.Path
		f.What = strings.ToValidUTF8(f.What, "?")
		w.add(f)
	}
	for _, g := range r.Gaps {
		w.gap(it.path, strings.ToValidUTF8(g.Reason, "?"))
	}
	w.unsafe += r.Unsafe
}

// hidden searches a file that is no pickle for pickles.
func (w *walk) hidden(it item) {
	lim := pickle.DefaultLimits
	lim.Search = w.searchLimit(it.size)
	r := pickle.Search(w.ctx, it.r, it.size, pickle.Options{Limits: lim, Torch: it.torch})
	if r.Clear || r.Streams > 0 {
		w.find(it, "pickle/hidden", warn, "a pickle in the middle of another file", -1, "CWE-502")
	}
	w.adopt(it, r)
}

// searchLimit takes what one search may cost from what all may cost.
func (w *walk) searchLimit(size int64) int64 {
	n := min(w.budget.Search, max(w.search, 0))
	w.search -= min(n, size)
	return n
}

// scan returns what was seen, sorted.
func (w *walk) scan() modelvet.Scan {
	slices.SortStableFunc(w.findings, func(a, b modelvet.Finding) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(offset(a), offset(b)), cmp.Compare(a.ID, b.ID), cmp.Compare(a.What, b.What))
	})
	slices.SortFunc(w.gaps, func(a, b modelvet.Gap) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Reason, b.Reason))
	})
	slices.Sort(w.read)
	return modelvet.Scan{
		Scanner: scannerName, Version: scannerVersion,
		Coverage:     modelvet.Coverage{Read: orEmpty(w.read), Skipped: orEmpty(slices.Compact(w.gaps))},
		Findings:     orEmpty(w.findings),
		Measurements: w.measurements(),
	}
}

func orEmpty[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

func offset(f modelvet.Finding) int64 {
	if f.Offset == nil {
		return -1
	}
	return *f.Offset
}

func (w *walk) measurements() []modelvet.Measurement {
	return append([]modelvet.Measurement{
		{Metric: "modelfile/files", Value: float64(w.files), N: w.files},
		{Metric: "modelfile/bytes", Value: float64(w.bytes), N: w.files},
		{Metric: "modelfile/unsafe_calls", Value: float64(w.unsafe), N: w.files},
	}, w.parameters()...)
}
