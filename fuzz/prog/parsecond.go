package prog

import "slices"

// findStatement reads a condition.
func (p *parser) findStatement(s *scanner, note Note) error {
	c, err := p.either(s)
	c.Note = note
	p.program.Conds = append(p.program.Conds, c)
	return err
}

// either reads: both {or both}.
func (p *parser) either(s *scanner) (Cond, error) { return p.joined(s, "or", CondOr, p.both) }

// both reads: single {and single}.
func (p *parser) both(s *scanner) (Cond, error) { return p.joined(s, "and", CondAnd, p.one) }

func (p *parser) joined(s *scanner, word string, kind CondKind, part func(*scanner) (Cond, error)) (Cond, error) {
	c, err := part(s)
	if err != nil || s.peek().text != word {
		return c, err
	}
	all := Cond{Kind: kind, Sub: []Cond{c}}
	for s.accept(word) {
		if c, err = part(s); err != nil {
			return all, err
		}
		all.Sub = append(all.Sub, c)
	}
	return all, nil
}

// maxDepth is how deep conditions may be nested.
const maxDepth = 16

// one reads: not single, (either), a violation, or a comparison.
func (p *parser) one(s *scanner) (Cond, error) {
	at := s.peek()
	if p.depth++; p.depth > maxDepth {
		return Cond{}, s.failAt(at, "", "a condition nested more than %d deep", maxDepth)
	}
	defer func() { p.depth-- }()
	switch {
	case s.accept("not"):
		c, err := p.one(s)
		return Cond{Kind: CondNot, Sub: []Cond{c}}, err
	case s.accept("("):
		c, err := p.either(s)
		if err == nil {
			err = s.expect(")", "")
		}
		return c, err
	}
	if v, ok := ParseViolation(at.text); ok {
		s.take()
		return Cond{Kind: CondSeen, Seen: v}, nil
	}
	return p.comparison(s)
}

func (p *parser) comparison(s *scanner) (Cond, error) {
	at := s.peek()
	var c Cond
	var err error
	if c.A, err = p.operand(s); err != nil {
		return c, err
	}
	switch {
	case s.accept("=="):
		c.Kind = CondEqual
	case s.accept("!="):
		c.Kind = CondDiffer
	default:
		return c, s.failAt(s.peek(), "", "want == or !=, not %s", s.peek())
	}
	if c.B, err = p.operand(s); err != nil {
		return c, err
	}
	if !c.A.observed() && !c.B.observed() {
		err = s.failAt(at, "compare it with a register, or with what a file holds at the end, such as A[0]+8", "nothing is observed here")
	}
	return c, err
}

// observed reports whether the run decides about the value.
func (o Operand) observed() bool { return o.Kind == OperandReg || o.Kind == OperandFinal }

var operandWords = map[string]OperandKind{"init": OperandInit, "zero": OperandZero, "none": OperandNone}

// operand takes a value.
func (p *parser) operand(s *scanner) (Operand, error) {
	word := s.take()
	if kind, ok := operandWords[word.text]; ok {
		return Operand{Kind: kind}, nil
	}
	if i := p.fileNumber(word.text); i >= 0 && s.peek().text == "[" {
		off, _, err := s.extent(true)
		if err == nil && off%8 != 0 {
			err = s.failAt(word, "", "a cell goes by 8 bytes: %d does not", off)
		}
		return Operand{Kind: OperandFinal, File: i, Off: off}, err
	}
	if i := p.taskNumber(word.text); i >= 0 && s.peek().text == "." {
		return p.wrote(s, i)
	}
	if slices.Contains(p.regs, word.text) {
		return Operand{Kind: OperandReg, Reg: word.text}, nil
	}
	return Operand{}, s.unknown(word, "value", p.values())
}

// wrote takes the number of an operation that writes.
func (p *parser) wrote(s *scanner, task int) (Operand, error) {
	t := &p.program.Tasks[task]
	s.take()
	at := s.peek()
	n, err := s.number("an operation", MaxOps)
	switch {
	case err != nil:
	case n == 0 || int(n) > len(t.Ops):
		err = s.failAt(at, "counted from 1", "task %s has %d operations", t.Name, len(t.Ops))
	case !t.Ops[n-1].Kind.Writes():
		err = s.failAt(at, "", "operation %d of %s, %s, writes nothing", n, t.Name, t.Ops[n-1].Kind)
	}
	return Operand{Kind: OperandWrote, Task: task, Op: int(n) - 1}, err
}

// values is what may stand where a value is wanted.
func (p *parser) values() []string {
	list := append(slices.Clone(p.regs), "init", "zero", "none")
	for _, t := range p.taskNames() {
		list = append(list, t+".1")
	}
	for _, f := range p.fileNames() {
		list = append(list, f+"[0]")
	}
	return append(list, violationNames[:]...)
}
