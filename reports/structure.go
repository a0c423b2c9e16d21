// SPDX-License-Identifier: Apache-2.0

package reports

import (
	"fmt"
	"strings"
)

// tree writes the logical structure of a document into its PDF.
type tree struct {
	pdf       *pdf
	layout    *layout
	links     [][]int // page, index: object of the annotation
	fields    [][]int
	parents   map[int]int // annotation object to its key in the parent tree
	owners    map[int]int // that key to the element
	marked    [][]int     // page, MCID: element
	fieldRefs []string
	next      int
}

const dots = 72 / 25.4 // points in a millimetre

func box(x, y, w, h float64) string {
	return fmt.Sprintf("[%.2f %.2f %.2f %.2f]", x*dots, (paperH-y-h)*dots, (x+w)*dots, (paperH-y)*dots)
}

// annotate makes the links and the signature fields, and tells each page
// where its marks are found in the parent tree.
func (t *tree) annotate() {
	t.parents, t.owners, t.next = map[int]int{}, map[int]int{}, len(t.pdf.pages)
	for i, leaf := range t.layout.leaves {
		var links, fields []int
		for _, j := range leaf.links {
			links = append(links, t.annotation(i, fmt.Sprintf("/Subtype /Link /Rect %s /Border [0 0 0] /Dest [%d 0 R /XYZ 0 %.2f null] /Contents %s",
				box(j.x, j.y, j.w, j.h), t.pdf.pages[j.page], (paperH-j.top)*dots, utf16Text(j.what))))
		}
		for _, f := range leaf.fields {
			look := t.pdf.stream(fmt.Sprintf("/Type /XObject /Subtype /Form /BBox [0 0 %.2f %.2f] /Resources <<>>", f.w*dots, f.h*dots), nil)
			n := t.annotation(i, fmt.Sprintf("/Subtype /Widget /FT /Sig /T %s /TU %s /Rect %s /AP <</N %d 0 R>>", utf16Text(f.name), utf16Text(f.what), box(f.x, f.y, f.w, f.h), look))
			fields = append(fields, n)
			t.fieldRefs = append(t.fieldRefs, fmt.Sprintf("%d 0 R", n))
		}
		t.links, t.fields = append(t.links, links), append(t.fields, fields)
		t.marked = append(t.marked, make([]int, leaf.mcids))
		entries := fmt.Sprintf("/StructParents %d /Tabs /S", i)
		if all := append(append([]int{}, links...), fields...); len(all) > 0 {
			entries += " /Annots [" + refs(all) + "]"
		}
		t.pdf.extend(t.pdf.pages[i], entries)
	}
}

func (t *tree) annotation(page int, entries string) int {
	n := t.pdf.add("<</Type /Annot %s /F 4 /P %d 0 R /StructParent %d>>", entries, t.pdf.pages[page], t.next)
	t.parents[n] = t.next
	t.next++
	return n
}

func refs(list []int) string {
	var out []string
	for _, n := range list {
		out = append(out, fmt.Sprintf("%d 0 R", n))
	}
	return strings.Join(out, " ")
}

// build writes all elements and the parent tree; it returns the tree's root.
func (t *tree) build() int {
	root := t.pdf.reserve()
	top := t.element(t.layout.root, root)
	var nums strings.Builder
	for i, marks := range t.marked {
		fmt.Fprintf(&nums, "%d [%s]\n", i, refs(marks))
	}
	for key := len(t.marked); key < t.next; key++ {
		fmt.Fprintf(&nums, "%d %d 0 R\n", key, t.owners[key])
	}
	parents := t.pdf.add("<</Nums [%s]>>", nums.String())
	t.pdf.body[root] = fmt.Appendf(nil, "<</Type /StructTreeRoot /K [%d 0 R] /ParentTree %d 0 R /ParentTreeNextKey %d>>", top, parents, t.next)
	return root
}

func (t *tree) element(n *node, parent int) int {
	self := t.pdf.reserve()
	kids, page := []string{}, n.firstPage()
	for _, k := range n.kids {
		kids = append(kids, t.kid(k, self, page))
	}
	on := ""
	if page >= 0 {
		on = fmt.Sprintf(" /Pg %d 0 R", t.pdf.pages[page])
	}
	t.pdf.body[self] = fmt.Appendf(nil, "<</S /%s /P %d 0 R%s%s /K [%s]>>", n.role, parent, on, n.attributes(), strings.Join(kids, " "))
	return self
}

// firstPage is where the element's own marks begin; -1: it has none.
func (n *node) firstPage() int {
	for _, k := range n.kids {
		if k.node == nil && k.link == 0 && k.field == 0 {
			return k.page
		}
	}
	return -1
}

// kid writes one kid. A mark on the element's page is told by its number alone.
func (t *tree) kid(k kid, self, page int) string {
	switch {
	case k.node != nil:
		return fmt.Sprintf("%d 0 R", t.element(k.node, self))
	case k.link > 0:
		return t.object(t.links[k.page][k.link-1], k.page, self)
	case k.field > 0:
		return t.object(t.fields[k.page][k.field-1], k.page, self)
	}
	t.marked[k.page][k.mcid] = self
	if k.page == page {
		return fmt.Sprint(k.mcid)
	}
	return fmt.Sprintf("<</Type /MCR /Pg %d 0 R /MCID %d>>", t.pdf.pages[k.page], k.mcid)
}

func (t *tree) object(n, page, self int) string {
	t.owners[t.parents[n]] = self
	return fmt.Sprintf("<</Type /OBJR /Pg %d 0 R /Obj %d 0 R>>", t.pdf.pages[page], n)
}

func (n *node) attributes() string {
	switch {
	case n.scope != "":
		return " /A <</O /Table /Scope /" + n.scope + ">>"
	case n.role == "Figure":
		return fmt.Sprintf(" /Alt %s /A <</O /Layout /BBox %s>>", utf16Text(n.alt), box(n.box[0], n.box[1], n.box[2], n.box[3]))
	}
	return ""
}
