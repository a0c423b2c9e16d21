// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"bytes"
	"compress/zlib"
	"crypto/sha256"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf16"

	deflate "github.com/klauspost/compress/zlib"
)

// finish makes of the library's PDF one that is archived and read aloud:
// PDF/A-3a (ISO 19005-3) and PDF/UA-1 (ISO 14289-1). It adds the logical
// structure, links, signature fields, attachments, metadata and a colour
// profile, names the fonts, and compresses again.
func (l *layout) finish(raw []byte, doc document) ([]byte, error) {
	p, err := parsePDF(raw)
	if err != nil {
		return nil, err
	}
	if len(p.pages) != len(l.leaves) {
		return nil, fmt.Errorf("counting pages: %d written, %d laid out", len(p.pages), len(l.leaves))
	}
	p.fonts()
	t := &tree{pdf: p, layout: l}
	t.annotate()
	root := t.build()
	fields := strings.Join(t.fieldRefs, " ")
	stamp := "D:" + dated(doc.at).Format("20060102150405") + "+00'00'"
	names, refs := p.attach(doc.files, stamp)
	profile := p.stream("/N 3", srgb())
	meta := p.stream("/Type /Metadata /Subtype /XML", []byte(xmp(doc)))
	outlines := regexp.MustCompile(`/Outlines \d+ 0 R`).Find(p.body[p.root])
	p.body[p.root] = fmt.Appendf(nil, "<</Type /Catalog /Pages 1 0 R %s /PageMode /UseOutlines /Lang (%s) /MarkInfo <</Marked true>> /StructTreeRoot %d 0 R /Metadata %d 0 R "+
		"/ViewerPreferences <</DisplayDocTitle true>> /OutputIntents [<</Type /OutputIntent /S /GTS_PDFA1 /OutputConditionIdentifier (sRGB) /Info (sRGB) /DestOutputProfile %d 0 R>>] "+
		"/AF [%s] /Names <</EmbeddedFiles <</Names [%s]>>>> /AcroForm <</Fields [%s] /SigFlags 1>>>>", outlines, or(doc.language, "en"), root, meta, profile, refs, names, fields)
	p.body[p.info] = fmt.Appendf(nil, "<</Title %s /Subject %s /Author %s /Creator (modelvet) /Producer (modelvet with gofpdf) /CreationDate (%s) /ModDate (%s)>>", utf16Text(doc.title), utf16Text(doc.subject), utf16Text(doc.author), stamp, stamp)
	if err := p.compress(); err != nil {
		return nil, err
	}
	return p.bytes(), nil
}

// pdf is a file as numbered objects; body[0] is not used.
type pdf struct {
	body       [][]byte
	root, info int
	pages      []int
}

var (
	reference = regexp.MustCompile(`(\d+) 0 R`)
	pageList  = regexp.MustCompile(`(?s)/Kids \[(.*?)\]`)
)

// parsePDF reads what gofpdf writes: one section of cross references and no
// object streams. Anything else is an error.
func parsePDF(raw []byte) (*pdf, error) {
	at := bytes.LastIndex(raw, []byte("startxref\n"))
	if at < 0 {
		return nil, fmt.Errorf("reading the PDF: no startxref")
	}
	start, err := strconv.Atoi(string(bytes.TrimSpace(bytes.TrimSuffix(bytes.TrimSpace(raw[at+10:]), []byte("%%EOF")))))
	if err != nil || start < 0 || start >= at {
		return nil, fmt.Errorf("reading the PDF: startxref names no place in it")
	}
	lines := bytes.Split(raw[start:at], []byte("\n"))
	p := &pdf{body: [][]byte{nil}}
	for i := 3; i < len(lines) && len(lines[i]) >= 18 && bytes.Contains(lines[i], []byte(" n")); i++ {
		from, err := strconv.Atoi(string(lines[i][:10]))
		if err != nil {
			return nil, fmt.Errorf("reading the PDF: cross reference %d: %w", i, err)
		}
		body, err := objectAt(raw, from, len(p.body))
		if err != nil {
			return nil, err
		}
		p.body = append(p.body, body)
	}
	if p.root, err = trailerRef(raw[start:], "/Root"); err != nil {
		return nil, err
	}
	if p.info, err = trailerRef(raw[start:], "/Info"); err != nil {
		return nil, err
	}
	return p, p.findPages()
}

