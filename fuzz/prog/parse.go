package prog

import (
	"path"
	"slices"
	"strconv"
	"strings"
)

// Limits of a program in text form. They keep a slip of the hand from asking
// for a terabyte.
const (
	MaxFiles = 8
	MaxTasks = 8
	MaxOps   = 64 // of a task
	MaxPages = 1024
	maxBytes = MaxPages * PageSize
)

// Parse reads a program in text form. A mistake is an *Error. The program's
// name is the last element of name, without the extension.
func Parse(name string, src []byte) (*Program, error) { return ParseFor(name, src, nil) }

// ParseFor is Parse where the engines are known: what is expected must be
// expected of one of them. With nil any will do.
func ParseFor(name string, src []byte, engines []string) (*Program, error) {
	p := &parser{file: name, engines: engines, program: &Program{Name: strings.TrimSuffix(path.Base(name), ".coh")}, task: -1}
	for i, line := range strings.Split(strings.TrimSuffix(string(src), "\n"), "\n") {
		s, err := scan(name, i+1, line)
		if err == nil {
			err = p.line(s)
		}
		if err != nil {
			return nil, err
		}
		p.lines = i + 1
	}
	return p.end()
}

// parser is a program as far as it is read.
type parser struct {
	file    string
	engines []string // that there are; nil: not known
	lines   int
	program *Program
	above   []string // comments since the last statement
	started bool     // there was a statement, or a blank line after a comment
	task    int      // to which indented lines belong; -1: none
	regs    []string
	single  []string // statements that may stand once and did
	depth   int      // of the condition being read
}

var statements = map[string]func(*parser, *scanner, Note) error{
	"file": (*parser).fileStatement, "options": (*parser).optionsStatement, "task": (*parser).taskStatement,
	"find": (*parser).findStatement, "expect": (*parser).expectStatement, "engine": (*parser).engineStatement,
	"schedule": (*parser).scheduleStatement, "trace": (*parser).traceStatement,
}

var statementNames = []string{"file", "options", "task", "find", "expect", "engine", "schedule", "trace"}

// line reads one line.
func (p *parser) line(s *scanner) error {
	if s.peek().text == "" {
		if s.marked {
			p.above = append(p.above, s.comment)
		}
		return nil
	}
	note := Note{Above: p.above, Beside: s.comment}
	p.above = nil
	if !p.started { // the comment before the first statement is the program's
		p.started = true
		p.program.Doc, note.Above = strings.Join(note.Above, "\n"), nil
	}
	if s.indent {
		return p.indented(s, note)
	}
	p.task = -1
	word := s.take()
	statement, ok := statements[word.text]
	if !ok {
		return s.unknown(word, "statement", statementNames)
	}
	if err := statement(p, s, note); err != nil {
		return err
	}
	return s.done()
}

// indented reads further operations of a task.
func (p *parser) indented(s *scanner, note Note) error {
	if p.task < 0 {
		return s.failAt(s.peek(), "operations of a task stand below its line", "an indented line that belongs to no task")
	}
	if err := p.ops(s, p.task, note); err != nil {
		return err
	}
	return s.done()
}

// end checks the program as a whole.
func (p *parser) end() (*Program, error) {
	g := p.program
	g.Tail = p.above
	if !p.started {
		g.Doc, g.Tail = strings.Join(g.Tail, "\n"), nil
	}
	missing := ""
	switch {
	case len(g.Files) == 0:
		missing = "file"
	case len(g.Tasks) == 0:
		missing = "task"
	default:
		return g, nil
	}
	return nil, &Error{p.file, p.lines + 1, 1, "the program has no " + missing, "see 'cohbench help coh'"}
}

// once refuses the second statement of a kind.
func (p *parser) once(s *scanner, name string) error {
	if slices.Contains(p.single, name) {
		return s.failAt(s.tokens[0], "", "a second %q", name)
	}
	p.single = append(p.single, name)
	return nil
}

func (p *parser) fileStatement(s *scanner, note Note) error {
	g := p.program
	name, err := s.name("file")
	if err != nil {
		return err
	}
	switch {
	case p.fileNumber(name.text) >= 0:
		return s.failAt(name, "", "a second file %q", name.text)
	case len(g.Files) == MaxFiles:
		return s.failAt(name, "", "more than %d files", MaxFiles)
	}
	f := File{Note: note, Name: name.text}
	if f.Size, err = s.size(); err != nil {
		return err
	}
	if err := s.contents(&f); err != nil {
		return err
	}
	g.Files = append(g.Files, f)
	return nil
}

