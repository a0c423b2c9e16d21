// SPDX-License-Identifier: Apache-2.0

package policies

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/modelvet/modelvet"
)

const mineAt = "rules/mine/x/x.rego"

const head = `# METADATA
# title: T
# description: D
# custom:
#   level: block
#   needs: []
#   controls: []
#   remediation: R
package policies.rules.mine.x

import future.keywords.not

`

func needing(needs, body string) string {
	return strings.Replace(head, "needs: []", "needs: ["+needs+"]", 1) + body
}

func instead(old, new string) string {
	return strings.Replace(head, old, new, 1) + `deny contains "no"`
}

// Every way that is known in which a rule could keep silent, and what the
// engine says instead of letting it.
func TestNoDoorIsLeftOpen(t *testing.T) {
	for name, tt := range map[string]struct{ src, want string }{
		"no metadata":               {"package policies.rules.mine.x\n" + `deny contains "no"`, "no METADATA"},
		"no level":                  {instead("level: block", "kind: block"), "custom.level"},
		"a level that is none":      {instead("block", "blok"), `custom.level is "blok"`},
		"no needs":                  {instead("#   needs: []\n", ""), "want custom.needs"},
		"no controls":               {instead("#   controls: []\n", ""), "want custom.controls"},
		"no remediation":            {instead("#   remediation: R\n", ""), "custom.remediation"},
		"no title":                  {instead("# title: T\n", ""), "want a title and a description"},
		"a misspelt annotation":     {instead("needs: []", "needs: []\n#   waiveable: false"), "custom.waiveable: unknown word"},
		"a need that is no kind":    {instead("needs: []", "needs: [systm]"), "no kind of evidence"},
		"a need never read":         {needing("system", `deny contains "no"`), "which the rule never reads"},
		"its own schema":            {instead("# custom:", "# schemas:\n#   - input: {type: object}\n# custom:"), "the engine gives every rule the schema"},
		"misnamed":                  {head + `denies contains "no"`, "nobody asks denies"},
		"misnamed beside the right": {head + "deny contains \"no\"\n\ndenny contains \"no\"", "nobody asks denny"},
		"no deny at all":            {head + `unknown contains "no"`, "no set named deny"},
		"deny is a value":           {head + `deny := "no"`, "deny must be a set of sentences"},
		"deny is a function":        {head + `deny(x) := x`, "deny must be a set of sentences"},
		"deny is an object":         {head + `deny["x"] := "no"`, "nobody asks"},
		"unknown is a value":        {head + "deny contains \"no\"\n\nunknown := true", "unknown must be a set of sentences"},
		"too deep":                  {instead("mine.x", "mine.deep.x"), "want policies.rules.mine.x"},
		"too shallow":               {instead("policies.rules.mine.x", "policies.rules.mine"), "want policies.rules.mine.x"},
		"not where it stands":       {instead("mine.x", "mine.y"), "want policies.rules.mine.x"},
		"says lib":                  {instead("policies.rules.mine.x", "policies.lib"), "want policies.rules.mine.x"},
		"says another rule":         {instead("mine.x", "safety.no_unsafe_calls"), "want policies.rules.mine.x"},
		"breaks while asked":        {head + `deny contains "no" if to_number("x") > 1`, "to_number"},
		"divides by nothing":        {head + `deny contains "no" if 1 / (count(input.evidence) - count(input.evidence)) > 0`, "divide by zero"},
		"answers with no sentence":  {head + `deny contains 7`, "no set of sentences"},
		"answers with nothing":      {head + `deny contains ""`, "empty sentence"},
		"answers with null":         {head + `deny contains null`, "empty sentence"},
		"misspells the input":       {head + `deny contains "no" if input.sytem`, "input.sytem"},
		"misspells evidence":        {head + `deny contains "no" if input.evidence[_].predicatType`, "predicatType"},
		"misspells in a predicate":  {needing("system", `deny contains "no" if input.system.oversight.ownr`), "ownr"},
		"misspells in a list":       {needing("system", `deny contains "no" if { some t in input.system.tables; t.lable == "" }`), "lable"},
		"misspells in a scan":       {needing("scan/fairness", `deny contains "no" if { some m in input.scans.fairness.measurements; m.slice.atribute == "" }`), "atribute"},
		"misspells in a new scan":   {needing("scan/mine", `deny contains "no" if { some m in input.scans.mine.measurement; m.n == 0 }`), "measurement"},
		"misspells in a helper":     {needing("system", "deny contains \"no\" if { some t in _t; t.lable == \"\" }\n\n_t contains t if some t in input.system.tables"), "lable"},
		"misspells in a function":   {needing("system", "deny contains \"no\" if { some t in input.system.tables; _f(t) }\n\n_f(t) if t.lable == \"\""), "may not name fields"},
		"unpacks in a function":     {needing("system", "deny contains \"no\" if _f(input.system.tables)\n\n_f(ts) if { some t in ts; t.lable == \"\" }"), "may not name fields"},
		"computes a field's name":   {needing("system", "deny contains \"no\" if { k := \"nmae\"; input.system[k] == \"\" }"), "named by a variable"},
		"computes it indirectly":    {needing("system", "deny contains \"no\" if { s := input.system; k := \"nmae\"; s[k] == \"\" }"), "named by a variable"},
		"computes a kind":           {head + "deny contains \"no\" if { some k; input[k] }", "name the evidence that is read"},
		"hands on the input":        {head + "deny contains \"no\" if _f(input)\n\n_f(x) if is_object(x)", "name the evidence that is read"},
		"hands on all scans":        {head + "deny contains \"no\" if count(input.scans) == 0", "name the scan that is read"},
		"computes a scan":           {head + "deny contains \"no\" if { some k; input.scans[k].version == \"\" }", "name the scan that is read"},
		"reads what it needs not":   {head + `deny contains "no" if input.system.role == "x"`, "reads system, which its METADATA do not name"},
		"reads a scan it needs not": {needing("scan/mine", `deny contains "no" if input.scans.fairness.version == input.scans.mine.version`), "reads scan/fairness"},
		"looks up by string":        {needing("system", `deny contains "no" if object.get(input.system, "nmae", "x") == ""`), "undefined function object.get"},
		"walks":                     {needing("system", `deny contains "no" if { walk(input.system, [p, v]); v == "" }`), "undefined function walk"},
		"calls the network":         {head + `deny contains "no" if http.send({"url": "http://x.invalid", "method": "get"})`, "undefined function http.send"},
		"resolves a name":           {head + `deny contains "no" if net.lookup_ip_addr("x.invalid")`, "undefined function net.lookup_ip_addr"},
		"reads the clock":           {head + `deny contains "no" if time.now_ns() > 0`, "undefined function time.now_ns"},
		"reads the environment":     {head + `deny contains "no" if opa.runtime().env.HOME`, "undefined function opa.runtime"},
		"throws dice":               {head + `deny contains "no" if rand.intn("x", 2) == 1`, "undefined function rand.intn"},
		"replaces the evidence":     {head + `deny contains "no" if count(input.evidence) == 1 with input as {"evidence": [1]}`, "a rule judges the evidence as it is"},
		"the old not":               {strings.Replace(head, "import future.keywords.not\n", "", 1) + `deny contains "no" if not count(input.evidence) == 0`, "import future.keywords.not"},
		"the old not in a helper":   {strings.Replace(head, "import future.keywords.not\n", "", 1) + "deny contains \"no\" if _h\n\n_h if { xs := [1 | not input.stage == \"x\"]; count(xs) > 0 }", "import future.keywords.not"},
		"every":                     {head + `deny contains "no" if { every e in input.evidence { e.status == "x" } }`, "true of an empty list"},
		"reads another rule":        {head + `deny contains "no" if count(data.policies.rules.safety.no_unsafe_calls.deny) > 0`, "nobody writes this"},
		"reads all rules":           {head + `deny contains "no" if count(data.policies.rules) > 0`, "recursive"},
		"reads the library":         {head + `deny contains "no" if count(data.policies.lib.protected) > 0`, "belongs to the built-in rules"},
		"imports the library":       {head + "import data.policies.lib\n" + `deny contains "no" if count(lib.protected) > 0`, "belongs to the built-in rules"},
		"reads data nobody writes":  {head + `deny contains "no" if data.config.allowed[_] == "x"`, "nobody writes this"},
		"reads all data":            {head + `deny contains "no" if count(data) > 0`, "recursive"},
		"misspells a threshold":     {head + `deny contains "no" if data.config.thresholds.fairness.group_size < 1`, "threshold fairness.group_size is not known"},
		"computes a threshold":      {head + `deny contains "no" if { some k; data.config.thresholds.fairness[k] < 1 }`, "want data.config.thresholds.AREA.NAME"},
		"takes all thresholds":      {head + `deny contains "no" if { t := data.config.thresholds; t.fairness.x < 1 }`, "nobody writes this"},
		"misspells its helper":      {head + "deny contains \"no\" if _hlper\n\n_helper := true", "_hlper"},
		"does not parse":            {head + `deny contains "no" if {`, "x.rego:"},
		"counts without end":        {head + `deny contains "no" if count(numbers.range(1, 1000000000)) == 0`, "undefined function numbers.range"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			e, err := New(ctx, fstest.MapFS{mineAt: {Data: []byte(tt.src)}})
			if err == nil {
				_, err = e.Evaluate(ctx, caseOf(t, good()))
			}
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestFoldersThatAreRefused(t *testing.T) {
	rule := head + `deny contains "no"`
	builtinRule := strings.Replace(rule, "mine.x", "safety.no_unsafe_calls", 1)
	for name, tt := range map[string]struct {
		files map[string]string
		want  string
	}{
		"in another's place":    {map[string]string{"rules/safety/no_unsafe_calls/no_unsafe_calls.rego": builtinRule}, "stands already"},
		"two in one place":      {map[string]string{mineAt: rule, "rules/mine/x/y.rego": rule}, "nobody would ask"},
		"at the top":            {map[string]string{"x.rego": rule}, "nobody would ask"},
		"too deep":              {map[string]string{"rules/mine/deep/x/x.rego": rule}, "nobody would ask"},
		"a library":             {map[string]string{mineAt: rule, "lib/bounds.rego": "package policies.lib\n"}, "library of the built-in rules"},
		"no rules":              {map[string]string{"README.md": "hello"}, "no rules found"},
		"only tests":            {map[string]string{"rules/mine/x/x_test.rego": "package x"}, "no rules found"},
		"empty":                 {map[string]string{mineAt: ""}, "x.rego"},
		"only a comment":        {map[string]string{mineAt: "# nothing\n"}, "x.rego"},
		"huge":                  {map[string]string{mineAt: rule + strings.Repeat("#", maxRule)}, "at most"},
		"capital letters":       {map[string]string{"rules/Mine/x/x.rego": rule}, "nobody would ask"},
		"a name that is a test": {map[string]string{"rules/mine/x_test/x_test.rego": rule}, "no rules found"},
	} {
		t.Run(name, func(t *testing.T) {
			fsys := fstest.MapFS{}
			for p, text := range tt.files {
				fsys[p] = &fstest.MapFile{Data: []byte(text)}
			}
			if _, err := New(t.Context(), fsys); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

// A new folder is a rule: nothing else registers it.
func TestAUsersRuleIsAsked(t *testing.T) {
	src := needing("scan/mine", "deny contains f.what if some f in input.scans.mine.findings")
	e, err := New(t.Context(), fstest.MapFS{mineAt: {Data: []byte(src)}})
	if err != nil {
		t.Fatal(err)
	}
	if got := outcomes(t, e, caseOf(t, good()))["mine.x"]; got.Outcome != modelvet.Unknown {
		t.Errorf("without its scan: %+v", got)
	}
	all := good()
	all["scan/mine"] = scanOf("mine", []string{"a"}, []modelvet.Finding{{ID: "a/b", Path: "a", What: "it is bad", Severity: "warn"}})
	if got := outcomes(t, e, caseOf(t, all))["mine.x"]; got.Outcome != modelvet.Fail || got.Objections[0] != "it is bad" {
		t.Errorf("with its scan: %+v", got)
	}
	if e.Digest() == engine(t).Digest() {
		t.Error("another set of rules has the same digest")
	}
}

// A rule may take its time, and not more.
func TestARuleThatDoesNotEnd(t *testing.T) {
	src := needing("scan/mine", "deny contains \"no\" if { f := input.scans.mine.coverage.read; some a in f; some b in f; some c in f; some d in f; concat(\"\", [a, b, c, d]) == \"\" }")
	e, err := New(t.Context(), fstest.MapFS{mineAt: {Data: []byte(src)}})
	if err != nil {
		t.Fatal(err)
	}
	in := caseOf(t, map[string]any{"scan/mine": scanOf("mine", slices.Repeat([]string{"a"}, 1000), nil)})
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	if got, err := e.Evaluate(ctx, in); err == nil || got != nil {
		t.Errorf("got %d results, %v", len(got), err)
	}
}

// Rules that use up time or memory, and evidence that is huge, are refused,
// and the one that does is named by file and line. The limits are lower here.
func TestLimits(t *testing.T) {
	const mib = 1 << 20
	many := map[string]any{"scan/mine": scanOf("mine", slices.Repeat([]string{strings.Repeat("a", 100)}, 2000), nil)}
	for name, tt := range map[string]struct {
		body   string
		limits limits
		want   string
	}{
		"an endless comprehension": {`deny contains "no" if { f := input.scans.mine.coverage.read; count({1 | some a in f; some b in f; some c in f; some d in f; concat("", [a, b, c, d]) == ""}) > 0 }`,
			limits{500 * time.Millisecond, 1 << 40, 1 << 40}, "rules/mine/x/x.rego:1: rule mine.x: it took longer than 500ms"},
		"lists of lists": {`deny contains "no" if { f := input.scans.mine.coverage.read; count([[i, j, a, b] | some i, a in f; some j, b in f]) == 1 }`,
			limits{time.Minute, 100 * mib, 1 << 40}, "rules/mine/x/x.rego:1: rule mine.x: it took more than 100 MiB"},
		"a text that doubles": {`deny contains "no" if { a := concat("", input.scans.mine.coverage.read)` + doubling(30) + ` }`,
			limits{time.Minute, 100 * mib, 1 << 40}, "more than 100 MiB"},
		"giant evidence": {`deny contains "no" if count(input.scans.mine.coverage.read) == 1`, limits{time.Minute, 1 << 40, 1000}, "at most 1000 are judged"},
	} {
		t.Run(name, func(t *testing.T) {
			e, err := New(t.Context(), fstest.MapFS{mineAt: {Data: []byte(needing("scan/mine", tt.body))}})
			if err != nil {
				t.Fatal(err)
			}
			e.limits = tt.limits
			start := time.Now()
			got, err := e.Evaluate(t.Context(), caseOf(t, many))
			if err == nil || got != nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %d results, %v; want %q", len(got), err, tt.want)
			}
			if took := time.Since(start); took > 30*time.Second {
				t.Errorf("refused after %v", took)
			}
		})
	}
}

// doubling is so many lines that each double a text.
func doubling(n int) string {
	var b strings.Builder
	last := "a"
	for i := range n {
		next := fmt.Sprintf("a%d", i)
		fmt.Fprintf(&b, "; %s := concat(\"\", [%s, %s])", next, last, last)
		last = next
	}
	return b.String() + "; count(" + last + ") == 1"
}

// A rule that no machine can read in time is refused like one that is wrong.
func TestHostileSource(t *testing.T) {
	for name, body := range map[string]string{
		"nested without end":  `deny contains "no" if ` + strings.Repeat("[", 200_000) + strings.Repeat("]", 200_000),
		"half a nesting":      `deny contains "no" if ` + strings.Repeat("{", 200_000),
		"no UTF-8":            "deny contains \"\xff\xfe\"",
		"a nul byte":          "deny contains \"no\" if \x00",
		"a regex that is not": `deny contains "no" if regex.match("(", input.stage)`,
		"a long delimiter":    `deny contains "no" if concat(input.stage, [input.at, input.at]) == ""`,
		"a text in a text":    `deny contains "no" if replace(input.at, "a", input.at) == ""`,
	} {
		t.Run(name, func(t *testing.T) {
			e, err := New(t.Context(), fstest.MapFS{mineAt: {Data: []byte(head + body)}})
			if err == nil {
				_, err = e.Evaluate(t.Context(), caseOf(t, good()))
			}
			if err == nil || !strings.Contains(err.Error(), "x.rego:") {
				t.Errorf("got %.300v", err)
			}
		})
	}
}
