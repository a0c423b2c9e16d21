// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/rego"
	"github.com/open-policy-agent/opa/v1/storage/inmem"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/schemas"
)

// Input is a case for the rules.
type Input struct {
	Subject    modelvet.Subject // with its files
	Stage      string
	At         time.Time // the time of the judgement; rules know no other
	Evidence   []modelvet.Evidence
	Thresholds map[string]any            // of the stage, by name; see [Engine.Thresholds]
	Waivable   []string                  // ids of the rules that the policy lets be waived
	Levels     map[string]modelvet.Level // by rule id, where the policy sets another level than the rule
	Rules      []string                  // ids to ask; empty: all
	Given      map[string]Given          // what the judge itself established, by kind: thresholds, baseline
	MaxAge     map[string]time.Duration  // of evidence by kind ("scan/fairness", "scan", "system"); "" is for the rest; 0: no limit
}

// Given is a fact that no statement about the artifact carries: the caller
// established it, and answers for it. Its value has to fit the input's schema.
type Given struct {
	Value   any
	Digests []string // of the statements that it rests on
	Gap     string   // why there is no value
}

// Evaluate asks the rules and returns one result for every rule asked, sorted
// by id. Evidence that a rule needs and that is missing, unverified, stale,
// empty or of the wrong shape makes it unknown, and so does a threshold that
// the policy does not give. An error means that nothing was judged.
func (e *Engine) Evaluate(ctx context.Context, in Input) ([]modelvet.Result, error) {
	rules, err := e.selected(in)
	if err != nil {
		return nil, err
	}
	if size := sizeOf(in.Evidence); size > e.limits.data {
		return nil, fmt.Errorf("the evidence has %d bytes; at most %d are judged", size, e.limits.data)
	}
	thresholds, err := e.checkThresholds(in.Thresholds)
	if err != nil {
		return nil, err
	}
	facts := gather(in, needs(rules))
	document, err := facts.document(in)
	if err != nil {
		return nil, err
	}
	results := make([]modelvet.Result, len(rules))
	var asked []rule
	for i, r := range rules {
		results[i] = prepare(r, in, facts)
		if results[i].Outcome == "" {
			asked = append(asked, r)
		}
	}
	said, err := e.ask(ctx, asked, document, thresholds, in.At)
	if err != nil {
		return nil, fmt.Errorf("asking the rules: %w", err)
	}
	for i := range results {
		if results[i].Outcome == "" {
			if err := conclude(&results[i], said, e.unset(rules[i], in)); err != nil {
				return nil, err
			}
		}
	}
	return results, nil
}

// selected checks the case, and returns the rules to ask as the policy wants them.
func (e *Engine) selected(in Input) ([]rule, error) {
	switch {
	case in.At.IsZero():
		return nil, errors.New("no time: a judgement must be dated")
	case in.Stage == "":
		return nil, errors.New("no stage: say for which stage of the policy to judge")
	}
	ids := slices.Clone(in.Rules)
	if len(ids) == 0 {
		for _, r := range e.rules {
			ids = append(ids, r.ID)
		}
	}
	slices.Sort(ids)
	var out []rule
	for _, id := range slices.Compact(ids) {
		i, ok := e.find(id)
		if !ok {
			return nil, fmt.Errorf("rule %s does not exist; `modelvet policy list` names those that do", id)
		}
		out = append(out, e.rules[i])
	}
	if len(out) == 0 {
		return nil, errors.New("no rules to ask: nothing would be judged")
	}
	return out, e.permit(out, in)
}

// permit sets level and waivability as the policy says, where the rules allow it.
func (e *Engine) permit(rules []rule, in Input) error {
	for id, level := range in.Levels {
		if _, ok := e.find(id); !ok {
			return fmt.Errorf("level of rule %s: no such rule", id)
		}
		if level != modelvet.Block && level != modelvet.Warn {
			return fmt.Errorf("level of rule %s: %q; want block or warn", id, level)
		}
	}
	for _, id := range in.Waivable {
		i, ok := e.find(id)
		if !ok {
			return fmt.Errorf("waivable rule %s: no such rule", id)
		}
		if e.rules[i].forbidWaiver {
			return fmt.Errorf("waivable rule %s: this rule may never be waived; take it off the list", id)
		}
	}
	for i := range rules {
		if level, ok := in.Levels[rules[i].ID]; ok {
			rules[i].Level = level
		}
		rules[i].Waivable = slices.Contains(in.Waivable, rules[i].ID)
	}
	return nil
}

