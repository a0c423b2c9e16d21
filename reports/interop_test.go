// SPDX-License-Identifier: Apache-2.0

//go:build interop

package reports

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/modelvet/modelvet"
	"github.com/modelvet/modelvet/reports/pades"
)

func cacheFile(t *testing.T, name string) string {
	t.Helper()
	dir := os.Getenv("XDG_CACHE_HOME")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			t.Fatal(err)
		}
		dir = filepath.Join(home, ".cache")
	}
	path := filepath.Join(dir, "modelvet", name)
	if _, err := os.Stat(path); err != nil {
		t.Fatalf("%v: run scripts/interop-reports.sh, which installs it", err)
	}
	return path
}

func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	out, err := exec.Command(name, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

// demoDecisions are what scripts/demo.sh decided; the script of this suite runs it.
func demoDecisions(t *testing.T) map[string]modelvet.Decision {
	t.Helper()
	dir := os.Getenv("MODELVET_DEMO")
	out := map[string]modelvet.Decision{}
	for _, name := range []string{"credit-approved", "credit-biased", "credit-tampered"} {
		raw, err := os.ReadFile(filepath.Join(dir, name, "decision.json"))
		if err != nil {
			t.Fatalf("no decision of the demo (%v): run scripts/interop-reports.sh, or name a folder of scripts/demo.sh in MODELVET_DEMO", err)
		}
		var d modelvet.Decision
		if err := json.Unmarshal(raw, &d); err != nil {
			t.Fatal(err)
		}
		out["demo-"+name] = d
	}
	return out
}

// TestInteropSchemas: the formats for programs follow the published schemas,
// over the demo's decisions and a large hostile one.
func TestInteropSchemas(t *testing.T) {
	cases := append(schemaCases(), hugeHostile(500))
	for _, d := range demoDecisions(t) {
		cases = append(cases, d)
	}
	t.Setenv("CI", "true") // a schema that is not there is a failure
	for _, one := range []struct {
		format, file string
		others       []string
	}{
		{"sarif", "schemas/sarif-schema-2.1.0.json", nil}, {"oscal", "schemas/oscal_complete_schema-1-1-3.json", nil},
		{"vex", "schemas/bom-1.6.schema.json", []string{"spdx.schema.json", "jsf-0.82.schema.json"}},
		{"sast", "", nil}, {"codequality", "", nil},
	} {
		path := map[string]string{"sast": "testdata/gitlab-sast-fields.schema.json", "codequality": "testdata/gitlab-code-quality-fields.schema.json"}[one.format]
		if path == "" {
			path = fixtureFile(t, one.file)
		}
		holds(t, one.format, published(t, path, one.others...), cases)
	}
}

// TestInteropJUnit: the schema of Jenkins' xUnit plugin, by libxml2.
func TestInteropJUnit(t *testing.T) {
	python, schema := cacheFile(t, "junit/venv/bin/python"), cacheFile(t, "junit/junit-10.xsd")
	files := written(t, "junit")
	path := filepath.Join(t.TempDir(), "huge.junit")
	if err := os.WriteFile(path, render(t, "junit", hugeHostile(500)), 0o600); err != nil {
		t.Fatal(err)
	}
	const check = `import sys
from lxml import etree
schema = etree.XMLSchema(etree.parse(sys.argv[1]))
parser = etree.XMLParser(huge_tree=True)
for name in sys.argv[2:]:
    if not schema.validate(etree.parse(name, parser)):
        print(name, schema.error_log)
        sys.exit(1)
`
	run(t, python, append([]string{"-c", check, schema}, append(files, path)...)...)
}

// interopCases are what the other programs read.
func interopCases(t *testing.T) map[string]modelvet.Decision {
	out := demoDecisions(t)
	maps.Copy(out, map[string]modelvet.Decision{"denied": fixture(), "allowed": allowedFixture(), "hostile": randomDecision(3), "hostile-7": randomDecision(7), "empty": {}, "scripts": manyScripts()})
	return out
}

func written(t *testing.T, format string) []string {
	t.Helper()
	dir := t.TempDir()
	var out []string
	for name, d := range interopCases(t) {
		path := filepath.Join(dir, name+"."+format)
		if err := os.WriteFile(path, render(t, format, d), 0o600); err != nil {
			t.Fatal(err)
		}
		out = append(out, path)
	}
	return out
}

// signedFiles are a B-B and a B-T report, the second with two signatures.
func signedFiles(t *testing.T) []string {
	t.Helper()
	_, server := authority(t)
	owner, seal := ecSigner(t, "Ana López"), ecSigner(t, "Bank seal")
	once := owner.sign(t, render(t, "pdf", allowedFixture()), "Owner of the model")
	o := seal.options("Seal of the organisation")
	o.Stamp = pades.Authority(t.Context(), server.Client(), server.URL)
	twice, err := pades.Sign(once, o)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	out := []string{filepath.Join(dir, "once.pdf"), filepath.Join(dir, "twice.pdf")}
	for i, b := range [][]byte{once, twice} {
		if err := os.WriteFile(out[i], b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// lookedAt is a report in an organisation's look.
func lookedAt(t *testing.T) string {
	t.Helper()
	var b bytes.Buffer
	if err := templateFixture(t).PDF(&b, fixture()); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "look.pdf")
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestInteropPdfsig: poppler believes the signatures, and not a changed file.
func TestInteropPdfsig(t *testing.T) {
	files := signedFiles(t)
	for i, path := range files {
		out := run(t, "pdfsig", "-nocert", path)
		if strings.Count(out, "Signature is Valid") != i+1 || !strings.Contains(out, "ETSI.CAdES.detached") || !strings.Contains(out, "Total document signed") {
			t.Errorf("%s:\n%s", path, out)
		}
	}
	raw, err := os.ReadFile(files[0])
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(files[0], flipAt(raw, 40_000), 0o600); err != nil {
		t.Fatal(err)
	}
	if out := run(t, "pdfsig", "-nocert", files[0]); !strings.Contains(out, "Digest Mismatch") {
		t.Errorf("a changed byte:\n%s", out)
	}
}

func TestInteropVeraPDF(t *testing.T) {
	classpath, err := os.ReadFile(cacheFile(t, "verapdf/classpath"))
	if err != nil {
		t.Fatal(err)
	}
	files := append(append(written(t, "pdf"), signedFiles(t)...), lookedAt(t))
	for _, flavour := range []string{"3a", "ua1"} {
		args := append([]string{"-cp", strings.TrimSpace(string(classpath)), "org.verapdf.apps.GreenfieldCliWrapper", "-f", flavour, "--format", "text", "-v"}, files...)
		out, err := exec.Command("java", args...).CombinedOutput()
		if err != nil || strings.Count(string(out), "PASS ") != len(files) {
			t.Errorf("%s: %v\n%s", flavour, err, out)
		}
	}
}

func TestInteropQPDFAndPoppler(t *testing.T) {
	for _, path := range append(signedFiles(t), lookedAt(t)) {
		run(t, "qpdf", "--check", path)
	}
	for _, path := range written(t, "pdf") {
		run(t, "qpdf", "--check", path)
		attached := filepath.Join(t.TempDir(), "decision.json")
		run(t, "pdfdetach", "-save", "1", "-o", attached, path)
		got, err := os.ReadFile(attached)
		if err != nil {
			t.Fatal(err)
		}
		name := strings.TrimSuffix(filepath.Base(path), ".pdf")
		if want := render(t, "json", interopCases(t)[name]); !bytes.Equal(got, want) {
			t.Errorf("%s: the attached decision.json is another", name)
		}
	}
}

// TestInteropPDFText: what is on the pages is what another program reads.
func TestInteropPDFText(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.pdf")
	if err := os.WriteFile(path, render(t, "pdf", fixture()), 0o600); err != nil {
		t.Fatal(err)
	}
	text := flat(run(t, "pdftotext", "-layout", path, "-"))
	bare := strings.ReplaceAll(text, " ", "")
	for what, want := range mustBeTold(fixture()) {
		if !strings.Contains(bare, strings.ReplaceAll(want, " ", "")) && !strings.Contains(text, want) {
			t.Errorf("%s is not on the pages: %q", what, want)
		}
	}
	for _, want := range []string{"BLOCKED", "Bank of Żółć & Σία", "Ana López", "Page 2 of"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not on the pages", want)
		}
	}
}

// axeScript loads each page as given (no request, no console error), then
// lets axe-core look at it in light and dark, wide and narrow.
const axeScript = `
const puppeteer = require('puppeteer-core'), fs = require('fs');
const axe = fs.readFileSync(require.resolve('axe-core/axe.min.js'), 'utf8');
// keyboard uses the page without a mouse: the skip link comes first, the search
// narrows what is shown and says so, a space bar takes a word away.
async function keyboard(page, fail) {
  await page.keyboard.press('Tab');
  if (await page.evaluate(() => document.activeElement.className) !== 'skip') fail('the first stop of the tab key is not the skip link');
  await page.keyboard.press('Enter');
  if (!page.url().endsWith('#main')) fail('the skip link leads nowhere');
  for (let i = 0; i < 60 && await page.evaluate(() => document.activeElement.name !== 'q'); i++) await page.keyboard.press('Tab');
  if (await page.evaluate(() => document.activeElement.name) !== 'q') return fail('the search cannot be reached with the tab key');
  const shown = () => page.evaluate(() => [].filter.call(document.querySelectorAll('[data-w]'), e => !e.hidden).length);
  const told = () => page.evaluate(() => parseInt(document.getElementById('shown').textContent, 10));
  const all = await shown();
  await page.keyboard.type('qqqqzzzz');
  if (await shown() !== 0 || await told() !== 0) fail('a search for nothing shows ' + await shown() + ' and tells ' + await told());
  for (let i = 0; i < 8; i++) await page.keyboard.press('Backspace');
  if (await shown() !== all) fail('an empty search does not show everything again');
  await page.keyboard.press('Tab');
  await page.keyboard.press('Space');
  const word = await page.evaluate(() => document.activeElement.value);
  if (await page.evaluate(w => [].some.call(document.querySelectorAll('[data-w]'), e => e.getAttribute('data-w') === w && !e.hidden), word)) fail('the space bar does not take away ' + word);
  await page.keyboard.press('Space');
  if (await shown() !== all) fail('the space bar does not bring back ' + word);
}
(async () => {
  const browser = await puppeteer.launch({executablePath: process.env.CHROMIUM || '/usr/bin/chromium', args: ['--no-sandbox']});
  let bad = 0;
  for (const file of process.argv.slice(2)) for (const scheme of ['light', 'dark']) for (const width of [1280, 320]) for (const bypass of [false, true]) {
    if (!bypass && (scheme === 'dark' || width !== 1280)) continue; // one look as given is enough
    const page = await browser.newPage();
    await page.setBypassCSP(bypass);
    await page.setViewport({width, height: 900});
    await page.emulateMediaFeatures([{name: 'prefers-color-scheme', value: scheme}]);
    const where = file + ' ' + scheme + ' ' + width + ': ';
    const fail = s => { bad++; console.log(where + s) };
    page.on('request', r => { if (!/^(file|data):/.test(r.url())) fail('request to ' + r.url()) });
    page.on('console', m => { if (['error', 'warn', 'warning'].includes(m.type())) fail('console: ' + m.text()) });
    page.on('pageerror', e => fail('error: ' + e.message));
    await page.goto('file://' + file);
    const seen = await page.evaluate(() => ({over: document.documentElement.scrollWidth - innerWidth, ran: !document.getElementById('filter').hidden}));
    if (seen.over > 0) fail('overflows by ' + seen.over + ' px');
    if (!seen.ran) fail('its script did not run');
    if (!bypass) await keyboard(page, fail);
    if (bypass) {
      await page.evaluate(axe);
      const r = await page.evaluate(() => axe.run({runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice']}));
      for (const v of r.violations) fail(v.id + ': ' + v.help + ' ' + v.nodes.slice(0, 3).map(n => n.html.slice(0, 120)).join(' | '));
    }
    await page.close();
  }
  await browser.close();
  process.exit(bad ? 1 : 0);
})().catch(e => { console.error(e); process.exit(1) });
`

func TestInteropAxe(t *testing.T) {
	modules := cacheFile(t, "axe/node_modules")
	script := filepath.Join(filepath.Dir(modules), "check.js")
	if err := os.WriteFile(script, []byte(axeScript), 0o600); err != nil {
		t.Fatal(err)
	}
	var pages []string
	for _, path := range written(t, "html") { // axe reads a demo's page for half a minute: one of each kind
		if !strings.Contains(path, "hostile-7") && (!strings.Contains(path, "demo-") || strings.Contains(path, "tampered")) {
			pages = append(pages, path)
		}
	}
	if out, err := exec.Command("node", append([]string{script}, pages...)...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// TestInteropLibreOffice: a word processor opens the drafts, and shows every objection.
func TestInteropLibreOffice(t *testing.T) {
	dir := t.TempDir()
	args := []string{"-env:UserInstallation=file://" + dir + "/profile", "--headless", "--convert-to", "pdf", "--outdir", dir}
	for _, format := range []string{"model-card-docx", "annex-iv-docx"} {
		for name, d := range map[string]modelvet.Decision{"denied": fixture(), "hostile": randomDecision(3), "empty": {}} {
			path := filepath.Join(dir, format+"-"+name+".docx")
			if err := os.WriteFile(path, render(t, format, d), 0o600); err != nil {
				t.Fatal(err)
			}
			args = append(args, path)
		}
	}
	out := run(t, "soffice", args...)
	for _, path := range args[6:] {
		pdf := strings.TrimSuffix(path, "docx") + "pdf"
		if _, err := os.Stat(pdf); err != nil {
			t.Errorf("%s was not opened: %v\n%s", path, err, out)
			continue
		}
		if !strings.Contains(path, "denied") {
			continue
		}
		text := strings.ReplaceAll(flat(run(t, "pdftotext", "-layout", pdf, "-")), " ", "")
		for what, want := range mustBeTold(fixture()) {
			if !strings.Contains(text, strings.ReplaceAll(want, " ", "")) {
				t.Errorf("%s: %s is not there: %q", path, what, want)
			}
		}
	}
}