// size takes a size: a number of pages or of bytes.
func (s *scanner) size() (int64, error) {
	number := s.peek()
	n, err := s.number("pages or bytes", maxBytes)
	if err != nil {
		return 0, err
	}
	switch unit := s.take(); unit.text {
	case "page", "pages":
		if n > MaxPages {
			return 0, s.failAt(number, "at most "+strconv.Itoa(MaxPages), "%d pages are too many", n)
		}
		return n * PageSize, nil
	case "byte", "bytes":
		if n%8 != 0 {
			return 0, s.failAt(number, "cells are 8 bytes", "%d bytes are no whole cells", n)
		}
		return n, nil
	default:
		return 0, s.failAt(unit, "", "want \"pages\" or \"bytes\", not %s", unit)
	}
}

// contents takes what is said about the pages of a file.
func (s *scanner) contents(f *File) error {
	for {
		word := s.peek()
		var err error
		switch word.text {
		case "holes":
			s.take()
			var r []Range
			if r, err = s.ranges(f); err == nil {
				f.Holes = merge(append(f.Holes, r...))
			}
		case "resident", "dirty":
			s.take()
			var r []Range
			if r, err = s.ranges(f); err == nil {
				list := &f.Resident
				if word.text == "dirty" {
					list = &f.Dirty
				}
				*list = pagesOf(append(rangesOf(*list), r...))
			}
		case "on":
			s.take()
			err = s.count("a file system", MaxFiles, &f.FS)
		case "":
			return s.contradictions(f)
		default:
			return s.unknown(word, "word about a file", []string{"holes", "resident", "dirty", "on"})
		}
		if err != nil {
			return err
		}
	}
}

// contradictions refuses pages that are said to be two things.
func (s *scanner) contradictions(f *File) error {
	for _, page := range f.Dirty {
		if slices.Contains(f.Resident, page) {
			return s.failAt(s.peek(), "\"resident\" means cached and clean", "page %d of %s is both resident and dirty", page, f.Name)
		}
	}
	return nil
}

// ranges takes pages and ranges of pages of f: 0 2:4.
func (s *scanner) ranges(f *File) ([]Range, error) {
	var list []Range
	for s.peek().text != "" && s.peek().text[0] <= '9' && s.peek().text[0] >= '0' {
		r, err := s.pages(f)
		if err != nil {
			return nil, err
		}
		list = append(list, r)
	}
	if list == nil {
		return nil, s.failAt(s.peek(), "such as 0 or 2:4", "want pages, not %s", s.peek())
	}
	return list, nil
}

// pages takes a page or a range of pages of f.
func (s *scanner) pages(f *File) (Range, error) {
	at := s.peek()
	r, err := s.pageRange()
	if err == nil && r.End > f.Pages() {
		err = s.failAt(at, "", "%s has %d pages, counted from 0", f.Name, f.Pages())
	}
	return r, err
}

// pageRange takes a page, or two with a colon between them.
func (s *scanner) pageRange() (Range, error) {
	at := s.peek()
	start, err := s.number("pages", MaxPages)
	if err != nil || !s.accept(":") {
		return Range{start, start + 1}, err
	}
	end, err := s.number("pages", MaxPages)
	if err == nil && end <= start {
		err = s.failAt(at, "the end is the first page that does not belong to it", "the range %d:%d is empty", start, end)
	}
	return Range{start, end}, err
}

func (p *parser) optionsStatement(s *scanner, note Note) error {
	if err := p.once(s, "options"); err != nil {
		return err
	}
	o := &p.program.Options
	o.Note = note
	for {
		word := s.take()
		i := slices.Index(optionNames[:], word.text)
		switch {
		case i >= 0:
			o.Set |= 1 << i
		case word.text == "max-pin":
			if err := s.count("pages", 256, &o.MaxPin); err != nil {
				return err
			}
		case word.text == "slots":
			if err := s.count("slots", 512, &o.Slots); err != nil {
				return err
			}
		case word.text == "starve-after":
			if err := s.count("times", 1000, &o.StarveAfter); err != nil {
				return err
			}
		default:
			return s.unknown(word, "option", append(names(optionNames[:]), "max-pin", "slots", "starve-after"))
		}
		if !s.accept(",") {
			return nil
		}
	}
}

