package repro

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"strings"
	"text/template"

	"cohbench/fuzz/prog"
)

//go:embed repro.c.tmpl
var sourceText string

var sourceTemplate = template.Must(template.New("repro.c").Delims("[[", "]]").Parse(sourceText))

// WriteC writes p as one C file: played in the order o, or by chance if o is
// nil. name is that of the file, without its extension.
func WriteC(w io.Writer, name string, p *prog.Program, o *Order) error {
	s, err := newSource(name, p, o)
	if err != nil {
		return err
	}
	var text strings.Builder
	if err := sourceTemplate.Execute(&text, s); err != nil {
		return fmt.Errorf("write %s.c: %w", name, err)
	}
	_, err = io.WriteString(w, tidy(text.String()))
	return err
}

// tidy removes empty lines that follow one another or a brace, which parts of
// the template that are left out leave behind.
func tidy(text string) string {
	var b strings.Builder
	empty := false
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) == "" {
			empty = true
			continue
		}
		if empty {
			b.WriteByte('\n')
		}
		empty = false
		b.WriteString(strings.TrimRight(line, " \t\n") + "\n")
	}
	return b.String()
}

// source is what the template asks for.
type source struct {
	Name, Title string
	Doc         []string // of the program, by line
	Program     []string
	Story       []string // the order, for people
	Stops       int
	Chance      bool
	Faults      bool // an access to a mapping may fail
	Held        *sourceOp
	Files       []sourceFile
	Tasks       []string
	Ops         []*sourceOp
	Maps        []sourceMap
	Holes       []string
	Resident    []string
	Dirty       []string
	Exempt      []string
	Play        []string
	Find        string

	p     *prog.Program
	order *Order
}

type sourceFile struct{ Name, Size string }

type sourceMap struct{ Name, File, Span string }

func newSource(name string, p *prog.Program, o *Order) (*source, error) {
	s := &source{Name: name, p: p, order: o, Chance: o == nil}
	s.Title = name + ": the program " + p.Name + " of cohbench on a real file"
	if p.Doc != "" {
		s.Doc = strings.Split(p.Doc, "\n")
	}
	s.Program = s.statements()
	if o != nil {
		s.Stops = o.Stops()
	}
	for t := range p.Tasks {
		s.Tasks = append(s.Tasks, p.Tasks[t].Name)
	}
	for f := range p.Files {
		s.addFile(f)
	}
	s.addMaps()
	s.Faults = s.fail()
	s.addOps()
	if o != nil {
		s.tell()
	}
	var err error
	s.Find, err = s.find()
	return s, err
}

// statements is the program without comments, expectations and schedule.
func (s *source) statements() []string {
	q := prog.Program{Name: s.p.Name, Files: s.p.Files, Options: s.p.Options, Tasks: s.p.Tasks, Conds: s.p.Conds}
	var list []string
	for line := range strings.Lines(q.String()) {
		if text := strings.TrimRight(line, "\n"); !strings.HasPrefix(strings.TrimSpace(text), "#") && text != "" {
			list = append(list, comment(text))
		}
	}
	return list
}

// comment makes text harmless inside a C comment.
func comment(text string) string { return strings.ReplaceAll(text, "*/", "* /") }

func (s *source) addFile(f int) {
	file := &s.p.Files[f]
	s.Files = append(s.Files, sourceFile{file.Name, s.at(f, file.Size)})
	for _, r := range file.Holes {
		s.Holes = append(s.Holes, s.extent(f, r.Start*prog.PageSize, (r.End-r.Start)*prog.PageSize))
	}
	for _, page := range file.Resident {
		s.Resident = append(s.Resident, s.page(f, page))
	}
	for _, page := range file.Dirty {
		s.Dirty = append(s.Dirty, s.page(f, page))
	}
}

// page is the extent of one page of a file, up to the file's end.
func (s *source) page(f int, page int64) string {
	off := page * prog.PageSize
	return s.extent(f, off, min(prog.PageSize, s.p.Files[f].Size-off))
}

// extent is n bytes at off of a file as the members of a struct extent.
func (s *source) extent(f int, off, n int64) string {
	return fmt.Sprintf("file_%s, %s, %s", s.p.Files[f].Name, s.at(f, off), s.length(f, off, n))
}

// cut is where a file is made longer so that the held write is submitted in two
// parts: at the write's end. False if it is not.
func (s *source) cut(f int) (int64, bool) {
	if s.Stops < 2 {
		return 0, false
	}
	op := s.heldOp()
	return op.Off + op.Len, op.File == f
}

func (s *source) heldOp() *prog.Op { return &s.p.Tasks[s.order.Held.Task].Ops[s.order.Held.Op] }

// at is a place in a file as a C expression.
func (s *source) at(f int, off int64) string {
	cut, ok := s.cut(f)
	return bytes(off, ok && off >= cut)
}

// length is that of n bytes at off as a C expression.
func (s *source) length(f int, off, n int64) string {
	cut, ok := s.cut(f)
	return bytes(n, ok && off < cut && off+n > cut)
}