// objectAt cuts out one object; where its length is told, that is believed,
// since a stream may hold any bytes.
func objectAt(raw []byte, from, n int) ([]byte, error) {
	head := fmt.Appendf(nil, "%d 0 obj\n", n)
	if from < 0 || from > len(raw) || !bytes.HasPrefix(raw[from:], head) {
		return nil, fmt.Errorf("reading the PDF: object %d is not where the cross references say", n)
	}
	body := raw[from+len(head):]
	skip := 0
	if dict, _, ok := bytes.Cut(body, []byte("stream\n")); ok && !bytes.Contains(dict, []byte("endobj")) {
		skip = len(dict) + 7 + streamLength(dict)
	}
	if skip < 0 || skip > len(body) {
		return nil, fmt.Errorf("reading the PDF: the stream of object %d is cut short", n)
	}
	end := bytes.Index(body[skip:], []byte("\nendobj"))
	if end < 0 {
		return nil, fmt.Errorf("reading the PDF: object %d has no end", n)
	}
	return bytes.Clone(body[:skip+end]), nil
}

var lengthEntry = regexp.MustCompile(`/Length (\d+)`)

func streamLength(dict []byte) int {
	m := lengthEntry.FindSubmatch(dict)
	if m == nil {
		return 0
	}
	n, err := strconv.Atoi(string(m[1]))
	if err != nil {
		return 0
	}
	return n
}

func trailerRef(trailer []byte, key string) (int, error) {
	_, after, ok := bytes.Cut(trailer, []byte(key+" "))
	m := reference.FindSubmatch(after)
	if !ok || m == nil {
		return 0, fmt.Errorf("reading the PDF: the trailer has no %s", key)
	}
	return strconv.Atoi(string(m[1]))
}

func (p *pdf) findPages() error {
	if len(p.body) < 2 || p.root >= len(p.body) || p.info >= len(p.body) {
		return fmt.Errorf("reading the PDF: it has only %d objects", len(p.body)-1)
	}
	kids := pageList.FindSubmatch(p.body[1])
	if kids == nil {
		return fmt.Errorf("reading the PDF: object 1 is no list of pages")
	}
	for _, m := range reference.FindAllSubmatch(kids[1], -1) {
		n, err := strconv.Atoi(string(m[1]))
		if err != nil || n >= len(p.body) {
			return fmt.Errorf("reading the PDF: page object %s does not exist", m[1])
		}
		p.pages = append(p.pages, n)
	}
	return nil
}

// reserve makes a number for an object that is filled later.
func (p *pdf) reserve() int {
	p.body = append(p.body, nil)
	return len(p.body) - 1
}

func (p *pdf) add(format string, args ...any) int {
	n := p.reserve()
	p.body[n] = fmt.Appendf(nil, format, args...)
	return n
}

func (p *pdf) stream(dict string, data []byte) int {
	return p.add("<<%s /Length %d>>\nstream\n%s\nendstream", dict, len(data), data)
}

// extend adds entries to a dictionary.
func (p *pdf) extend(n int, entries string) {
	p.body[n] = append(bytes.TrimSuffix(bytes.TrimSpace(p.body[n]), []byte(">>")), []byte("\n"+entries+">>")...)
}

var fontName = regexp.MustCompile(`/(BaseFont|FontName) /(utf8(?:sansB|sansI|sans|symbols|wide|mono))\b`)

// realNames are the fonts' own names, each with the tag that marks a subset.
var realNames = map[string]string{"utf8sans": "MVETAA+LiberationSans", "utf8sansB": "MVETAB+LiberationSans-Bold", "utf8sansI": "MVETAC+LiberationSans-Italic", "utf8mono": "MVETAD+LiberationMono",
	"utf8symbols": "MVETAE+DejaVuSans", "utf8wide": "MVETAF+DroidSansFallback"}

// fonts gives the fonts their names, and a map to Unicode whose ranges keep
// to one high byte each, as ISO 32000 demands.
func (p *pdf) fonts() {
	cmap := toUnicode()
	for n, body := range p.body {
		head, _, _ := bytes.Cut(body, []byte("stream\n"))
		switch {
		case bytes.Contains(head, []byte("/Type /Font")):
			p.body[n] = fontName.ReplaceAllFunc(body, func(m []byte) []byte {
				key, name, _ := strings.Cut(string(m), " /")
				return []byte(key + " /" + realNames[name])
			})
		case bytes.HasPrefix(body, []byte("<</Length")) && bytes.Contains(body, []byte("/CIDInit /ProcSet findresource")):
			p.body[n] = fmt.Appendf(nil, "<</Length %d>>\nstream\n%s\nendstream", len(cmap), cmap)
		}
	}
}

