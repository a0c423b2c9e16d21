// SPDX-License-Identifier: Apache-2.0

package oscal

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"github.com/modelvet/modelvet/controls"
)

func TestWhatIsWrittenIsReadBack(t *testing.T) {
	s, err := controls.Load()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range s.Catalogues() {
		first, err := FromCatalogue(c).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		back, err := ReadCatalogue(c.ID+".json", "other", bytes.NewReader(first))
		if err != nil {
			t.Fatal(err)
		}
		if back.ID != c.ID || back.AsOf != c.AsOf || len(back.Entries) != len(c.Entries) {
			t.Fatalf("%s came back as %s of %s with %d controls", c.ID, back.ID, back.AsOf, len(back.Entries))
		}
		for i, e := range c.Entries {
			b := back.Entries[i]
			e.Where, b.Where = "", ""
			e.SeeAlso, b.SeeAlso = nil, nil // links to other catalogues are dropped
			if !reflect.DeepEqual(e, b) {
				t.Errorf("%s came back as %+v", e.ID, b)
			}
		}
	}
}

const foreign = `{"catalog": {"uuid": "74c8ba1e-5cd4-4ad1-bbfd-d888e2f6c724", "metadata": {"title": "Theirs", "last-modified": "2025-01-02T03:04:05-05:00", "version": "5", "oscal-version": "1.1.3"},
 "groups": [{"id": "g", "title": "G", "controls": [
  {"id": "ac-1", "title": "Policy", "props": [{"name": "label", "value": "AC-1"}], "links": [{"href": "#ac-2", "rel": "related"}, {"href": "#zz-9", "rel": "related"}],
   "parts": [{"id": "ac-1_smt", "name": "statement", "prose": "Do:", "parts": [{"name": "item", "prose": "this"}, {"name": "item", "prose": "that"}]}],
   "controls": [{"id": "ac-1.1", "title": "Enhancement"}]},
  {"id": "ac-2", "title": "Old", "props": [{"name": "status", "value": "withdrawn"}]}]}]}}`

func TestACatalogueOfOthersCanBeAdded(t *testing.T) {
	c, err := ReadCatalogue("theirs.json", "theirs", strings.NewReader(foreign))
	if err != nil {
		t.Fatal(err)
	}
	s, err := controls.Load()
	if err != nil {
		t.Fatal(err)
	}
	with, err := s.With("theirs.json", c)
	if err != nil {
		t.Fatal(err)
	}
	e, ok := with.Control("ac-1")
	if !ok || e.Ref != "AC-1" || e.Automatable != controls.None || e.Summary != "Do:\nthis\nthat" || strings.Join(e.SeeAlso, " ") != "ac-2" {
		t.Errorf("%+v", e)
	}
	if _, ok := s.Control("ac-1"); ok {
		t.Error("the set it was added to has changed")
	}
	if old, _ := with.Control("ac-2"); old.Status != controls.Withdrawn || len(c.Entries) != 3 {
		t.Errorf("%+v", old)
	}
	if _, err := with.With("theirs.json", c); err == nil {
		t.Error("it was added twice")
	}
}

func TestABadCatalogueIsRefused(t *testing.T) {
	for name, c := range map[string]struct{ old, new, want string }{
		"no JSON":       {foreign, "catalog:", "parsing JSON"},
		"empty":         {foreign, "", "parsing JSON"},
		"a profile":     {`"catalog"`, `"profile"`, "no OSCAL catalogue"},
		"more after":    {foreign, foreign + "{}", "something follows"},
		"version":       {`"1.1.3"`, `"2.0.0"`, "expected 1.x"},
		"date":          {"2025-01-02T", "2025-01-32T", "last-modified"},
		"id":            {`"id": "ac-2"`, `"id": "2-ac"`, `"2-ac" must match`},
		"twice":         {`"id": "ac-2"`, `"id": "ac-1"`, "ac-1 is given twice"},
		"title":         {`"title": "Old"`, `"title": ""`, "ac-2 has no title"},
		"no controls":   {`"groups": [`, `"other": [`, "no controls"},
		"automatable":   {`{"name": "label", "value": "AC-1"}`, `{"name": "automatable", "ns": "` + Namespace + `", "value": "yes"}`, `automatable "yes"`},
		"status":        {`{"name": "label", "value": "AC-1"}`, `{"name": "status", "ns": "` + Namespace + `", "value": "fine"}`, `status "fine"`},
		"day":           {`{"name": "label", "value": "AC-1"}`, `{"name": "effective-from", "ns": "` + Namespace + `", "value": "soon"}`, "ac-1"},
		"nested groups": {`"controls": [{"id": "ac-1.1", "title": "Enhancement"}]`, `"controls": [{"id": "ac-1.1", "title": "x"` + nested(20) + `}]`, "nested"},
	} {
		_, err := ReadCatalogue("x.json", "theirs", strings.NewReader(strings.Replace(foreign, c.old, c.new, 1)))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want an error with %q", name, err, c.want)
		}
	}
	if _, err := ReadCatalogue("x.json", "no id", strings.NewReader(foreign)); err == nil {
		t.Error("a bad catalogue id was accepted")
	}
	if _, err := ReadCatalogue("x.json", "x", strings.NewReader(strings.Repeat(" ", maxBytes+1))); err == nil {
		t.Error("a huge file was accepted")
	}
}

func nested(n int) string {
	if n == 0 {
		return ""
	}
	return `, "controls": [{"id": "n` + strings.Repeat("x", n) + `", "title": "x"` + nested(n-1) + `}]`
}

func FuzzReadCatalogue(f *testing.F) {
	f.Add([]byte(foreign))
	f.Add([]byte(`{"catalog": {"controls": [{"id": "a", "title": "b", "links": [{"href": "#a", "rel": "related"}]}]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := ReadCatalogue("x.json", "x", bytes.NewReader(data))
		if err != nil {
			return
		}
		if out, err := FromCatalogue(c).Marshal(); err != nil || !json.Valid(out) {
			t.Errorf("read, but cannot be written: %v", err)
		}
	})
}
