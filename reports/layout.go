// SPDX-License-Identifier: Apache-2.0

package reports

import "image"

// The paper, in millimetres.
const (
	paperW, paperH           = 210.0, 297.0
	marginX, marginT, bottom = 20.0, 24.0, paperH - 21
	column                   = paperW - 2*marginX
)

// layout puts blocks on pages before anything is written: when it is done,
// the number of pages and where each heading stands are known. It also keeps
// the logical structure of what it places, for readers who cannot see.
type layout struct {
	*metrics
	words  speech // for labels
	leaves []*leaf
	y      float64
	root   *node
	cur    *node // nil: decoration, which is no part of the text
	heads  []heading
}

// leaf is one page.
type leaf struct {
	ops    []op
	mcids  int
	links  []jump
	fields []field
}

// op is one mark on a page, and the element of the structure it belongs to.
type op struct {
	mark
	face  face
	image image.Image
	node  *node
	mcid  int
}

// node is one element of the logical structure: a paragraph, a table cell ...
type node struct {
	role, alt string
	scope     string // of a header cell: Column or Row
	box       [4]float64
	page      int
	parent    *node
	kids      []kid
}

// kid is a child element, a piece of a page, or a link of a page.
type kid struct {
	node       *node
	page, mcid int
	link       int // 1 + index of the link on the page; 0: none
	field      int // the same for signature fields
}

type heading struct {
	level, page int
	y           float64
	text        string
}

// jump is a link to another place of the document.
type jump struct {
	x, y, w, h float64
	page       int
	top        float64
	what       string
}

func newLayout() (*layout, error) {
	m, err := newMetrics()
	if err != nil {
		return nil, err
	}
	root := &node{role: "Document"}
	return &layout{metrics: m, root: root, cur: root}, nil
}

func (l *layout) page() int { return len(l.leaves) - 1 }

func (l *layout) newPage() {
	l.leaves = append(l.leaves, &leaf{})
	l.y = marginT
}

// bookmark is where a layout stands, to come back to.
type bookmark struct {
	leaves, heads, kids int
	y                   float64
	cur                 *node
}

func (l *layout) mark() bookmark {
	return bookmark{len(l.leaves), len(l.heads), len(l.cur.kids), l.y, l.cur}
}

// back forgets whole pages that were laid out since the mark.
func (l *layout) back(m bookmark) {
	l.leaves, l.heads, l.y, l.cur = l.leaves[:m.leaves], l.heads[:m.heads], m.y, m.cur
	l.cur.kids = l.cur.kids[:m.kids]
}

// ensure begins a new page when less than h millimetres are left on this one.
func (l *layout) ensure(h float64) {
	if l.y+h > bottom && l.y > marginT {
		l.newPage()
	}
}

// in runs fn inside a new element of the structure.
func (l *layout) in(role string, fn func(n *node)) {
	n := &node{role: role, parent: l.cur, page: l.page()}
	l.cur.kids = append(l.cur.kids, kid{node: n})
	outer := l.cur
	l.cur = n
	fn(n)
	l.cur = outer
}

// decor runs fn outside the structure.
func (l *layout) decor(fn func()) {
	outer := l.cur
	l.cur = nil
	fn()
	l.cur = outer
}

// put places a mark on a page; marks of one element that follow each other share a tag.
func (l *layout) put(page int, o op) {
	leaf := l.leaves[page]
	o.node, o.mcid = l.cur, -1
	if n := len(leaf.ops); o.node != nil && n > 0 && leaf.ops[n-1].node == o.node {
		o.mcid = leaf.ops[n-1].mcid
	} else if o.node != nil {
		o.mcid = leaf.mcids
		leaf.mcids++
		o.node.kids = append(o.node.kids, kid{page: page, mcid: o.mcid})
	}
	leaf.ops = append(leaf.ops, o)
}

// text places one line; y is the baseline, size is in points.
func (l *layout) text(x, y float64, f face, size float64, color, s string) {
	l.textOn(l.page(), x, y, f, size, color, s)
}

func (l *layout) textOn(page int, x, y float64, f face, size float64, color, s string) {
	if s != "" {
		l.put(page, op{mark: mark{Kind: "text", X: x, Y: y, Size: size, Color: color, Text: s}, face: f})
	}
}

func (l *layout) rect(x, y, w, h float64, color string) {
	l.decor(func() { l.put(l.page(), op{mark: mark{Kind: "rect", X: x, Y: y, W: w, H: h, Color: color}}) })
}

func (l *layout) line(color string, thick float64, points ...float64) {
	l.decor(func() { l.put(l.page(), op{mark: mark{Kind: "line", Points: points, Color: color, Thick: thick}}) })
}

// figure draws a scene as one element with a text for those who cannot see it.
func (l *layout) figure(s scene, x, y float64) {
	l.in("Figure", func(n *node) {
		n.alt, n.box = s.Title+". "+s.Desc, [4]float64{x, y, s.W, s.H}
		for _, m := range s.Marks {
			l.put(l.page(), l.shift(m, x, y))
		}
	})
}

// shift moves a mark of a scene to its place on the page.
func (l *layout) shift(m mark, dx, dy float64) op {
	o := op{mark: m}
	o.X, o.Y = m.X+dx, m.Y+dy
	o.Points = nil
	for i, v := range m.Points {
		o.Points = append(o.Points, v+[2]float64{dx, dy}[i%2])
	}
	if m.Kind == "text" {
		if m.Bold {
			o.face = bold
		}
		o.Size = m.Size / perPoint
		o.Text = l.cut(o.face, o.Size, m.Text, m.Max)
		o.X -= map[string]float64{"middle": 0.5, "end": 1}[m.Anchor] * l.width(o.face, o.Size, o.Text)
	}
	return o
}

// field is an empty place for an electronic signature.
type field struct {
	name, what string
	x, y, w, h float64
}

func (l *layout) field(name, what string, x, y, w, h float64) {
	leaf := l.leaves[l.page()]
	leaf.fields = append(leaf.fields, field{name, what, x, y, w, h})
	l.in("Form", func(n *node) { n.kids = append(n.kids, kid{page: l.page(), field: len(leaf.fields)}) })
}

// link makes a rectangle of a page lead to a heading. The current element
// owns it.
func (l *layout) link(page int, x, y, w, h float64, to heading) {
	leaf := l.leaves[page]
	leaf.links = append(leaf.links, jump{x, y, w, h, to.page, to.y, to.text})
	l.cur.kids = append(l.cur.kids, kid{page: page, link: len(leaf.links)})
}

// picturePNG places a picture in a white box, as large as the box allows.
func (l *layout) picturePNG(img image.Image, x, y, w, h float64) {
	size := img.Bounds()
	scale := min((w-4)/float64(size.Dx()), (h-4)/float64(size.Dy()))
	l.rect(x, y, w, h, "white")
	iw, ih := float64(size.Dx())*scale, float64(size.Dy())*scale
	l.decor(func() {
		l.put(l.page(), op{mark: mark{Kind: "image", X: x + (w-iw)/2, Y: y + (h-ih)/2, W: iw, H: ih}, image: img})
	})
}