// count takes a number above 0.
func (s *scanner) count(what string, limit int64, to *int) error {
	at := s.peek()
	n, err := s.number(what, limit)
	if err == nil && n == 0 {
		err = s.failAt(at, "", "want at least 1")
	}
	*to = int(n)
	return err
}

func (p *parser) expectStatement(s *scanner, note Note) error {
	for {
		word := s.take()
		v := slices.Index(verdictNames[:], word.text)
		if v < 0 {
			return s.unknown(word, "verdict", verdictNames[:])
		}
		e := Expect{Note: note, Verdict: Verdict(v)}
		for {
			pattern := s.take()
			if pattern.text == "" || strings.IndexByte(wordBytes, pattern.text[0]) < 0 {
				return s.failAt(pattern, "an engine, or a pattern such as addlock*", "want an engine, not %s", pattern)
			}
			if err := p.checkEngine(s, pattern); err != nil {
				return err
			}
			e.Engines = append(e.Engines, pattern.text)
			if !s.accept(",") {
				break
			}
		}
		p.program.Expect = append(p.program.Expect, e)
		note = Note{}
		if !s.accept(";") {
			return nil
		}
	}
}

// checkEngine refuses the name of no engine, and a pattern of none: what is
// expected of nobody would be checked by nobody.
func (p *parser) checkEngine(s *scanner, pattern token) error {
	if p.engines == nil || slices.ContainsFunc(p.engines, func(name string) bool { return matches(pattern.text, name) }) {
		return nil
	}
	return s.unknown(pattern, "engine", p.engines)
}

func (p *parser) engineStatement(s *scanner, note Note) error {
	if err := p.once(s, "engine"); err != nil {
		return err
	}
	word := s.take()
	if word.text == "" || strings.IndexByte(wordBytes, word.text[0]) < 0 || strings.Contains(word.text, "*") {
		return s.failAt(word, "", "want the name of an engine, not %s", word)
	}
	p.program.Engine, p.program.Run.Engine = word.text, note
	return nil
}

// scheduleStatement reads: schedule w +5 s +3 w.
func (p *parser) scheduleStatement(s *scanner, note Note) error {
	if err := p.once(s, "schedule"); err != nil {
		return err
	}
	g := p.program
	g.Run.Schedule, g.Schedule = note, []Switch{}
	for s.peek().text != "" {
		var w Switch
		var err error
		if s.accept("+") {
			if w.After, err = s.number("steps", 1<<40); err != nil {
				return err
			}
		} else if len(g.Schedule) > 0 {
			return s.failAt(s.peek(), "such as +5 w: after five steps, w", "want \"+\" and a number of steps, not %s", s.peek())
		}
		task := s.take()
		if w.To = p.taskNumber(task.text); w.To < 0 {
			return s.unknown(task, "task", p.taskNames())
		}
		g.Schedule = append(g.Schedule, w)
	}
	return nil
}

func (p *parser) traceStatement(s *scanner, note Note) error {
	if err := p.once(s, "trace"); err != nil {
		return err
	}
	word := s.take()
	n, err := strconv.ParseUint(word.text, 16, 64)
	if err != nil || len(word.text) != 16 || n == 0 {
		return s.failAt(word, "as cohbench printed it", "want 16 hexadecimal digits, not %s", word)
	}
	p.program.Trace, p.program.Run.Trace = n, note
	return nil
}

func (p *parser) fileNumber(name string) int {
	return slices.IndexFunc(p.program.Files, func(f File) bool { return f.Name == name })
}

func (p *parser) taskNumber(name string) int {
	return slices.IndexFunc(p.program.Tasks, func(t Task) bool { return t.Name == name })
}

func (p *parser) fileNames() (list []string) {
	for i := range p.program.Files {
		list = append(list, p.program.Files[i].Name)
	}
	return list
}

func (p *parser) taskNames() (list []string) {
	for i := range p.program.Tasks {
		list = append(list, p.program.Tasks[i].Name)
	}
	return list
}
