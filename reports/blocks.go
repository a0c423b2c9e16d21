// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"fmt"
	"strings"
)

// This file holds the kinds of blocks that a page is made of; each is one
// function, and each says what it is in the structure of the document.

const (
	bodySize  = 9.4  // points
	tableSize = 8.0  // points
	leading   = 1.38 // line height by size
	pad       = 1.5  // millimetres beside a table cell's text, and above it
	tightPad  = 0.7  // the same above it, in a table of many rows
	maxText   = 4000 // runes of one text; more are counted
)

func lineHeight(size float64) float64 { return size * perPoint * leading }

func (l *layout) space(h float64) { l.y += h }

// heading places a heading, makes a bookmark of it, and keeps it with what follows.
func (l *layout) heading(level int, s string) {
	size := [...]float64{0, 17, 12.5, 10.5}[level]
	color, above := "ink", [...]float64{0, 6, 4, 2.5}[level]
	if level == 1 {
		color = "accent"
	}
	if l.y > marginT {
		l.space(above)
	}
	lines := l.wrap(bold, size, clip(s, 300, "decision.json"), column)
	l.ensure(float64(len(lines))*lineHeight(size) + [...]float64{0, 48, 30, 22}[level])
	l.heads = append(l.heads, heading{level, l.page(), l.y - 2, l.drawable(regular, s)})
	l.in(fmt.Sprintf("H%d", level), func(*node) { l.lines(lines, marginX, bold, size, color) })
	l.space(1.6)
	if level == 1 {
		l.line("accent", 0.5, marginX, l.y, marginX+column, l.y)
		l.space(3.4)
	}
}

// lines places wrapped lines at the cursor, over as many pages as they need.
func (l *layout) lines(lines []string, x float64, f face, size float64, color string) {
	h := lineHeight(size)
	for _, s := range lines {
		if l.y+h > bottom {
			l.newPage()
		}
		l.text(x, l.y+size*perPoint, f, size, color, s)
		l.y += h
	}
}

func (l *layout) para(s string) { l.paraIn(s, regular, "ink") }

func (l *layout) paraIn(s string, f face, color string) {
	lines := l.wrap(f, bodySize, clip(s, maxText, "decision.json"), column)
	l.ensure(lineHeight(bodySize) * float64(min(len(lines), 2)))
	l.in("P", func(*node) { l.lines(lines, marginX, f, bodySize, color) })
	l.space(1.8)
}

// note is a line of small print, kept with what follows.
func (l *layout) note(s string) {
	lines := l.wrap(regular, tableSize, clip(s, maxText, recordName), column)
	l.ensure(lineHeight(tableSize)*float64(min(len(lines), 4)) + 14)
	l.in("P", func(*node) { l.lines(lines, marginX, regular, tableSize, "muted") })
	l.space(1)
}

// small is a list in small print under a bold line.
func (l *layout) small(title, s string) {
	head := l.wrap(bold, tableSize, clip(title, maxText, recordName), column)
	lines := l.wrap(regular, tableSize, clip(s, 4*maxText, recordName), column)
	l.ensure(lineHeight(tableSize) * float64(len(head)+min(len(lines), 3)))
	l.in("P", func(*node) { l.lines(head, marginX, bold, tableSize, "ink") })
	l.in("P", func(*node) { l.lines(lines, marginX, regular, tableSize, "ink") })
	l.space(2)
}

func (l *layout) bullets(items []string) {
	if len(items) == 0 {
		return
	}
	l.in("L", func(*node) {
		for _, s := range items {
			lines := l.wrap(regular, bodySize, clip(s, maxText, "decision.json"), column-5)
			l.ensure(lineHeight(bodySize) * float64(min(len(lines), 2)))
			l.in("LI", func(*node) {
				l.in("Lbl", func(*node) { l.text(marginX+1, l.y+bodySize*perPoint, bold, bodySize, "accent", "•") })
				l.in("LBody", func(*node) { l.lines(lines, marginX+5, regular, bodySize, "ink") })
			})
			l.space(0.6)
		}
	})
	l.space(1.6)
}

// cell is one cell of a table.
type cell struct {
	Text  string
	Face  face
	Color string
	Badge string // a word drawn as a label above the text

	Strong string // a bold word before the text, on the first line
}

// grid is a table. Widths are shares of the column.
type grid struct {
	Widths []float64
	Head   []string // nil: the first cell of each row is its header
	Rows   [][]cell
	Tight  bool // little space between rows
}

func (g grid) pad() float64 {
	if g.Tight {
		return tightPad
	}
	return pad
}

