package prog

import (
	"fmt"
	"strconv"
	"strings"
)

// lineWidth is how long the line of a task may be before each operation gets a
// line of its own.
const lineWidth = 100

// String is the canonical text form.
func (p *Program) String() string { return string(p.Append(nil)) }

// Append appends the canonical text form to b. Parse makes p of it again.
func (p *Program) Append(b []byte) []byte {
	w := &writer{b: b, p: p}
	if p.Doc != "" {
		w.comments(strings.Split(p.Doc, "\n"), "")
	}
	for i := range p.Files {
		w.line(p.Files[i].Note, "", "file "+p.Files[i].String())
	}
	if p.Options.String() != "" {
		w.line(p.Options.Note, "", "options "+p.Options.String())
	}
	for i := range p.Tasks {
		w.task(i)
	}
	for i := range p.Conds {
		w.line(p.Conds[i].Note, "", "find "+p.CondString(&p.Conds[i]))
	}
	for i := range p.Expect {
		e := &p.Expect[i]
		w.line(e.Note, "", "expect "+e.Verdict.String()+" "+strings.Join(e.Engines, ", "))
	}
	if p.Engine != "" {
		w.line(p.Run.Engine, "", "engine "+p.Engine)
	}
	if p.Schedule != nil {
		w.line(p.Run.Schedule, "", strings.TrimRight("schedule "+p.ScheduleString(), " "))
	}
	if p.Trace != 0 {
		w.line(p.Run.Trace, "", fmt.Sprintf("trace %016x", p.Trace))
	}
	w.comments(p.Tail, "")
	return w.b
}

// writer is the text as far as it is written.
type writer struct {
	b []byte
	p *Program
}

func (w *writer) comments(list []string, indent string) {
	for _, c := range list {
		w.b = append(w.b, strings.TrimRight(indent+"# "+c, " ")...)
		w.b = append(w.b, '\n')
	}
}

// line writes a statement with its comments.
func (w *writer) line(n Note, indent, text string) {
	w.comments(n.Above, indent)
	w.b = append(append(w.b, indent...), text...)
	if n.Beside != "" {
		w.b = append(append(w.b, "  # "...), n.Beside...)
	}
	w.b = append(w.b, '\n')
}

// task writes a task: on one line if it fits and no operation has a comment.
func (w *writer) task(i int) {
	t := &w.p.Tasks[i]
	head := "task " + t.Name
	if t.MM != i {
		head += " with " + w.p.Tasks[t.MM].Name
	}
	head += ":"
	one, fits := head, true
	for j := range t.Ops {
		o := &t.Ops[j]
		fits = fits && o.Above == nil && o.Beside == ""
		if j > 0 {
			one += ";"
		}
		one += " " + w.p.OpString(o)
	}
	if fits && len(one) <= lineWidth {
		w.line(t.Note, "", one)
		return
	}
	w.line(t.Note, "", head)
	for j := range t.Ops {
		w.line(t.Ops[j].Note, "    ", w.p.OpString(&t.Ops[j]))
	}
}

// String is what stands after "file".
func (f *File) String() string {
	s := f.Name + " " + sizeString(f.Size)
	for _, c := range []struct {
		word string
		list []Range
	}{{"holes", f.Holes}, {"resident", rangesOf(f.Resident)}, {"dirty", rangesOf(f.Dirty)}} {
		if len(c.list) == 0 {
			continue
		}
		s += " " + c.word
		for _, r := range c.list {
			s += " " + r.String()
		}
	}
	if f.FS != 0 {
		s += fmt.Sprintf(" on %d", f.FS)
	}
	return s
}

// String is the page, or the first and the one after the last.
func (r Range) String() string {
	if r.End == r.Start+1 {
		return strconv.FormatInt(r.Start, 10)
	}
	return fmt.Sprintf("%d:%d", r.Start, r.End)
}

func sizeString(n int64) string {
	switch {
	case n == PageSize:
		return "1 page"
	case n%PageSize == 0:
		return fmt.Sprintf("%d pages", n/PageSize)
	}
	return fmt.Sprintf("%d bytes", n)
}

