// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"

	"github.com/klauspost/compress/flate"
)

// docx writes the draft as an Office Open XML text document (ECMA-376 part 1)
// of the fewest parts that word processors open. The same draft gives the
// same bytes: no times, and a deflate that go.mod pins.
func (d *draft) docx(w io.Writer) error {
	z := zip.NewWriter(w)
	z.RegisterCompressor(zip.Deflate, func(out io.Writer) (io.WriteCloser, error) { return flate.NewWriter(out, 6) })
	for _, part := range []struct{ name, text string }{
		{"[Content_Types].xml", docxTypes}, {"_rels/.rels", docxRels}, {"word/_rels/document.xml.rels", docxDocRels},
		{"docProps/core.xml", strings.NewReplacer("{title}", xmlText(visible(d.title+": "+d.Title)), "{language}", d.language).Replace(docxCore)},
		{"word/styles.xml", strings.Replace(docxStyles, "{language}", or(docxLanguages[d.language], "en-GB"), 1)}, {"word/document.xml", d.body()},
	} {
		f, err := z.CreateHeader(&zip.FileHeader{Name: part.name, Method: zip.Deflate})
		if err != nil {
			return fmt.Errorf("writing %s: %w", part.name, err)
		}
		if _, err := io.WriteString(f, part.text); err != nil {
			return fmt.Errorf("writing %s: %w", part.name, err)
		}
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("closing the document: %w", err)
	}
	return nil
}

const xmlHead = `<?xml version="1.0" encoding="UTF-8" standalone="yes"?>` + "\n"

const docxTypes = xmlHead + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/><Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/><Override PartName="/docProps/core.xml" ContentType="application/vnd.openxmlformats-package.core-properties+xml"/></Types>`

const docxRels = xmlHead + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/><Relationship Id="rId2" Type="http://schemas.openxmlformats.org/package/2006/relationships/metadata/core-properties" Target="docProps/core.xml"/></Relationships>`

const docxDocRels = xmlHead + `<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>`

const docxCore = xmlHead + `<cp:coreProperties xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{title}</dc:title><dc:creator>modelvet</dc:creator><dc:language>{language}</dc:language></cp:coreProperties>`

// docxLanguages are the regions whose spelling is checked.
var docxLanguages = map[string]string{"en": "en-GB", "de": "de-DE", "fr": "fr-FR"}

const docxStyles = xmlHead + `<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Liberation Sans" w:hAnsi="Liberation Sans" w:cs="Liberation Sans"/><w:sz w:val="20"/><w:lang w:val="{language}"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:after="120"/></w:pPr></w:pPrDefault></w:docDefaults>` +
	`<w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style>` +
	`<w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/><w:basedOn w:val="Normal"/><w:rPr><w:b/><w:sz w:val="40"/></w:rPr></w:style>` +
	`<w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/><w:basedOn w:val="Normal"/><w:pPr><w:keepNext/><w:spacing w:before="320"/><w:outlineLvl w:val="0"/></w:pPr><w:rPr><w:b/><w:color w:val="18529C"/><w:sz w:val="30"/></w:rPr></w:style>` +
	`<w:style w:type="paragraph" w:styleId="Heading2"><w:name w:val="heading 2"/><w:basedOn w:val="Normal"/><w:pPr><w:keepNext/><w:spacing w:before="200"/><w:outlineLvl w:val="1"/></w:pPr><w:rPr><w:b/><w:sz w:val="24"/></w:rPr></w:style></w:styles>`

// body is the main part.
func (d *draft) body() string {
	var b bytes.Buffer
	b.WriteString(xmlHead + `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>`)
	paragraph(&b, "Title", "", d.title+": "+d.Title)
	for _, x := range d.blocks {
		switch x.kind {
		case "h1":
			paragraph(&b, "Heading1", "", x.text)
		case "h2":
			paragraph(&b, "Heading2", "", x.text)
		case "note":
			paragraph(&b, "", "<w:i/>", x.text)
		case "missing":
			paragraph(&b, "", `<w:b/><w:color w:val="A8201C"/>`, "["+d.t("MISSING")+"] "+x.text)
		case "list":
			for _, s := range x.items {
				paragraph(&b, "", "", "•  "+s)
			}
		case "table":
			docxTable(&b, x.rows)
		default:
			paragraph(&b, "", "", x.text)
		}
	}
	b.WriteString(`<w:sectPr><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1134" w:right="1134" w:bottom="1134" w:left="1134" w:header="708" w:footer="708" w:gutter="0"/></w:sectPr></w:body></w:document>`)
	return b.String()
}

func paragraph(b *bytes.Buffer, style, look, text string) {
	b.WriteString("<w:p>")
	if style != "" {
		fmt.Fprintf(b, `<w:pPr><w:pStyle w:val="%s"/></w:pPr>`, style)
	}
	b.WriteString("<w:r>")
	if look != "" {
		b.WriteString("<w:rPr>" + look + "</w:rPr>")
	}
	fmt.Fprintf(b, `<w:t xml:space="preserve">%s</w:t></w:r></w:p>`, xmlText(visible(text)))
}

// docxTable is a table whose first row is repeated on each page.
func docxTable(b *bytes.Buffer, rows [][]string) {
	b.WriteString(`<w:tbl><w:tblPr><w:tblW w:w="5000" w:type="pct"/><w:tblBorders><w:top w:val="single" w:sz="4" w:color="CDD4DF"/><w:bottom w:val="single" w:sz="4" w:color="CDD4DF"/><w:insideH w:val="single" w:sz="4" w:color="CDD4DF"/></w:tblBorders></w:tblPr><w:tblGrid>`)
	b.WriteString(strings.Repeat("<w:gridCol/>", len(rows[0])) + "</w:tblGrid>")
	for i, row := range rows {
		b.WriteString("<w:tr>")
		if i == 0 {
			b.WriteString("<w:trPr><w:tblHeader/></w:trPr>")
		}
		for _, c := range row {
			b.WriteString("<w:tc>")
			look := `<w:sz w:val="16"/>`
			if i == 0 {
				look = "<w:b/>" + look
			}
			paragraph(b, "", look, c)
			b.WriteString("</w:tc>")
		}
		b.WriteString("</w:tr>")
	}
	b.WriteString("</w:tbl>")
	paragraph(b, "", "", "")
}
