// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"os"
	"path"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"github.com/modelvet/modelvet/artifact"
)

// progress draws one line about long work, on standard error, when that is a
// terminal; elsewhere it draws nothing.
type progress struct {
	t     *terminal
	width int // of the terminal; 0: there is none
	begun time.Time

	mu    sync.Mutex
	drawn time.Time
	file  string
}

func (t *terminal) progress() *progress {
	p := &progress{t: t, begun: time.Now()}
	if f, ok := t.err.(*os.File); ok && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(f.Fd())) {
		if width, _, err := term.GetSize(int(f.Fd())); err == nil {
			p.width = max(width, 20)
		}
	}
	return p
}

// watch has the work told to the person.
func (p *progress) watch(o artifact.Options) artifact.Options {
	if p.width > 0 {
		o.Progress, o.Begin = p.step, p.begin
	}
	return o
}

func (p *progress) begin(file string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.file = file
}

func (p *progress) step(done, total int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if now := time.Now(); now.Sub(p.drawn) > 100*time.Millisecond {
		p.drawn = now
		fmt.Fprint(p.t.err, "\r\x1b[K"+line(p.width, p.file, done, total, now.Sub(p.begun)))
	}
}

// end takes the line away.
func (p *progress) end() {
	if p.width > 0 {
		fmt.Fprint(p.t.err, "\r\x1b[K")
	}
}

func line(width int, file string, done, total int64, took time.Duration) string {
	part := 1.0
	if total > 0 {
		part = min(1, float64(done)/float64(total))
	}
	const bar = 20
	full := int(part * bar)
	rate := int64(float64(done) / max(took.Seconds(), 0.001))
	text := fmt.Sprintf("[%s%s] %3.0f%%  %s of %s  %s/s  ", strings.Repeat("#", full), strings.Repeat(".", bar-full), part*100, inBytes(done), inBytes(total), inBytes(rate))
	r := []rune(text + printable(path.Base(file)))
	return string(r[:min(len(r), width-1)])
}

// inBytes is a size for a person, in powers of ten as disks are sold.
func inBytes(n int64) string {
	const units = "kMGTPE"
	if n < 1000 {
		return fmt.Sprintf("%d B", n)
	}
	f, i := float64(n)/1000, 0
	for ; f >= 999.95 && i < len(units)-1; i++ {
		f /= 1000
	}
	return fmt.Sprintf("%.1f %cB", f, units[i])
}