// facts is a table of names and values.
func (l *layout) facts(list []fact) { l.factsIn(list, false) }

func (l *layout) factsIn(list []fact, tight bool) {
	var rows [][]cell
	for _, f := range list {
		if f.Value != "" {
			rows = append(rows, []cell{{Text: f.Name, Face: bold, Color: "muted"}, {Text: f.Value}})
		}
	}
	l.table(grid{Widths: []float64{3, 10}, Rows: rows, Tight: tight})
}

// laid is a row cut into lines.
type laid struct {
	cells [][]string
	lines int
}

func (l *layout) lay(g grid, row []cell) laid {
	out := laid{lines: 1}
	for i, c := range row {
		var lines []string
		if c.Badge != "" {
			lines = append(lines, "")
		}
		switch {
		case c.Strong != "":
			lines = append(lines, l.wrapAfter(c, g.width(i)-2*pad)...)
		case c.Text != "" || c.Badge == "":
			lines = append(lines, l.wrap(c.Face, l.cellSize(c), clip(c.Text, maxText, recordName), g.width(i)-2*pad)...)
		}
		out.cells = append(out.cells, lines)
		out.lines = max(out.lines, len(lines))
	}
	return out
}

// wrapAfter wraps the text of a cell that begins with a bold word.
func (l *layout) wrapAfter(c cell, w float64) []string {
	lead := l.width(bold, tableSize, l.drawable(bold, c.Strong)+" ")
	first, rest, _ := strings.Cut(l.drawable(c.Face, clip(c.Text, maxText, recordName)), " ")
	if lead+l.width(c.Face, tableSize, first) > w {
		return append([]string{""}, l.wrap(c.Face, tableSize, c.Text, w)...)
	}
	for rest != "" {
		next, more, _ := strings.Cut(rest, " ")
		if lead+l.width(c.Face, tableSize, first+" "+next) > w {
			return append([]string{first + " "}, l.wrap(c.Face, tableSize, rest, w)...)
		}
		first, rest = first+" "+next, more
	}
	return []string{first}
}

// cellSize makes fixed-width text a little smaller: it is wide.
func (l *layout) cellSize(c cell) float64 {
	if c.Face == mono {
		return tableSize - 0.9
	}
	return tableSize
}

func (g grid) width(i int) float64 {
	total := 0.0
	for _, w := range g.Widths {
		total += w
	}
	return column * g.Widths[i] / total
}

// table places a table. A row that does not fit is moved to the next page; a
// row higher than a page is cut; the header is repeated on each page.
func (l *layout) table(g grid) {
	if len(g.Rows) == 0 {
		return
	}
	l.in("Table", func(*node) {
		l.tableHead(g, true)
		for i, row := range g.Rows {
			l.row(g, row, i)
		}
	})
	l.space(3.5)
}

func (l *layout) tableHead(g grid, first bool) {
	if g.Head == nil {
		l.line("rule", 0.2, marginX, l.y, marginX+column, l.y)
		return
	}
	var row []cell
	for _, s := range g.Head {
		row = append(row, cell{Text: s, Face: bold, Color: "white"})
	}
	cut := l.lay(g, row)
	h := float64(cut.lines)*lineHeight(tableSize) + 2*g.pad()
	if first {
		l.ensure(h + 14)
	}
	l.rect(marginX, l.y, column, h, "accent")
	place := func() { l.cells(g, row, cut, nil, 0, cut.lines) }
	if !first {
		l.decor(place) // told once to those who listen
	} else {
		l.in("TR", func(n *node) { l.cells(g, row, cut, l.cellNodes(n, row, "Column"), 0, cut.lines) })
	}
	l.y += h
}

// cellNodes makes the elements of a row, so that a row on two pages is one row.
func (l *layout) cellNodes(tr *node, row []cell, scope string) []*node {
	var out []*node
	for i := range row {
		n := &node{role: "TD", parent: tr, page: l.page()}
		if scope == "Column" || i == 0 && scope == "Row" {
			n.role, n.scope = "TH", scope
		}
		tr.kids = append(tr.kids, kid{node: n})
		out = append(out, n)
	}
	return out
}

