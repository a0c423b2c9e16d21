// SPDX-License-Identifier: Apache-2.0

package gate

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/attest"
)

const mine = `# METADATA
# title: T
# description: D
# custom:
#   level: block
#   needs: []
#   controls: [CONTROLS]
#   remediation: R
package policies.rules.mine.x

deny contains "no"
`

func folder(files map[string]string) fs.FS {
	out := fstest.MapFS{}
	for name, text := range files {
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

func rule(controls string) string { return strings.Replace(mine, "CONTROLS", controls, 1) }

// opened is a gate with one stage and, beside the built-in rules, a folder.
func opened(t *testing.T, s Stage, more ...fs.FS) (*Gate, error) {
	t.Helper()
	if len(s.Profiles) == 0 {
		s.Profiles = []string{"nist-ai-rmf"}
	}
	g := &Gate{Policy: &Policy{Origin: "policy.yaml", Stages: map[string]Stage{"production": s}}, Stage: "production", UserRules: more}
	return g, g.Open(t.Context())
}

// An added rule is asked whatever the profiles say, and closes the gate.
func TestAnAddedRuleIsAlwaysAsked(t *testing.T) {
	for name, controls := range map[string]string{"no control at all": "", "a control of no profile of the stage": "gdpr-art-35"} {
		g, err := opened(t, Stage{}, folder(map[string]string{"rules/mine/x/x.rego": rule(controls)}))
		if err != nil {
			t.Fatal(name, err)
		}
		stage := g.Policy.Stages["production"]
		if !slices.Contains(g.demanded(stage), "mine.x") {
			t.Errorf("%s: the rule is not demanded", name)
		}
		c := modelvet.Case{Demanded: g.demanded(stage), Stage: "production", Now: now,
			Subject: modelvet.Subject{Name: "m", Digest: "sha256:" + strings.Repeat("1", 64), Files: []modelvet.File{{Path: "a", Digest: "sha256:" + strings.Repeat("2", 64), Kind: "weight"}}}}
		g.Now = now
		if c.Results, err = g.ask(t.Context(), &c, stage); err != nil {
			t.Fatal(name, err)
		}
		d := modelvet.Decide(c)
		if !slices.Contains(d.Reasons, "mine.x: no") {
			t.Errorf("%s: %v", name, d.Reasons)
		}
	}
}

// Nothing that a folder brings along stands in for a built-in rule, silences
// one or softens it.
func TestAnAddedFolderSilencesNothing(t *testing.T) {
	plain, err := opened(t, Stage{})
	if err != nil {
		t.Fatal(err)
	}
	builtin := strings.Replace(rule(""), "mine.x", "safety.no_unsafe_calls", 1)
	silent := strings.Replace(builtin, `deny contains "no"`, `deny contains "no" if false`, 1)
	profile := "id: p\ntitle: T\ndescription: D\ncontrols:\n- framework: nist-ai-rmf\n  ids: [airmf-map-1.1]\nlevels: {safety.no_unsafe_calls: warn}\n"
	for name, tt := range map[string]struct {
		files map[string]string
		stage Stage
		want  string // error; empty: loaded, and nothing is softer than before
	}{
		"the same id":                   {map[string]string{"rules/safety/no_unsafe_calls/no_unsafe_calls.rego": silent}, Stage{}, "stands already"},
		"the same package":              {map[string]string{"rules/mine/x/x.rego": silent}, Stage{}, "want policies.rules.mine.x"},
		"its library":                   {map[string]string{"lib/bounds.rego": "package policies.lib\n"}, Stage{}, "library of the built-in rules"},
		"data beside the rule":          {map[string]string{"rules/mine/x/x.rego": rule(""), "data.json": `{"config":{"thresholds":{"fairness":{"group_size_min":0}}},"policies":{"rules":{"safety":{"no_unsafe_calls":{"deny":[]}}}}}`}, Stage{}, ""},
		"thresholds beside":             {map[string]string{"rules/mine/x/x.rego": rule(""), "thresholds.json": `{"mine.x_max":{"minimum":0,"maximum":1,"example":1,"description":"d"}}`}, Stage{}, "thresholds"},
		"a profile with no rule":        {map[string]string{"rules/mine/x/x.rego": rule(""), "profiles/p.yaml": strings.Split(profile, "levels")[0]}, Stage{Profiles: []string{"p", "nist-ai-rmf"}}, ""},
		"a profile that lowers":         {map[string]string{"rules/mine/x/x.rego": rule(""), "profiles/p.yaml": profile}, Stage{Profiles: []string{"p", "nist-ai-rmf"}}, "a profile may only raise"},
		"a profile of their name":       {map[string]string{"rules/mine/x/x.rego": rule(""), "profiles/nist-ai-rmf.yaml": strings.Replace(profile, "id: p", "id: nist-ai-rmf", 1)}, Stage{}, "already"},
		"an unknown control":            {map[string]string{"rules/mine/x/x.rego": rule("airmf-map-99")}, Stage{}, "rules/mine/x/x.rego:7: custom.controls: airmf-map-99"},
		"a control that is law no more": {map[string]string{"rules/mine/x/x.rego": rule("euaia-art-10.5")}, Stage{}, "not in force"},
	} {
		t.Run(name, func(t *testing.T) {
			g, err := opened(t, tt.stage, folder(tt.files))
			if tt.want != "" {
				if err == nil || !strings.Contains(err.Error(), tt.want) {
					t.Fatalf("got %v, want %q", err, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			asked := g.demanded(g.Policy.Stages["production"])
			levels, err := g.levels(g.Policy.Stages["production"])
			if err != nil {
				t.Fatal(err)
			}
			for _, id := range plain.demanded(plain.Policy.Stages["production"]) {
				if !slices.Contains(asked, id) || levels[id] == modelvet.Warn {
					t.Errorf("%s is asked no more, or softer", id)
				}
			}
		})
	}
}

// The level of a rule: a policy raises freely and lowers with a reason.
func TestLevels(t *testing.T) {
	const blocks, warns = "safety.no_unsafe_calls", "monitoring.fairness_watched"
	for name, tt := range map[string]struct {
		levels map[string]LevelChange
		want   string
	}{
		"raised":                   {map[string]LevelChange{warns: {Level: modelvet.Block}}, ""},
		"lowered with a reason":    {map[string]LevelChange{blocks: {Level: modelvet.Warn, Reason: "until the import is done"}}, ""},
		"lowered without a reason": {map[string]LevelChange{blocks: {Level: modelvet.Warn}}, "without a reason"},
		"no such rule":             {map[string]LevelChange{"a.b": {Level: modelvet.Block}}, "there is no rule"},
	} {
		g, err := opened(t, Stage{Levels: tt.levels})
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v", name, err)
		}
		if err != nil {
			continue
		}
		got, err := g.levels(g.Policy.Stages["production"])
		for rule, c := range tt.levels {
			if err != nil || got[rule] != c.Level {
				t.Errorf("%s: %v %v", name, got, err)
			}
		}
		if notes := g.lowered(g.Policy.Stages["production"]); (len(notes) > 0) != (tt.levels[blocks].Reason != "") {
			t.Errorf("%s: notes %v", name, notes)
		}
	}
}

func TestPinned(t *testing.T) {
	d := "sha256:" + strings.Repeat("a", 64)
	for ref, want := range map[string]string{
		"oci:bundle": "oci:bundle@", "oci:/srv/bundle:v1": "oci:/srv/bundle@", "oci:/srv/b@" + d: "oci:/srv/b@",
		"localhost:5000/rules": "localhost:5000/rules@", "localhost:5000/rules:v1": "localhost:5000/rules@",
		"ghcr.io/bank/rules:v1@sha256:" + strings.Repeat("b", 64): "ghcr.io/bank/rules@",
	} {
		if got := pinned(ref, d); got != want+d {
			t.Errorf("%s: %s", ref, got)
		}
	}
}

// Thresholds are dated by their owner, for one stage, as they are: everything
// else leaves it unknown when they were set.
func TestThresholdsAreDated(t *testing.T) {
	dir := t.TempDir()
	sign := func(p *Policy, stage string, key *attest.Signer, at time.Time) error {
		b, err := SignThresholds(t.Context(), p, stage, key, at)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "t.json"), b, 0o600)
		}
		return err
	}
	owner, pipeline := newKey(t, filepath.Join(dir, "o")), newKey(t, filepath.Join(dir, "p"))
	policy := func(min float64) *Policy {
		stage := Stage{Thresholds: map[string]any{"performance.roc_auc_min": min}, ThresholdsSignature: "t.json", Profiles: []string{"nist-ai-rmf"}}
		return &Policy{Origin: filepath.Join(dir, "policy.yaml"), Stages: map[string]Stage{"production": stage, "staging": stage}, Trust: []TrustedSigner{
			{Name: "owner", PublicKey: string(owner.PublicPEM()), Roles: []string{RolePolicyOwner}},
			{Name: "pipeline", PublicKey: string(pipeline.PublicPEM()), Roles: []string{RoleProducer}},
		}}
	}
	at := now.Add(-time.Hour)
	if err := sign(policy(0.7), "production", pipeline, at); err == nil || !strings.Contains(err.Error(), "policy-owner") {
		t.Errorf("the producer signs thresholds: %v", err)
	}
	for name, tt := range map[string]struct {
		stage  string
		signed *Policy
		judged *Policy
		at     time.Time
		tamper bool
		want   string
	}{
		"as they are":         {"production", policy(0.7), policy(0.7), at, false, ""},
		"changed afterwards":  {"production", policy(0.7), policy(0.6), at, false, "not about this artifact"},
		"of another stage":    {"staging", policy(0.7), policy(0.7), at, false, "not about this artifact"},
		"dated in the future": {"production", policy(0.7), policy(0.7), now.Add(time.Hour), false, "in the future"},
		"a changed byte":      {"production", policy(0.7), policy(0.7), at, true, "thresholdsSignature"},
	} {
		if err := sign(tt.signed, tt.stage, owner, tt.at); err != nil {
			t.Fatal(name, err)
		}
		if tt.tamper {
			b, _ := os.ReadFile(filepath.Join(dir, "t.json"))
			b[len(b)/2] ^= 1
			_ = os.WriteFile(filepath.Join(dir, "t.json"), b, 0o600)
		}
		g := &Gate{Policy: tt.judged, Stage: "production", Now: now}
		set, err := g.thresholds(t.Context(), tt.judged.Stages["production"])
		if tt.want == "" {
			if err != nil || !set.SetAt.Equal(at) || set.Proof != ProofSignature || set.Signer.Name != "owner" || set.Values["performance.roc_auc_min"] != 0.7 {
				t.Errorf("%s: %+v, %v", name, set, err)
			}
			continue
		}
		if err == nil || !strings.Contains(err.Error(), tt.want) || !set.SetAt.IsZero() {
			t.Errorf("%s: %+v, %v", name, set, err)
		}
	}
	_ = os.Remove(filepath.Join(dir, "t.json"))
	g := &Gate{Policy: policy(0.7), Stage: "production", Now: now}
	if _, err := g.thresholds(t.Context(), g.Policy.Stages["production"]); err == nil {
		t.Error("a signature that is named and not there is no error")
	}
}

func newKey(t *testing.T, prefix string) *attest.Signer {
	t.Helper()
	if err := attest.GenerateKey(prefix, nil); err != nil {
		t.Fatal(err)
	}
	s, err := attest.LoadSigner(t.Context(), prefix+".key", func() ([]byte, error) { return nil, nil })
	if err != nil {
		t.Fatal(err)
	}
	return s
}