func toUnicode() string {
	var b strings.Builder
	b.WriteString("/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n/CIDSystemInfo <</Registry (Adobe) /Ordering (UCS) /Supplement 0>> def\n" +
		"/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n1 begincodespacerange\n<0000> <FFFF>\nendcodespacerange\n")
	for high := range 256 {
		if high%64 == 0 {
			b.WriteString("64 beginbfrange\n")
		}
		first := 0
		if high == 0 {
			first = 0x20
		}
		fmt.Fprintf(&b, "<%02X%02X> <%02XFF> <%02X%02X>\n", high, first, high, high, first)
		if high%64 == 63 {
			b.WriteString("endbfrange\n")
		}
	}
	b.WriteString("endcmap\nCMapName currentdict /CMap defineresource pop\nend\nend")
	return b.String()
}

// attach embeds files; it returns the name tree's entries and the references.
func (p *pdf) attach(files []attachment, stamp string) (names, refs string) {
	for _, f := range files {
		data := p.stream(fmt.Sprintf("/Type /EmbeddedFile /Subtype /%s /Params <</Size %d /CreationDate (%s) /ModDate (%s)>>", strings.ReplaceAll(f.mime, "/", "#2F"), len(f.content), stamp, stamp), f.content)
		spec := p.add("<</Type /Filespec /F (%s) /UF %s /EF <</F %d 0 R /UF %d 0 R>> /AFRelationship /%s /Desc %s>>", f.name, utf16Text(f.name), data, data, f.relation, utf16Text(f.what))
		names += fmt.Sprintf("(%s) %d 0 R ", f.name, spec)
		refs += fmt.Sprintf("%d 0 R ", spec)
	}
	return names, refs
}

// compress encodes every stream but the metadata with the deflate that go.mod
// pins: the standard library's changes with the compiler.
func (p *pdf) compress() error {
	for n, body := range p.body {
		head, data, ok := bytes.Cut(body, []byte("stream\n"))
		if !ok || !bytes.HasSuffix(data, []byte("\nendstream")) || bytes.Contains(head, []byte("/Type /Metadata")) {
			continue
		}
		data = bytes.TrimSuffix(data, []byte("\nendstream"))
		if bytes.Contains(head, []byte("/FlateDecode")) {
			r, err := zlib.NewReader(bytes.NewReader(data))
			if err != nil {
				return fmt.Errorf("reading stream %d: %w", n, err)
			}
			if data, err = io.ReadAll(r); err != nil {
				return fmt.Errorf("reading stream %d: %w", n, err)
			}
		} else {
			head = bytes.Replace(head, []byte("<<"), []byte("<</Filter /FlateDecode "), 1)
		}
		packed, err := packStream(data)
		if err != nil {
			return fmt.Errorf("packing stream %d: %w", n, err)
		}
		head = lengthEntry.ReplaceAll(head, fmt.Appendf(nil, "/Length %d", len(packed)))
		p.body[n] = fmt.Appendf(nil, "%sstream\n%s\nendstream", head, packed)
	}
	return nil
}

var packers = sync.Pool{New: func() any {
	w, err := deflate.NewWriterLevel(nil, 6)
	if err != nil {
		return nil
	}
	return w
}}

// packStream deflates; a used packer gives the same bytes as a new one.
func packStream(data []byte) ([]byte, error) {
	w, ok := packers.Get().(*deflate.Writer)
	if !ok {
		return nil, fmt.Errorf("packing: no packer")
	}
	defer packers.Put(w)
	var b bytes.Buffer
	w.Reset(&b)
	if _, err := w.Write(data); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// bytes writes the objects in order; the file's id is made of its content.
func (p *pdf) bytes() []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n%\xE2\xE3\xCF\xD3\n")
	offsets := make([]int, len(p.body))
	for n := 1; n < len(p.body); n++ {
		offsets[n] = b.Len()
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", n, p.body[n])
	}
	id := sha256.Sum256(b.Bytes())
	start := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(p.body))
	for _, at := range offsets[1:] {
		fmt.Fprintf(&b, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&b, "trailer\n<</Size %d /Root %d 0 R /Info %d 0 R /ID [<%x> <%x>]>>\nstartxref\n%d\n%%%%EOF\n", len(p.body), p.root, p.info, id[:16], id[:16], start)
	return b.Bytes()
}

// utf16Text is a PDF text string.
func utf16Text(s string) string {
	var b strings.Builder
	b.WriteString("<FEFF")
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", u)
	}
	return b.String() + ">"
}

func xmpDate(t time.Time) string { return dated(t).Format("2006-01-02T15:04:05Z") }