func (l *layout) row(g grid, row []cell, i int) {
	cut := l.lay(g, row)
	h := lineHeight(tableSize)
	l.in("TR", func(tr *node) {
		nodes := l.cellNodes(tr, row, "Row")
		for k := 0; k < cut.lines; {
			room := int((bottom - l.y - 2*g.pad()) / h)
			whole := int((bottom - marginT - 12) / h)
			rest := cut.lines - k
			if room < 1 || room < rest && (rest <= whole || room < 3) {
				l.newPage()
				l.tableHead(g, false)
				room = int((bottom - l.y - 2*g.pad()) / h)
			}
			n := min(room, rest)
			l.band(float64(n)*h+2*g.pad(), i)
			l.cells(g, row, cut, nodes, k, k+n)
			l.y += float64(n)*h + 2*g.pad()
			k += n
		}
	})
}

func (l *layout) band(h float64, i int) {
	if i%2 == 1 {
		l.rect(marginX, l.y, column, h, "panel")
	}
	l.line("rule", 0.15, marginX, l.y+h, marginX+column, l.y+h)
}

// cells places the lines from..to of each cell of a row.
func (l *layout) cells(g grid, row []cell, cut laid, nodes []*node, from, to int) {
	outer, x := l.cur, marginX
	for i, c := range row {
		if nodes != nil {
			l.cur = nodes[i]
		}
		for k := from; k < min(to, len(cut.cells[i])); k++ {
			y := l.y + g.pad() + float64(k-from)*lineHeight(tableSize)
			if k == 0 && c.Badge != "" {
				l.badge(x+pad, y, g.width(i)-2*pad, c.Badge)
				continue
			}
			lead := 0.0
			if k == 0 && c.Strong != "" {
				l.text(x+pad, y+tableSize*perPoint, bold, tableSize, "ink", l.drawable(bold, c.Strong)+" ")
				lead = l.width(bold, tableSize, l.drawable(bold, c.Strong)+" ")
			}
			l.text(x+pad+lead, y+tableSize*perPoint, c.Face, l.cellSize(c), or(c.Color, "ink"), cut.cells[i][k])
		}
		x += g.width(i)
	}
	l.cur = outer
}

// badge is a word on its colour, with a sign, so that colour is never alone.
// A word that is too wide for its cell is written smaller.
func (l *layout) badge(x, y, room float64, word string) {
	const h, signRoom = 3.5, 6.0
	said, size := l.words.t(word), 6.6
	if w := l.width(bold, size, said); w > room-signRoom {
		size *= (room - signRoom) / w
	}
	l.rect(x, y, l.width(bold, size, said)+signRoom, h, tone(word))
	l.badgeSign(x+2.2, y+h/2, word)
	l.text(x+4.4, y+h*0.72, bold, size, "white", said)
}

func (l *layout) badgeSign(x, y float64, word string) {
	switch sign(word) {
	case toneSigns[good]:
		l.line("white", 0.45, x-0.9, y, x-0.3, y+0.7, x+0.9, y-0.8)
	case toneSigns[bad]:
		l.line("white", 0.45, x-0.7, y-0.7, x+0.7, y+0.7)
		l.line("white", 0.45, x-0.7, y+0.7, x+0.7, y-0.7)
	case toneSigns[neutral]:
		l.line("white", 0.45, x-0.8, y, x+0.8, y)
	default:
		l.decor(func() { l.text(x-0.5, y+0.9, bold, 7, "white", sign(word)) })
	}
}

// height is how tall a table would be on one page.
func (l *layout) height(g grid) float64 {
	h := 0.0
	for _, row := range g.Rows {
		h += float64(l.lay(g, row).lines)*lineHeight(tableSize) + 2*g.pad()
	}
	return h
}

// tiles are big numbers side by side.
func (l *layout) tiles(list []tile) {
	const h, gapX = 19.0, 4.0
	l.ensure(h + 4)
	w := (column - gapX*float64(len(list)-1)) / float64(len(list))
	for i, t := range list {
		x := marginX + float64(i)*(w+gapX)
		l.rect(x, l.y, w, h, "panel")
		l.rect(x, l.y, w, 1.1, t.Tone)
		l.in("P", func(*node) {
			l.text(x+3, l.y+9, bold, 15, t.Tone, t.Number+" ")
			for k, s := range l.wrap(regular, 7.6, t.What, w-6) {
				l.text(x+3, l.y+13.2+float64(k)*3.4, regular, 7.6, "ink", s)
			}
		})
	}
	l.y += h + 4
}

// picture places a scene at the cursor, with its title above.
func (l *layout) picture(s scene) {
	l.ensure(s.H + 10)
	l.in("P", func(*node) {
		l.text(marginX, l.y+3.6, bold, bodySize, "ink", l.cut(bold, bodySize, clip(s.Title, 300, "decision.json"), column))
	})
	l.y += 6
	l.figure(s, marginX, l.y)
	l.y += s.H + 2
}
