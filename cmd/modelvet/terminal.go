// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"golang.org/x/term"

	"github.com/modelvet/modelvet/attest"
)

// terminal is where a verb reads and prints: data on out, all else on err.
type terminal struct {
	in  io.Reader
	out io.Writer
	err io.Writer
}

// say tells the person something that is no data.
func (t *terminal) say(format string, args ...any) { fmt.Fprintf(t.err, format+"\n", args...) }

// json prints a value for programs.
func (t *terminal) json(v any) error {
	e := json.NewEncoder(t.out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// table prints rows in columns; the first is the heading.
func (t *terminal) table(rows [][]string) error {
	w := tabwriter.NewWriter(t.out, 0, 0, 2, ' ', 0)
	for _, r := range rows {
		for i := range r {
			r[i] = printable(r[i])
		}
		fmt.Fprintln(w, strings.Join(r, "\t"))
	}
	return w.Flush()
}

// printable keeps what a file says from steering the terminal.
func printable(s string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069 {
			return '\uFFFD'
		}
		return r
	}, s)
}

// color says whether standard output is to be coloured (no-color.org).
func (t *terminal) color() bool {
	f, ok := t.out.(*os.File)
	return ok && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb" && term.IsTerminal(int(f.Fd()))
}

// password is asked for once, when a key needs it.
func (t *terminal) password() ([]byte, error) {
	if p, ok := os.LookupEnv("MODELVET_PASSWORD"); ok {
		return []byte(p), nil
	}
	f, ok := t.in.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil, errors.New("the key is encrypted; put its password into MODELVET_PASSWORD")
	}
	fmt.Fprint(t.err, "Password of the key: ")
	defer fmt.Fprintln(t.err)
	return term.ReadPassword(int(f.Fd()))
}

// developmentKey is this machine's own, made when it is first asked for.
func developmentKey() (*attest.Signer, error) {
	dir, err := os.UserConfigDir()
	if err != nil {
		return nil, fmt.Errorf("finding the configuration folder for the development key: %w; name a key with --key", err)
	}
	return attest.DevelopmentKey(filepath.Join(dir, "modelvet"))
}

// clock is the time of a decision. SOURCE_DATE_EPOCH (seconds since 1970) sets
// it, for reproducible results; the decision says so.
func clock() (now time.Time, notes []string, err error) {
	epoch := os.Getenv("SOURCE_DATE_EPOCH")
	if epoch == "" {
		return time.Now().UTC().Truncate(time.Second), nil, nil
	}
	n, err := strconv.ParseInt(epoch, 10, 64)
	if err != nil || n <= 0 {
		return now, nil, usage("SOURCE_DATE_EPOCH is %q; want seconds since 1970", epoch)
	}
	return time.Unix(n, 0).UTC(), []string{"the time was set by SOURCE_DATE_EPOCH and not read from the clock"}, nil
}

// asJSON checks the value of --output.
func asJSON(output string) (bool, error) {
	switch output {
	case "table", "":
		return false, nil
	case "json":
		return true, nil
	}
	return false, usage("--output is %q; want table or json", output)
}
