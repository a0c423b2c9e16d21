// SPDX-License-Identifier: Apache-2.0

package pipeline

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	// annotationsOfALevel is how many errors, warnings or notices of one step
	// GitHub keeps; it drops the others without a word.
	annotationsOfALevel = 10
	annotationBytes     = 4000      // of one message; the platform cuts at 4 KB in places
	summaryBytes        = 1_000_000 // GitHub refuses a summary over 1 MiB as a whole
)

// GitHub is a job of GitHub Actions. Env holds its environment; see
// docs.github.com, "Workflow commands" and "Default environment variables".
type GitHub struct {
	Env map[string]string
	Out io.Writer // the log of the step
}

// Publish writes annotations into the log, the summary into the job's summary,
// the outputs of the step, and the bundles' paths where other attesting
// actions write theirs.
func (g GitHub) Publish(r Result, mode Mode) error {
	if err := g.annotate(r, mode); err != nil {
		return fmt.Errorf("writing annotations: %w", err)
	}
	if err := g.summarise(r.Summary); err != nil {
		return fmt.Errorf("writing the job summary: %w", err)
	}
	if err := g.outputs(r); err != nil {
		return fmt.Errorf("writing the outputs of the step: %w", err)
	}
	return g.attested(r.Statements)
}

// annotate prints the verdict and the worst remarks, nine at most; the tenth
// says how many more there are.
func (g GitHub) annotate(r Result, mode Mode) error {
	level := map[string]string{string(Enforce): "error", string(Warn): "warning", string(Observe): "notice"}[string(mode)]
	var lines []string
	if r.ExitCode() == 0 {
		lines = append(lines, annotation("notice", remark{title: r.title(), text: "Decided for " + r.Decision.Subject.Digest}))
		level = "notice"
	} else {
		lines = append(lines, annotation(level, remark{title: r.title(), text: strings.Join(r.Decision.Reasons, "\n")}))
	}
	counts := map[string]int{level: 1}
	left := 0
	for _, m := range r.remarks() {
		l := level
		if !m.blocking && l == "error" {
			l = "warning"
		}
		if counts[l] >= annotationsOfALevel-1 {
			left++
			continue
		}
		counts[l]++
		lines = append(lines, annotation(l, m))
	}
	if left > 0 {
		lines = append(lines, annotation(level, remark{title: "modelvet", text: fmt.Sprintf("%d more in the job summary and in the report", left)}))
	}
	_, err := io.WriteString(g.Out, strings.Join(lines, "\n")+"\n")
	return err
}

var (
	escapeData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	escapeProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// annotation is a workflow command. Its escapes are those of the runner's
// command parser (actions/toolkit, command.ts).
func annotation(level string, m remark) string {
	var properties []string
	add := func(name, value string) {
		properties = append(properties, name+"="+escapeProperty.Replace(plain(value)))
	}
	if m.file != "" {
		add("file", m.file)
		add("line", strconv.Itoa(m.line))
	}
	add("title", clip(m.title, 200))
	return "::" + level + " " + strings.Join(properties, ",") + "::" + escapeData.Replace(clip(plain(m.text), annotationBytes))
}

// plain keeps control and direction-changing characters out of the log.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\n':
			return r
		case r < ' ', r >= 0x7f && r < 0xa0, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069:
			return utf8.RuneError
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// clip cuts at a character, not inside one.
func clip(s string, most int) string {
	if len(s) <= most {
		return s
	}
	s = s[:most]
	for len(s) > 0 && !utf8.ValidString(s) {
		s = s[:len(s)-1]
	}
	return s + " ..."
}

// summarise appends to the step's summary and stays below its limit, also when
// an earlier command of the step wrote there.
func (g GitHub) summarise(markdown []byte) error {
	name := g.Env["GITHUB_STEP_SUMMARY"]
	if name == "" {
		return nil
	}
	room := summaryBytes
	if info, err := os.Stat(name); err == nil {
		room -= int(min(info.Size(), summaryBytes))
	}
	const note = "\n\n*Cut: the whole report is in the artifact of this run.*\n"
	text := string(markdown)
	if len(text) > room {
		text = clip(text, max(room-len(note)-8, 0)) + note
	}
	if len(text) > room {
		return nil // not even the note fits
	}
	return appendTo(name, text)
}

// outputs are what later steps of the workflow read.
func (g GitHub) outputs(r Result) error {
	name := g.Env["GITHUB_OUTPUT"]
	if name == "" {
		return nil
	}
	file := func(base string) string { return filepath.ToSlash(filepath.Join(r.Dir, base)) }
	var b strings.Builder
	for _, o := range [][2]string{
		{"outcome", string(r.Decision.Outcome)}, {"exit-code", strconv.Itoa(r.ExitCode())},
		{"digest", r.Decision.Subject.Digest}, {"out", filepath.ToSlash(r.Dir)},
		{"decision", file("decision.json")}, {"report-pdf", file("report.pdf")}, {"report-html", file("report.html")},
		{"sarif", file("results.sarif")}, {"junit", file("junit.xml")}, {"layout", file("layout")},
		{"bundles", strings.Join(r.Statements, "\n")},
		{"failed-rules", strings.Join(r.failed(), ",")}, {"unsupported-controls", strings.Join(r.unsupported(), ",")},
	} {
		delimiter, err := nonce()
		if err != nil {
			return err
		}
		fmt.Fprintf(&b, "%s<<%s\n%s\n%s\n", o[0], delimiter, o[1], delimiter)
	}
	return appendTo(name, b.String())
}

// nonce is a here-document delimiter that no value can guess.
func nonce() (string, error) {
	b := make([]byte, 16)
	if _, err := rand.Read(b); err != nil {
		return "", err
	}
	return fmt.Sprintf("modelvet_%x", b), nil
}

// attested tells where the bundles are, as actions/attest does.
func (g GitHub) attested(bundles []string) error {
	temp := g.Env["RUNNER_TEMP"]
	if temp == "" || len(bundles) == 0 {
		return nil
	}
	if err := appendTo(filepath.Join(temp, "created_attestation_paths.txt"), strings.Join(bundles, "\n")+"\n"); err != nil {
		return fmt.Errorf("telling where the attestations are: %w", err)
	}
	return nil
}

func appendTo(name, text string) (err error) {
	f, err := os.OpenFile(name, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	_, err = f.WriteString(text)
	return err
}

// event is what GitHub says of the pull request, as far as it is needed here.
type event struct {
	PullRequest struct {
		Number int `json:"number"`
	} `json:"pull_request"`
}

func (g GitHub) event() (event, error) {
	var e event
	b, err := os.ReadFile(g.Env["GITHUB_EVENT_PATH"])
	if errors.Is(err, fs.ErrNotExist) {
		return e, fmt.Errorf("GITHUB_EVENT_PATH names no file: %w", err)
	}
	if err != nil {
		return e, err
	}
	return e, decode(b, &e)
}
