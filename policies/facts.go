// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/schemas"
)

// fact is what is known of one kind of evidence: a value that rules may read,
// or the reason why there is none.
type fact struct {
	value   any
	digests []string
	gap     string // why a rule that needs it is unknown; empty when value holds
	hollow  string // the value holds and says nothing: only a rule that judges that itself may read it
}

// facts is all evidence as the rules see it, by kind.
type facts struct {
	kinds    map[string]fact
	register []any // the verified evidence, for input.evidence
}

// clockSkew is how far a signature may be dated ahead of the judge's clock.
const clockSkew = 5 * time.Minute

// candidate is one piece of evidence of a kind, and what is wrong with it.
type candidate struct {
	digest string
	value  any
	source string // lineage only: two connectors are two facts, not two versions of one
	wrong  string // why it does not count
	broken bool   // believed, and yet unreadable: it cannot be passed over
}

// gather sorts the evidence that is needed by kind. Only what is verified, about this subject,
// fresh and of the right shape becomes a value.
func gather(in Input, needed map[string]bool) facts {
	found := map[string][]candidate{}
	out := facts{kinds: map[string]fact{}, register: []any{}}
	evidence := slices.Clone(in.Evidence)
	slices.SortStableFunc(evidence, func(a, b modelvet.Evidence) int { return strings.Compare(a.Digest, b.Digest) })
	for _, e := range evidence {
		kind, value := parse(e)
		if e.Status == modelvet.Verified {
			out.register = append(out.register, registered(e, kind))
		}
		if needed[kind] {
			found[kind] = append(found[kind], weigh(in, e, kind, value))
		}
	}
	for kind, candidates := range found {
		out.kinds[kind] = settle(kind, candidates)
	}
	for kind, g := range in.Given {
		if needed[kind] {
			out.kinds[kind] = given(kind, g)
		}
	}
	return out
}

// given is a fact of the judge's own.
func given(kind string, g Given) fact {
	f := fact{value: plain(g.Value), digests: slices.Clone(g.Digests), gap: g.Gap}
	if f.gap == "" {
		if err := fits(kind, f.value); err != nil {
			f.gap = fmt.Sprintf("%s does not fit its schema: %v", kind, err)
		}
	}
	return f
}

// weigh says whether one piece of evidence counts, and why not.
func weigh(in Input, e modelvet.Evidence, kind string, value any) candidate {
	c := candidate{digest: e.Digest, value: value}
	age := in.At.Sub(e.SignedAt)
	limit := maxAge(in.MaxAge, kind)
	switch {
	case e.Status != modelvet.Verified:
		c.wrong = because(string(e.Status), e.Reason)
	case e.Digest == "":
		c.wrong = "has no digest: it cannot be named in a decision"
	// A model signature names the files, not the artifact; the rules compare them.
	case kind != "signature" && e.Subject.Digest != in.Subject.Digest:
		c.wrong = fmt.Sprintf("is about another artifact (%s)", e.Subject.Digest)
	case e.SignedAt.IsZero() && limit > 0:
		c.wrong = "is not dated, and the policy limits its age"
	case age < -clockSkew:
		c.wrong = "is dated in the future: " + e.SignedAt.UTC().Format(time.RFC3339)
	case limit > 0 && age > limit:
		c.wrong = fmt.Sprintf("is stale: signed %s, at most %s old is believed", e.SignedAt.UTC().Format(time.RFC3339), limit)
	default:
		if err := fits(kind, value); err != nil {
			c.wrong, c.broken = "does not fit its schema: "+err.Error(), true
		}
	}
	if m, ok := value.(map[string]any); ok && kind == "lineage" {
		c.source, _ = m["source"].(string)
	}
	return c
}

func because(status, reason string) string {
	if status == "" {
		status = "of no status"
	}
	if reason == "" {
		return "is " + status
	}
	return "is " + status + ": " + reason
}

// maxAge is the limit for a kind: its own, that of its family (scan), or the general one.
func maxAge(limits map[string]time.Duration, kind string) time.Duration {
	family, _, _ := strings.Cut(kind, "/")
	for _, k := range []string{kind, family, ""} {
		if d, ok := limits[k]; ok {
			return d
		}
	}
	return 0
}

