package prog

import (
	"slices"
)

// taskStatement reads: task NAME [with NAME]: [OP {; OP}].
func (p *parser) taskStatement(s *scanner, note Note) error {
	g := p.program
	name, err := s.name("task")
	if err != nil {
		return err
	}
	switch {
	case p.taskNumber(name.text) >= 0:
		return s.failAt(name, "", "a second task %q", name.text)
	case len(g.Tasks) == MaxTasks:
		return s.failAt(name, "", "more than %d tasks", MaxTasks)
	}
	t := Task{Note: note, Name: name.text, MM: len(g.Tasks)}
	if s.accept("with") {
		other := s.take()
		i := p.taskNumber(other.text)
		if i < 0 {
			return s.unknown(other, "task", p.taskNames())
		}
		t.MM = g.Tasks[i].MM
	}
	if err := s.expect(":", "operations follow after a colon"); err != nil {
		return err
	}
	g.Tasks = append(g.Tasks, t)
	p.task = len(g.Tasks) - 1
	if s.peek().text == "" {
		return nil
	}
	return p.ops(s, p.task, Note{})
}

// ops reads operations to the end of the line.
func (p *parser) ops(s *scanner, task int, note Note) error {
	t := &p.program.Tasks[task]
	for {
		at := s.peek()
		o, err := p.op(s)
		if err != nil {
			return err
		}
		if len(t.Ops) == MaxOps {
			return s.failAt(at, "", "more than %d operations of task %s", MaxOps, t.Name)
		}
		o.Above, note.Above = note.Above, nil
		t.Ops = append(t.Ops, o)
		if !s.accept(";") {
			t.Ops[len(t.Ops)-1].Beside = note.Beside
			return nil
		}
	}
}

// op reads one operation: [REG =] KIND FILE ...
func (p *parser) op(s *scanner) (Op, error) {
	var o Op
	if s.tokens[min(s.next+1, len(s.tokens)-1)].text == "=" {
		if err := p.register(s, &o); err != nil {
			return o, err
		}
	}
	word := s.take()
	i := slices.IndexFunc(kinds[:], func(k kind) bool { return k.name == word.text })
	if i < 0 {
		return o, s.unknown(word, "operation", kindNames())
	}
	o.Kind = Kind(i)
	if o.Reg != "" && !o.Kind.Reads() {
		return o, s.failAt(word, "", "%s returns no data for register %s", word.text, o.Reg)
	}
	file := s.take()
	if o.File = p.fileNumber(file.text); o.File < 0 {
		return o, s.unknown(file, "file", p.fileNames())
	}
	if err := p.place(s, &o, file); err != nil {
		return o, err
	}
	if why := o.wrong(); why != "" {
		return o, s.failAt(word, "", "%s", why)
	}
	return o, nil
}

// register takes: REG =.
func (p *parser) register(s *scanner, o *Op) error {
	name, err := s.name("register")
	if err != nil {
		return err
	}
	if slices.Contains(p.regs, name.text) {
		return s.failAt(name, "every register is set by one operation", "register %s is set twice", name.text)
	}
	p.regs = append(p.regs, name.text)
	o.Reg = name.text
	return s.expect("=", "")
}

func kindNames() (list []string) {
	for _, k := range kinds {
		list = append(list, k.name)
	}
	return list
}

// place takes what an operation has after its file.
func (p *parser) place(s *scanner, o *Op, file token) (err error) {
	k := o.Kind
	switch {
	case k.has(hasSize):
		if err := s.expect("to", "such as: truncate A to 1 pages"); err != nil {
			return err
		}
		o.Len, err = s.size()
		return err
	case !k.has(hasRange), k.has(wholeToo) && s.peek().text != "[":
		return nil
	}
	if o.Off, o.Len, err = s.extent(k.has(hasWord)); err != nil {
		return err
	}
	preposition := "into"
	if k.has(maySource | isClone) {
		preposition = "from"
	}
	if !k.has(maySource | mayTarget | isClone) {
		return nil
	}
	if !s.accept(preposition) {
		if k.has(isClone) {
			return s.expect("from", "such as: reflink B[0] from A[0]")
		}
		return nil
	}
	return p.memory(s, o)
}

// extent takes [P], [P:Q], [P]+OFF:LEN, or, for a word, [P] or [P]+OFF.
func (s *scanner) extent(word bool) (off, n int64, err error) {
	at := s.peek()
	if err := s.expect("[", "such as A[0]"); err != nil {
		return 0, 0, err
	}
	r, err := s.pageRange()
	if err != nil {
		return 0, 0, err
	}
	if err := s.expect("]", ""); err != nil {
		return 0, 0, err
	}
	off, n = r.Start*PageSize, (r.End-r.Start)*PageSize
	if word {
		n = 8
	}
	if s.accept("+") {
		plus, err := s.number("bytes", maxBytes)
		if err != nil {
			return 0, 0, err
		}
		off += plus
		if !word {
			if err := s.expect(":", "such as A[0]+512:64, 64 bytes from byte 512 on"); err != nil {
				return 0, 0, err
			}
			if n, err = s.number("bytes", maxBytes); err != nil {
				return 0, 0, err
			}
		}
	}
	switch {
	case r.End > r.Start+1 && n != (r.End-r.Start)*PageSize:
		err = s.failAt(at, "name the page in which it begins", "a place inside several pages")
	case n == 0:
		err = s.failAt(at, "", "an empty range")
	case off+n > maxBytes:
		err = s.failAt(at, "", "the range ends beyond page %d", MaxPages)
	}
	return off, n, err
}

// memory takes the place of an operation's memory in a file: B[0] or B[0]+64.
func (p *parser) memory(s *scanner, o *Op) error {
	file := s.take()
	o.Buf = Buf{Mapped: true, File: p.fileNumber(file.text)}
	if o.Buf.File < 0 {
		return s.unknown(file, "file", p.fileNames())
	}
	off, _, err := s.extent(true)
	o.Buf.Off = off
	if err == nil && off+o.Len > maxBytes {
		err = s.failAt(file, "", "the memory ends beyond page %d", MaxPages)
	}
	return err
}
