// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/modelvet/modelvet"
)

// OSCAL writes NIST OSCAL 1.1.3 assessment results: an observation for each
// rule, a finding for each control that a rule answers. A control that nothing
// assessed is listed as excluded and has no finding, so that nobody reads
// silence as satisfaction.
func OSCAL(w io.Writer, d modelvet.Decision) error {
	v, err := newView(d)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(newOSCAL(v)); err != nil {
		return fmt.Errorf("encoding OSCAL: %w", err)
	}
	return nil
}

// oscal gives every object an identifier that follows from the decision.
type oscal struct {
	view
	seed  string
	rules map[string]string // rule id to the observation's uuid
}

func newOSCAL(v view) object {
	o := &oscal{view: v, seed: v.Subject.Digest + v.Stage + v.Policy.Digest + v.EvidenceRoot + dated(v.At).Format(time.RFC3339Nano), rules: map[string]string{}}
	at := dated(v.At).Format(time.RFC3339)
	return object{"assessment-results": object{
		"uuid":      o.uuid("results"),
		"metadata":  object{"title": "Model assessment results: " + visible(v.Title), "last-modified": at, "version": oscalText(or(v.Subject.Digest, "none")), "oscal-version": "1.1.3"},
		"import-ap": object{"href": "#" + o.uuid("plan"), "remarks": "The plan is the policy with digest " + visible(or(v.Policy.Digest, "none")) + "."},
		"results":   []object{o.result(at)},
	}}
}

func (o *oscal) result(at string) object {
	remarks := append([]string{o.Stamp + ": " + o.Sentence}, o.Causes...)
	remarks = slices.Concat(remarks, o.Conditions, o.idleWaivers(), o.attestationLines(), o.Notes)
	if c := o.Classified(); c != "" {
		remarks = append(remarks, c)
	}
	out := object{"uuid": o.uuid("result"), "title": "Release gate, stage " + visible(or(o.Stage, "not named")), "description": "Rules asked of signed and verified evidence about " + visible(or(o.Subject.Digest, "no artifact")) + ".",
		"start": at, "props": []object{prop("outcome", string(o.Outcome)), prop("verdict", o.Stamp)}, "remarks": strings.Join(visibleAll(remarks), "\n")}
	if list := o.observations(at); len(list) > 0 {
		out["observations"] = list
	}
	selections, findings := o.findingsOf()
	out["reviewed-controls"] = object{"control-selections": selections}
	if len(findings) > 0 {
		out["findings"] = findings
	}
	return out
}

func (o *oscal) observations(at string) []object {
	var out []object
	for i, r := range o.Results {
		id := o.uuid(fmt.Sprintf("rule %d %s", i, r.ID))
		o.rules[r.ID] = id
		words := []string{outcomeWord(r.Outcome) + ": " + or(r.Title, r.ID)}
		if open(r) || r.Outcome == modelvet.Waived {
			words = append(words, told(r)...)
		} else if r.Reason != "" {
			words = append(words, r.Reason)
		}
		props := []object{prop("rule", r.ID), prop("outcome", outcomeWord(r.Outcome)), prop("level", levelWord(r.Level))}
		if r.Waiver != "" {
			props = append(props, prop("waiver", r.Waiver))
		}
		for _, e := range r.Evidence {
			props = append(props, prop("evidence", e))
		}
		out = append(out, object{"uuid": id, "title": visible(or(r.ID, "unnamed")), "description": strings.Join(visibleAll(words), "\n"), "methods": []string{"TEST"}, "collected": at, "props": props})
	}
	return out
}

// findingsOf selects the controls: those that the evidence or a person says
// something about, each with a finding; and, in a selection of their own,
// those that do not bind and those that nothing assessed. Every control is in
// exactly one of them.
func (o *oscal) findingsOf() (selections, findings []object) {
	lists := map[string][]object{}
	for _, f := range o.Frameworks {
		for i, c := range f.Controls {
			word := stateWord(c.State)
			if rowOfItsOwn(word) {
				findings = append(findings, o.finding(f, c, i))
				word = ""
			}
			lists[word] = append(lists[word], object{"control-id": token(c.ID)})
		}
	}
	for _, one := range []struct{ word, key, what string }{
		{"", "include-controls", "Controls about which the evidence, or a person, says something."},
		{notApplies, "exclude-controls", notApplies + ": controls that do not bind this system."},
		{notAssessed, "exclude-controls", notAssessed + ": controls about which nothing that ran says anything."},
	} {
		if list := lists[one.word]; len(list) > 0 {
			selections = append(selections, object{"description": one.what, one.key: list})
		}
	}
	if selections == nil {
		selections = []object{{"description": "The decision names no control."}}
	}
	return selections, findings
}

// finding is the state of one control. Satisfied means that evidence supports
// it or a person attests it; the remarks have the word of the report, and
// that rules may answer a part.
func (o *oscal) finding(f framework, c modelvet.ControlResult, i int) object {
	word := stateWord(c.State)
	remarks := word
	if c.Automatable == "partial" {
		remarks += "; rules answer a part of the control"
	}
	if c.Reason != "" {
		remarks += "; " + c.Reason
	}
	status := object{"state": "not-satisfied", "reason": "other", "remarks": oscalText(remarks)}
	switch word {
	case supported, attested:
		status["state"], status["reason"] = "satisfied", "pass"
	case notSupported:
		status["reason"] = "fail"
	}
	out := object{"uuid": o.uuid(fmt.Sprintf("control %s %d %s", f.ID, i, c.ID)), "title": visible(or(c.Ref, or(c.ID, "unnamed"))), "description": visible(or(c.Title, "no title")),
		"target": object{"type": "objective-id", "target-id": token(c.ID), "status": status}, "props": []object{prop("state", word), prop("framework", f.Name)}}
	var related []object
	for _, r := range c.Rules {
		if id := o.rules[r]; id != "" {
			related = append(related, object{"observation-uuid": id})
		}
	}
	if related != nil {
		out["related-observations"] = related
	}
	return out
}

func prop(name, value string) object {
	return object{"name": name, "ns": "https://github.com/modelvet/modelvet/ns/oscal", "value": oscalText(or(value, "none"))}
}

// oscalText is a text as OSCAL's strings: one line, no blanks at its ends.
func oscalText(s string) string { return or(strings.Join(strings.Fields(visible(s)), " "), "none") }

var (
	notToken   = regexp.MustCompile(`[^\p{L}\p{N}.\-_]`)
	tokenBegin = regexp.MustCompile(`^[\p{L}_]`)
)

// token is an id as OSCAL allows them.
func token(s string) string {
	s = notToken.ReplaceAllString(s, "_")
	if s == "" || !tokenBegin.MatchString(s) {
		return "_" + s
	}
	return s
}

// uuid is made of what it names. It has the form of version 5 (RFC 9562),
// which OSCAL demands, over SHA-256.
func (o *oscal) uuid(name string) string {
	h := sha256.Sum256([]byte("modelvet oscal\n" + o.seed + "\n" + name))
	h[6], h[8] = h[6]&0x0f|0x50, h[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", h[0:4], h[4:6], h[6:8], h[8:10], h[10:16])
}