// settle makes one fact of the candidates of a kind. Two that contradict each
// other make none: the newest is not more true, and a choice could be gamed.
func settle(kind string, candidates []candidate) fact {
	var good []candidate
	var wrong []string
	for _, c := range candidates {
		switch {
		case c.broken:
			return fact{gap: fmt.Sprintf("evidence %s (%s) %s", kind, short(c.digest), c.wrong), digests: []string{c.digest}}
		case c.wrong != "":
			wrong = append(wrong, fmt.Sprintf("evidence %s (%s) %s", kind, short(c.digest), c.wrong))
		default:
			good = append(good, c)
		}
	}
	if len(good) == 0 {
		return fact{gap: strings.Join(wrong, "; ")}
	}
	f := fact{}
	bySource := map[string]any{}
	for _, c := range good {
		f.digests = append(f.digests, c.digest)
		if other, twice := bySource[c.source]; twice && !reflect.DeepEqual(tenor(kind, other), tenor(kind, c.value)) {
			f.gap = fmt.Sprintf("evidence %s is ambiguous: %d verified statements say different things; keep one", kind, len(good))
		}
		bySource[c.source] = c.value
	}
	f.digests = slices.Compact(f.digests)
	f.value = good[0].value
	f.hollow = hollow(kind, f.value)
	if kind == "lineage" {
		list := []any{}
		for _, s := range slices.Sorted(maps.Keys(bySource)) {
			list = append(list, bySource[s])
		}
		f.value = list
	}
	return f
}

// tenor is what a fact says. When a run was, and which, is no contradiction: a
// pipeline that builds the same artifact twice states two provenances of it.
func tenor(kind string, value any) any {
	m, ok := value.(map[string]any)
	if kind != "provenance" || !ok {
		return value
	}
	out := maps.Clone(m)
	for _, run := range []string{"invocationId", "startedOn", "finishedOn"} {
		delete(out, run)
	}
	return out
}

func short(digest string) string {
	return strings.TrimPrefix(digest, "sha256:")[:min(12, len(strings.TrimPrefix(digest, "sha256:")))]
}

// fits checks a value against the closed schema of the input, by putting it
// in its place in an otherwise empty input; and that it says anything at all.
func fits(kind string, value any) error {
	if value == nil {
		return fmt.Errorf("the predicate is no JSON object")
	}
	doc := around()
	switch scanner, isScan := strings.CutPrefix(kind, "scan/"); {
	case isScan:
		doc["scans"] = map[string]any{scanner: value}
	case kind == "lineage":
		doc["lineage"] = []any{value}
	default:
		doc[kind] = value
	}
	if err := schemas.ValidateValue("input", doc); err != nil {
		return err
	}
	if _, ok := value.(map[string]any); !ok {
		return fmt.Errorf("the predicate is no JSON object")
	}
	if kind == "lineage" && length(value.(map[string]any)["inputs"]) == 0 {
		return fmt.Errorf("it names no inputs")
	}
	return nil
}

// hollow says why well-formed evidence says nothing.
func hollow(kind string, value any) string {
	v, _ := value.(map[string]any)
	if !strings.HasPrefix(kind, "scan/") {
		return ""
	}
	coverage, _ := v["coverage"].(map[string]any)
	if length(v["measurements"]) == 0 && length(coverage["read"]) == 0 {
		return fmt.Sprintf("evidence %s: the scanner read nothing and measured nothing", kind)
	}
	return ""
}

func length(v any) int { list, _ := v.([]any); return len(list) }

// around is the smallest input that fits the schema.
func around() map[string]any {
	nothing := "sha256:" + strings.Repeat("0", 64)
	file := map[string]any{"path": "x", "digest": nothing, "size": 0.0, "kind": "doc"}
	return map[string]any{
		"subject": map[string]any{"name": "x", "digest": nothing, "files": []any{file}}, "stage": "x", "at": "x",
		"scans": map[string]any{}, "lineage": []any{}, "evidence": []any{},
	}
}

func skeleton(in Input) map[string]any {
	return map[string]any{
		"subject": plain(in.Subject), "stage": in.Stage, "at": in.At.UTC().Format(time.RFC3339),
		"scans": map[string]any{}, "lineage": []any{}, "evidence": []any{},
	}
}

// plain turns a value into what JSON can say.
func plain(v any) any {
	b, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	var out any
	if json.Unmarshal(b, &out) != nil {
		return nil
	}
	return out
}

func registered(e modelvet.Evidence, kind string) any {
	out := map[string]any{"digest": e.Digest, "predicateType": e.PredicateType, "kind": kind, "status": string(e.Status), "signer": plain(e.Signer)}
	if !e.SignedAt.IsZero() {
		out["signedAt"] = e.SignedAt.UTC().Format(time.RFC3339)
	}
	return out
}
