// SPDX-License-Identifier: Apache-2.0

package controls

import (
	"regexp"
	"strings"
	"testing"
	"testing/fstest"
	"time"
)

func mustLoad(t testing.TB) *Set {
	t.Helper()
	s, err := Load()
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTheSixCataloguesAreComplete(t *testing.T) {
	s := mustLoad(t)
	want := map[string]int{"eu-ai-act": 238, "nist-ai-rmf": 108, "iso-42001": 70, "gdpr": 24, "sector": 65, "threats": 80}
	total := 0
	for _, c := range s.Catalogues() {
		if len(c.Entries) != want[c.ID] {
			t.Errorf("%s has %d entries, want %d", c.ID, len(c.Entries), want[c.ID])
		}
		total += len(c.Entries)
	}
	if len(s.Catalogues()) != 6 || total != 585 {
		t.Errorf("%d catalogues with %d entries, want 6 with 585", len(s.Catalogues()), total)
	}
	for pattern, n := range map[string]int{
		`^airmf-(govern|map|measure|manage)-`: 72, `^airmf-govern-`: 19, `^airmf-map-`: 18, `^airmf-measure-`: 22, `^airmf-manage-`: 13,
		`^airmf-genai-risk-`: 12, `^iso42001-a\.`: 38, `^iso42001-cl-`: 32,
	} {
		if got := count(s, pattern); got != n {
			t.Errorf("%d controls match %s, want %d", got, pattern, n)
		}
	}
}

func count(s *Set, pattern string) int {
	re, n := regexp.MustCompile(pattern), 0
	for id := range s.entries {
		if re.MatchString(id) {
			n++
		}
	}
	return n
}

func TestEveryControlCanBeReliedOn(t *testing.T) {
	s := mustLoad(t)
	for _, c := range s.Catalogues() {
		for _, e := range c.Entries {
			if !token.MatchString(e.ID) || e.Source == "" || e.Framework != c.ID || !validDate(e.Verified) {
				t.Errorf("%s: %s is incomplete: %+v", e.Where, e.ID, e)
			}
			for _, id := range e.SeeAlso {
				if x, ok := s.Control(id); !ok || (e.InForce() && !x.InForce()) {
					t.Errorf("%s: %s leads to %s, which does not exist or is not law", e.Where, e.ID, id)
				}
			}
		}
	}
}

// The state of the law that other tools still have wrong: see docs/controls.
func TestTheLawIsAsAmended(t *testing.T) {
	s := mustLoad(t)
	entry := func(id string) Entry {
		e, ok := s.Control(id)
		if !ok {
			t.Fatalf("no %s", id)
		}
		return e
	}
	for id, want := range map[string]string{"euaia-art-10.5": Deleted, "sr11-7": Withdrawn, "co-sb24-205": Withdrawn, "omb-m-24-10": Withdrawn,
		"hipaa-nprm-2025": Proposed, "euaia-art-5.1.ba": Upcoming, "euaia-art-5.1.bb": Upcoming, "euaia-art-4a.1": Active} {
		if got := entry(id).Status; got != want {
			t.Errorf("%s is %s, want %s", id, got, want)
		}
	}
	for id, want := range map[string]Effective{
		"euaia-art-4":       {On: "2025-02-02"},
		"euaia-art-4a.1":    {On: "2026-07-27"},
		"euaia-art-5.1.a":   {On: "2025-02-02"},
		"euaia-art-5.1.ba":  {On: "2026-12-02"},
		"euaia-art-15.1":    {AnnexIII: "2027-12-02", AnnexI: "2028-08-02"},
		"euaia-art-72.1":    {Formal: "2026-08-02", AnnexIII: "2027-12-02", AnnexI: "2028-08-02"},
		"euaia-art-50.1":    {On: "2026-08-02"},
		"euaia-art-50.2":    {New: "2026-08-02", Existing: "2026-12-02", ExistingBefore: "2026-08-02"},
		"euaia-art-53.1.a":  {New: "2025-08-02", Existing: "2027-08-02", ExistingBefore: "2025-08-02"},
		"sr26-2-validation": {On: "2026-04-17"},
	} {
		if got := entry(id).From; got != want {
			t.Errorf("%s applies from %+v, want %+v", id, got, want)
		}
	}
	// Chapter III sections 1 to 3 and Annex IV: deferred as a whole.
	re := regexp.MustCompile(`^euaia-(art-(6|8|9|1\d|2[0-7])\.|anx-iv-)`)
	for _, c := range s.Catalogues() {
		for _, e := range c.Entries {
			if re.MatchString(e.ID) && e.InForce() && (e.From.AnnexIII != "2027-12-02" || e.From.AnnexI != "2028-08-02") {
				t.Errorf("%s applies from %+v", e.ID, e.From)
			}
		}
	}
}

const sound = `catalogue:
  id: mine
  title: Mine
  version: '1'
  as_of: '2026-11-23'
  crosswalk_basis: own reading
  source_urls: [https://example.org]
controls:
- id: mine-1
  ref: '1'
  title: One
  summary: Do it.
  applies_to: {risk_class: [any]}
  effective_from: '2026-01-01'
  evidence: [attestation]
  automatable: none
  check: A person says so.
  source: Mine, section 1
`

func TestAFlawedCatalogueIsRefusedWithItsLine(t *testing.T) {
	if _, err := ParseCatalogue("x.yaml", []byte(sound)); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct{ old, new, want string }{
		"unknown field":       {"  title: One", "  titel: One", `x.yaml:11: unknown field "titel"`},
		"missing source":      {"  source: Mine, section 1\n", "", `x.yaml:9: field "source" is missing`},
		"empty source":        {"source: Mine, section 1", "source: ''", "x.yaml:18: empty text"},
		"bad id":              {"id: mine-1", "id: 1-mine", "x.yaml:9: id \"1-mine\""},
		"boolean automatable": {"automatable: none", "automatable: yes", "x.yaml:16: "},
		"old word":            {"automatable: none", "automatable: partly", `x.yaml:16: "partly" is not one of full, partial, none`},
		"bare date":           {"'2026-01-01'", "2026-01-01", "x.yaml:14: expected text; put quotes"},
		"bad date":            {"'2026-01-01'", "'2026-13-01'", "x.yaml:14: \"2026-13-01\" is no date"},
		"not a date":          {"'2026-01-01'", "'soon'", "x.yaml:14: "},
		"odd date key":        {"'2026-01-01'", "{from: '2026-01-01'}", `x.yaml:14: unknown field "from"`},
		"half a pair":         {"'2026-01-01'", "{annex_iii: '2026-01-01'}", "go together"},
		"only formal":         {"'2026-01-01'", "{formal: '2026-01-01'}", "for nobody"},
		"binds nobody":        {"{risk_class: [any]}", "{role: [provider]}", "bind nobody"},
		"unknown class":       {"[any]}", "[enormous]}", `"enormous" is not one of`},
		"key twice":           {"  title: One", "  title: One\n  title: Two", "x.yaml:12: "},
		"alias":               {"title: Mine", "title: &a Mine", "anchors and aliases"},
		"tag":                 {"title: Mine", "title: !!binary aGk=", "tags are not allowed"},
		"two documents":       {"controls:", "---\ncontrols:", "more than one YAML document"},
		"no controls":         {sound[strings.Index(sound, "controls:"):], "controls: []\n", "the list is empty"},
		"cut short":           {"  as_of: '2026-11-23'\n", "  as_of: '2026-11-23'\n  entries: 2\n", "should have 2 entries and has 1"},
		"not a number":        {"  as_of: '2026-11-23'\n", "  as_of: '2026-11-23'\n  entries: -1\n", "above zero"},
		"upcoming, undated":   {"  effective_from: '2026-01-01'", "  status: upcoming", "does not say when"},
		"status":              {"  check:", "  status: maybe\n  check:", `"maybe" is not one of`},
		"list for text":       {"title: Mine", "title: [Mine]", "expected text"},
		"not a mapping":       {sound, "- a\n- b\n", "must be a mapping"},
		"empty":               {sound, "", "it is empty"},
		"comment only":        {sound, "# nothing\n", ""},
		"null":                {sound, "~\n", "must be a mapping"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := ParseCatalogue("x.yaml", []byte(strings.Replace(sound, c.old, c.new, 1)))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

// A catalogue cut anywhere is never taken for a whole one.
func TestACatalogueCutShortIsRefused(t *testing.T) {
	whole, err := builtin.ReadFile("catalogues/gdpr.yaml")
	if err != nil {
		t.Fatal(err)
	}
	for cut := len(whole) - 2; cut > 0; cut -= 97 {
		if c, err := ParseCatalogue("x.yaml", whole[:cut]); err == nil && len(c.Entries) != 24 {
			t.Errorf("cut at %d of %d: accepted with %d entries", cut, len(whole), len(c.Entries))
		}
	}
}

func TestHostileYAMLIsRefused(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'k'; c++ {
		p := string(c - 1)
		bomb += string(c) + ": &" + string(c) + " [" + strings.TrimSuffix(strings.Repeat("*"+p+",", 10), ",") + "]\n"
	}
	for name, data := range map[string]string{
		"alias bomb": bomb,
		"merge":      "base: {a: b}\nx:\n  <<: {c: d}\n",
		"deep":       strings.Repeat("[", 5000) + strings.Repeat("]", 5000),
		"deep map":   "a: " + strings.Repeat("{a: ", 200) + "b" + strings.Repeat("}", 200),
		"huge":       "catalogue: '" + strings.Repeat("x", maxBytes) + "'",
		"binary":     "\x00\x01\x02",
		"odd key":    "? [a, b]\n: c\n",
	} {
		if _, err := ParseCatalogue("x.yaml", []byte(data)); err == nil {
			t.Errorf("%s was accepted", name)
		}
	}
}

func TestWhatIsAddedCannotReplaceWhatIsBuiltIn(t *testing.T) {
	load := func(files map[string]string) error {
		fsys := fstest.MapFS{}
		for name, text := range files {
			fsys[name] = &fstest.MapFile{Data: []byte(text)}
		}
		_, err := Load(fsys)
		return err
	}
	profile := "id: ours\ntitle: Ours\ndescription: Ours.\ncontrols:\n- framework: mine\n"
	if err := load(map[string]string{"catalogues/mine.yaml": sound, "profiles/ours.yaml": profile}); err != nil {
		t.Fatalf("a catalogue and a profile of the user's own: %v", err)
	}
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"catalogue id": {map[string]string{"catalogues/m.yaml": strings.Replace(sound, "id: mine\n", "id: gdpr\n", 1)}, "there is a catalogue"},
		"control id":   {map[string]string{"catalogues/m.yaml": strings.Replace(sound, "mine-1", "gdpr-art-6", 1)}, "exists already"},
		"profile id":   {map[string]string{"profiles/gdpr.yaml": "id: gdpr\ntitle: T\ndescription: D\ncontrols:\n- framework: sector\n"}, "there is a profile"},
		"dangling":     {map[string]string{"catalogues/m.yaml": strings.Replace(sound, "  source:", "  see_also: [gone]\n  source:", 1)}, `m.yaml:9: see_also of mine-1 names "gone"`},
		"no framework": {map[string]string{"profiles/p.yaml": "id: p\ntitle: T\ndescription: D\ncontrols:\n- framework: gone\n"}, `p.yaml:5: there is no catalogue "gone"`},
		"no match":     {map[string]string{"profiles/p.yaml": "id: p\ntitle: T\ndescription: D\ncontrols:\n- framework: gdpr\n  ids: ['gdpr-*', 'x*']\n"}, `"x*" matches no control`},
		"only deleted": {map[string]string{"profiles/p.yaml": "id: p\ntitle: T\ndescription: D\ncontrols:\n- framework: eu-ai-act\n  ids: [euaia-art-10.5]\n"}, "picks no control"},
		"other name":   {map[string]string{"profiles/p.yaml": "id: q\ntitle: T\ndescription: D\ncontrols:\n- framework: gdpr\n"}, "name the file q.yaml"},
		"nothing":      {map[string]string{"catalogs/mine.yaml": sound}, "neither catalogues"},
		"bad level":    {map[string]string{"profiles/p.yaml": "id: p\ntitle: T\ndescription: D\ncontrols:\n- framework: gdpr\nlevels: {a.b: off}\n"}, ""},
	} {
		if err := load(c.files); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, c.want)
		}
	}
}

func FuzzParseCatalogue(f *testing.F) {
	f.Add([]byte(sound))
	f.Add([]byte("a: &a [*a]\n"))
	f.Add([]byte("catalogue: {id: x}\ncontrols:\n- {}\n"))
	s := mustLoad(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ParseCatalogue("x.yaml", data)
		if err == nil && (c.ID == "" || len(c.Entries) == 0 || c.Entries[0].Source == "") {
			t.Errorf("accepted, yet incomplete: %+v", c)
		}
		p, err := s.ParseProfile("x.yaml", data)
		if err == nil && len(p.Controls) == 0 {
			t.Error("accepted a profile without controls")
		}
	})
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := load(builtin); err != nil {
			b.Fatal(err)
		}
	}
}

// What one system answers to under every profile at once.
func BenchmarkForSystem(b *testing.B) {
	s, err := Load()
	if err != nil {
		b.Fatal(err)
	}
	var names []string
	for _, p := range s.Profiles() {
		names = append(names, p.ID)
	}
	for b.Loop() {
		if _, err := s.ForSystem(names, creditScoring(), nil, time.Date(2027, 12, 3, 0, 0, 0, 0, time.UTC)); err != nil {
			b.Fatal(err)
		}
	}
}
