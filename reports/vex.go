// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"encoding/json"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/modelvet/modelvet"
)

// VEX writes a CycloneDX 1.6 document of vulnerabilities: one for each thing
// that a scanner saw in the model's files and that carries a CVE, or is worse
// than information. What the rules hold against the model stands in its
// metadata, since none of it is a vulnerability.
func VEX(w io.Writer, d modelvet.Decision) error {
	v, err := newView(d)
	if err != nil {
		return err
	}
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	if err := enc.Encode(newVEX(v)); err != nil {
		return fmt.Errorf("encoding CycloneDX: %w", err)
	}
	return nil
}

func newVEX(v view) object {
	o := &oscal{view: v, seed: "vex" + v.Subject.Digest + v.Stage + v.EvidenceRoot + dated(v.At).Format(time.RFC3339Nano)}
	model := object{"type": "machine-learning-model", "bom-ref": "model", "name": visible(v.Title)}
	if sha := strings.TrimPrefix(v.Subject.Digest, "sha256:"); hex64.MatchString(sha) {
		model["hashes"] = []object{{"alg": "SHA-256", "content": sha}}
	}
	tool := object{"type": "application", "name": "modelvet"}
	if v.Engine.Modelvet != "" {
		tool["version"] = visible(v.Engine.Modelvet)
	}
	list := []object{}
	for _, s := range v.Scans {
		for _, f := range s.Findings {
			list = append(list, vulnerabilities(s, f, len(list))...)
		}
	}
	return object{"bomFormat": "CycloneDX", "specVersion": "1.6", "serialNumber": "urn:uuid:" + o.uuid("bom"), "version": 1,
		"metadata":        object{"timestamp": dated(v.At).Format(time.RFC3339), "tools": object{"components": []object{tool}}, "component": model, "properties": vexProperties(v)},
		"vulnerabilities": list}
}

var (
	hex64     = regexp.MustCompile(`^[0-9a-f]{64}$`)
	cweNumber = regexp.MustCompile(`^CWE-(\d{1,6})$`)
)

func vexProperties(v view) []object {
	var out []object
	add := func(name, value string) {
		out = append(out, object{"name": "modelvet:" + name, "value": visible(value)})
	}
	add("outcome", string(v.Outcome))
	add("verdict", v.Stamp)
	for _, c := range v.Causes {
		add("reason", c)
	}
	for _, r := range v.findings() {
		for _, o := range told(r) {
			add("objection", fmt.Sprintf("%s: %s: %s%s", outcomeWord(r.Outcome), r.ID, o, waiverWord(r)))
		}
	}
	for _, w := range v.idleWaivers() {
		add("waiver", w)
	}
	for _, a := range v.Vouched() {
		add("attestation", a)
	}
	return out
}

func vulnerabilities(s modelvet.Scan, f modelvet.Finding, n int) []object {
	ids := unique(f.CVE)
	if len(ids) == 0 && f.Severity == modelvet.SeverityInfo {
		return nil
	}
	if len(ids) == 0 {
		ids = []string{or(f.ID, s.Scanner+"/unnamed")}
	}
	state := "exploitable" // whatever is not known to be milder
	if f.Severity == modelvet.SeverityWarn || f.Severity == modelvet.SeverityInfo {
		state = "in_triage"
	}
	var out []object
	for i, id := range ids {
		one := object{"bom-ref": fmt.Sprintf("vulnerability-%d", n+i+1), "id": visible(id), "description": visible(f.What), "detail": visible(f.Path + speech{}.place(f)),
			"analysis": object{"state": state, "detail": visible(fmt.Sprintf("seen by the scanner %s as %s, severity %s", s.Scanner, f.ID, f.Severity))}, "affects": []object{{"ref": "model"}}}
		var cwes []int
		for _, c := range unique(f.CWE) {
			if m := cweNumber.FindStringSubmatch(c); m != nil {
				if k, err := strconv.Atoi(m[1]); err == nil && k > 0 {
					cwes = append(cwes, k)
				}
			}
		}
		if cwes != nil {
			one["cwes"] = cwes
		}
		out = append(out, one)
	}
	return out
}