// bytes is a number of bytes as a C expression.
func bytes(n int64, padded bool) string {
	pages, rest := n/prog.PageSize, n%prog.PageSize
	text := ""
	switch {
	case padded:
		text = fmt.Sprintf("(%d + PADDING) * PAGE", pages)
	case pages > 0:
		text = fmt.Sprintf("%d * PAGE", pages)
	}
	switch {
	case text == "":
		return fmt.Sprint(rest)
	case rest > 0:
		return fmt.Sprintf("%s + %d", text, rest)
	}
	return text
}

// addMaps lists the mappings that operations use.
func (s *source) addMaps() {
	for mm := range s.p.Tasks {
		for f := range s.p.Files {
			if s.uses(mm, f) {
				s.Maps = append(s.Maps, sourceMap{s.mapping(mm, f), s.p.Files[f].Name, s.at(f, s.span(f))})
			}
		}
	}
}

// mapping is the name of a file's mapping in an address space.
func (s *source) mapping(mm, f int) string {
	return fmt.Sprintf("map_%s_%s", s.p.Files[f].Name, s.p.Tasks[mm].Name)
}

func (s *source) uses(mm, f int) bool {
	for op := range s.all() {
		if s.p.Tasks[op.task].MM == mm && (op.mapped() && op.File == f || op.Buf.Mapped && op.Kind != prog.Reflink && op.Buf.File == f) {
			return true
		}
	}
	return false
}

// span is how much of a file is mapped: all that any operation reaches, in
// whole pages.
func (s *source) span(f int) int64 {
	n := max(s.p.Files[f].Size, 1)
	for op := range s.all() {
		if op.File == f {
			n = max(n, op.Off+op.Len)
		}
		if op.Buf.Mapped && op.Buf.File == f {
			n = max(n, op.Buf.Off+op.Len)
		}
	}
	return (n + prog.PageSize - 1) / prog.PageSize * prog.PageSize
}

// fail reports whether plain accesses to mappings may.
func (s *source) fail() bool {
	shrinks, maps := false, false
	for op := range s.all() {
		shrinks = shrinks || op.Kind == prog.Truncate || op.Kind == prog.Unmap
		maps = maps || op.access()
		if op.access() && op.Off+op.Len > s.p.Files[op.File].Size {
			shrinks = true
		}
	}
	return shrinks && maps
}

// find is what the program is about, as a C expression.
func (s *source) find() (string, error) {
	if len(s.p.Conds) == 0 {
		want := prog.Incoherence
		if s.order != nil && s.order.Found&prog.Incoherence != 0 {
			want &= s.order.Found
		}
		return seen(want), nil
	}
	var list []string
	for i := range s.p.Conds {
		text, err := s.condition(&s.p.Conds[i])
		if err != nil {
			return "", err
		}
		list = append(list, text)
	}
	return strings.Join(list, " || "), nil
}

// ErrValues says that a condition is about values, which the C program does not
// compare.
var ErrValues = errors.New("conditions on values cannot be put into C: look for violations")

// ErrWaits says that a condition is about what a program cannot see.
var ErrWaits = errors.New("a C program cannot see who waits for whom in the kernel")

// condition is a condition as a C expression.
func (s *source) condition(c *prog.Cond) (string, error) {
	if c.Kind == prog.CondSeen && c.Seen&prog.Contention != 0 {
		return "", fmt.Errorf("%s: %v: %w", s.p.Name, c.Seen, ErrWaits)
	}
	if c.Kind == prog.CondSeen {
		return seen(c.Seen), nil
	}
	var list []string
	for i := range c.Sub {
		text, err := s.condition(&c.Sub[i])
		if err != nil {
			return "", err
		}
		if c.Sub[i].Kind != prog.CondSeen || c.Kind == prog.CondNot {
			text = "(" + text + ")"
		}
		list = append(list, text)
	}
	switch c.Kind {
	case prog.CondNot:
		return "!" + list[0], nil
	case prog.CondAnd:
		return strings.Join(list, " && "), nil
	case prog.CondOr:
		return strings.Join(list, " || "), nil
	}
	return "", fmt.Errorf("%s: %w", s.p.Name, ErrValues)
}

// flags is the names of violations in the C program. The others end a run of the
// model, not one of a kernel.
var flags = []struct {
	violation prog.Violation
	name      string
}{
	{prog.Stale, "stale"}, {prog.Lost, "lost"}, {prog.SilentLost, "silent_lost"}, {prog.Inverted, "inverted"},
	{prog.Flipped, "flipped"}, {prog.InFlight, "in_flight"}, {prog.Torn, "torn"}, {prog.Nowhere, "nowhere"},
	{prog.Incoherent, "incoherent"}, {prog.EIO, "EIO_"}, {prog.EFAULT, "EFAULT_"},
}

// seen is a C expression for any of some violations.
func seen(v prog.Violation) string {
	var list []string
	for _, f := range flags {
		if v&f.violation != 0 {
			list = append(list, "found."+f.name)
		}
	}
	if list == nil {
		return "false"
	}
	return strings.Join(list, " || ")
}