// String is what stands after "options".
func (o Options) String() string {
	var list []string
	for i, name := range optionNames {
		if o.Set&(1<<i) != 0 {
			list = append(list, name)
		}
	}
	if o.MaxPin != 0 {
		list = append(list, fmt.Sprintf("max-pin %d", o.MaxPin))
	}
	if o.Slots != 0 {
		list = append(list, fmt.Sprintf("slots %d", o.Slots))
	}
	if o.StarveAfter != 0 {
		list = append(list, fmt.Sprintf("starve-after %d", o.StarveAfter))
	}
	return strings.Join(list, ", ")
}

// OpString is an operation of p in text form.
func (p *Program) OpString(o *Op) string {
	s := o.Kind.String() + " " + p.Files[o.File].Name
	if o.Reg != "" {
		s = o.Reg + " = " + s
	}
	switch {
	case o.Kind.has(hasSize):
		return s + " to " + sizeString(o.Len)
	case !o.Kind.has(hasRange) || o.Len == 0:
		return s
	case o.Kind.has(hasWord):
		s += cellString(o.Off)
	default:
		s += extentString(o.Off, o.Len)
	}
	if !o.Buf.Mapped {
		return s
	}
	word := " into "
	if o.Kind.has(maySource | isClone) {
		word = " from "
	}
	return s + word + p.Files[o.Buf.File].Name + cellString(o.Buf.Off)
}

// extentString is the place of n bytes at off.
func extentString(off, n int64) string {
	page, in := off/PageSize, off%PageSize
	if in == 0 && n%PageSize == 0 {
		return "[" + Range{page, page + n/PageSize}.String() + "]"
	}
	return fmt.Sprintf("[%d]+%d:%d", page, in, n)
}

// cellString is the place of a word, or of the first byte of some memory.
func cellString(off int64) string {
	s := fmt.Sprintf("[%d]", off/PageSize)
	if in := off % PageSize; in != 0 {
		s += fmt.Sprintf("+%d", in)
	}
	return s
}

// ScheduleString is what stands after "schedule".
func (p *Program) ScheduleString() string {
	var b strings.Builder
	for i, w := range p.Schedule {
		if i > 0 {
			b.WriteByte(' ')
		}
		if i > 0 || w.After > 0 {
			fmt.Fprintf(&b, "+%d ", w.After)
		}
		b.WriteString(p.Tasks[w.To].Name)
	}
	return b.String()
}

// CondString is a condition of p in text form.
func (p *Program) CondString(c *Cond) string {
	switch c.Kind {
	case CondSeen:
		return c.Seen.String()
	case CondEqual:
		return p.operandString(c.A) + " == " + p.operandString(c.B)
	case CondDiffer:
		return p.operandString(c.A) + " != " + p.operandString(c.B)
	case CondNot:
		return "not " + p.inner(c.Kind, &c.Sub[0])
	}
	word := " and "
	if c.Kind == CondOr {
		word = " or "
	}
	var parts []string
	for i := range c.Sub {
		parts = append(parts, p.inner(c.Kind, &c.Sub[i]))
	}
	return strings.Join(parts, word)
}

// inner is a part of a condition, in parentheses where it binds no closer than
// the whole.
func (p *Program) inner(outer CondKind, c *Cond) string {
	s := p.CondString(c)
	if c.Kind >= outer && c.Kind >= CondAnd {
		return "(" + s + ")"
	}
	return s
}

func (p *Program) operandString(o Operand) string {
	switch o.Kind {
	case OperandReg:
		return o.Reg
	case OperandWrote:
		return fmt.Sprintf("%s.%d", p.Tasks[o.Task].Name, o.Op+1)
	case OperandFinal:
		return p.Files[o.File].Name + cellString(o.Off)
	}
	for word, kind := range operandWords {
		if kind == o.Kind {
			return word
		}
	}
	return "value?"
}