func needs(rules []rule) map[string]bool {
	out := map[string]bool{}
	for _, r := range rules {
		for _, n := range r.Needs {
			out[n] = true
		}
	}
	return out
}

// document is the input of the rules, checked once more as a whole.
func (f facts) document(in Input) (map[string]any, error) {
	doc := skeleton(in)
	doc["evidence"] = f.register
	if err := schemas.ValidateValue("input", doc); err != nil {
		return nil, fmt.Errorf("the case cannot be judged: %w", err)
	}
	scans := map[string]any{}
	for kind, fact := range f.kinds {
		if fact.gap != "" {
			continue
		}
		if scanner, isScan := strings.CutPrefix(kind, "scan/"); isScan {
			scans[scanner] = fact.value
		} else {
			doc[kind] = fact.value
		}
	}
	doc["scans"] = scans
	return doc, nil
}

// prepare starts the result of a rule. It is unknown before it is asked when
// what it needs is not there.
func prepare(r rule, in Input, f facts) modelvet.Result {
	res := modelvet.Result{Rule: r.Rule, Objections: []string{}, Evidence: []string{}}
	var gaps []string
	for _, kind := range r.Needs {
		fact, ok := f.kinds[kind]
		if !ok {
			fact.gap = fmt.Sprintf("no evidence %s is attached; %s", kind, nextStep(kind))
		}
		if fact.gap == "" && !r.judgesHollow {
			fact.gap = fact.hollow
		}
		if fact.gap != "" {
			gaps = append(gaps, fact.gap)
		}
		res.Evidence = append(res.Evidence, fact.digests...)
	}
	for _, name := range r.thresholds {
		if v, ok := number(in.Thresholds[name]); ok {
			if res.Thresholds == nil {
				res.Thresholds = map[string]float64{}
			}
			res.Thresholds[name] = v
		}
	}
	slices.Sort(res.Evidence)
	res.Evidence = slices.Compact(res.Evidence)
	if len(gaps) > 0 {
		res.Outcome, res.Reason = modelvet.Unknown, strings.Join(gaps, "; ")
	}
	return res
}

func nextStep(kind string) string {
	switch scanner, isScan := strings.CutPrefix(kind, "scan/"); {
	case isScan:
		return fmt.Sprintf("run `modelvet scan --only %s` and attest its result", scanner)
	case kind == "system":
		return "attest modelvet.yaml"
	case kind == "lineage":
		return "name the model's sources under lineage in modelvet.yaml"
	case kind == "signature":
		return "sign the model"
	}
	for k, step := range map[string]string{"thresholds": "the judge has to say when they were set", "baseline": "the judge has to say what was promoted before",
		"bom": "attest a CycloneDX bill of materials"} {
		if kind == k {
			return step
		}
	}
	return "attach the provenance that the build system signed"
}

// ask evaluates the answers of the given rules in one query.
func (e *Engine) ask(ctx context.Context, rules []rule, document, thresholds map[string]any, at time.Time) (map[string]answer, error) {
	if len(rules) == 0 {
		return nil, nil
	}
	var rs rego.ResultSet
	ask := func(ctx context.Context, rules []rule, l limits) error {
		return l.within(ctx, func(ctx context.Context) (err error) {
			q, err := e.prepared(ctx, rules, thresholds)
			if err != nil {
				return err
			}
			got, err := q.Eval(ctx, rego.EvalInput(document), rego.EvalTime(at))
			if ctx.Err() == nil {
				rs = got
			}
			return err
		})
	}
	err := ask(ctx, rules, e.limits)
	if reached := (limitError{}); errors.As(err, &reached) {
		return nil, e.blame(ctx, rules, reached, ask)
	}
	if err != nil {
		return nil, err
	}
	if len(rs) != 1 || len(rs[0].Expressions) != 1 {
		return nil, errors.New("they did not answer")
	}
	b, err := json.Marshal(rs[0].Expressions[0].Value)
	if err != nil {
		return nil, err
	}
	var said map[string]answer
	if err := json.Unmarshal(b, &said); err != nil {
		return nil, fmt.Errorf("an answer is no set of sentences: %w", err)
	}
	return said, nil
}

// mostPrepared is how many questions an engine keeps ready: a server that
// judges by one policy asks a few, whatever the number of models.
const mostPrepared = 64

// prepared is the question to the given rules under the given thresholds,
// which takes longer to prepare than to ask.
func (e *Engine) prepared(ctx context.Context, rules []rule, thresholds map[string]any) (rego.PreparedEvalQuery, error) {
	text := question(rules)
	bounds, err := json.Marshal(thresholds) // keys are sorted
	if err != nil {
		return rego.PreparedEvalQuery{}, err
	}
	key := text + string(bounds)
	if q, ok := e.ready.get(key); ok {
		return q, nil
	}
	q, err := rego.New(
		rego.Query(text), rego.Compiler(e.compiler),
		rego.Store(inmem.NewFromObject(map[string]any{"config": map[string]any{"thresholds": thresholds}})),
		rego.StrictBuiltinErrors(true), // a rule that breaks must not pass
	).PrepareForEval(ctx)
	if err == nil {
		e.ready.put(key, q)
	}
	return q, err
}

func sizeOf(evidence []modelvet.Evidence) int {
	n := 0
	for _, e := range evidence {
		n += len(e.Predicate)
	}
	return n
}

// answer holds the sets of one rule. A pointer tells an empty set from none.
type answer struct {
	Deny          *[]string `json:"deny"`
	Unknown       []string  `json:"unknown"`
	NotApplicable []string  `json:"not_applicable"`
}

// question is one object with the answers of every rule: one that is
// undefined makes the whole undefined, and so an error.
func question(rules []rule) string {
	var b strings.Builder
	b.WriteString("{")
	for i, r := range rules {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%q: {", r.ID)
		for j, set := range r.answers {
			if j > 0 {
				b.WriteString(", ")
			}
			fmt.Fprintf(&b, "%q: data.policies.rules.%s.%s", set, r.ID, set)
		}
		b.WriteString("}")
	}
	b.WriteString("}")
	return b.String()
}

// unset tells which thresholds a rule reads and the policy does not give.
func (e *Engine) unset(r rule, in Input) string {
	var gaps []string
	for _, name := range r.thresholds {
		if _, ok := in.Thresholds[name]; !ok {
			gaps = append(gaps, fmt.Sprintf("the policy gives no threshold %s for stage %s; add it under thresholds", name, in.Stage))
		}
	}
	return strings.Join(gaps, "; ")
}

// conclude turns what a rule said into its outcome: fail before unknown,
// unknown before not applicable, and pass only when it said nothing. Without
// a threshold that it reads, what it did not say proves nothing.
func conclude(res *modelvet.Result, said map[string]answer, unset string) error {
	a, ok := said[res.ID]
	if !ok || a.Deny == nil {
		return fmt.Errorf("rule %s did not answer", res.ID)
	}
	for _, set := range [][]string{*a.Deny, a.Unknown, a.NotApplicable} {
		slices.Sort(set)
		if slices.Contains(set, "") {
			return fmt.Errorf("rule %s answered with an empty sentence", res.ID)
		}
	}
	switch {
	case len(*a.Deny) > 0:
		res.Outcome, res.Objections = modelvet.Fail, *a.Deny
	case len(a.Unknown) > 0:
		if unset != "" {
			a.Unknown = append(a.Unknown, unset)
		}
		res.Outcome, res.Reason = modelvet.Unknown, strings.Join(a.Unknown, "; ")
	case len(a.NotApplicable) > 0:
		res.Outcome, res.Reason = modelvet.NotApplicable, strings.Join(a.NotApplicable, "; ")
	case unset != "":
		res.Outcome, res.Reason = modelvet.Unknown, unset
	default:
		res.Outcome = modelvet.Pass
	}
	return nil
}
