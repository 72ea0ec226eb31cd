package exec

import (
	"fmt"

	"cohbench/fuzz/prog"
)

// Describe is the outcome in a line: what was found, and what the registers
// hold. It is to be asked before the next run.
func (r *Result) Describe() string {
	if r.Err != nil {
		return r.Err.Error()
	}
	s := r.Found.String()
	for i, v := range r.Regs {
		sep := ", "
		if i == 0 {
			sep = "; "
		}
		s += sep + r.plan.regs[i] + " = " + r.plan.name(v)
	}
	return s + r.plan.contents()
}

// maxContents is how many cells Describe names.
const maxContents = 8

// contents is what the cells hold that are looked at, if they are few.
func (l *plan) contents() string {
	s, n := "", 0
	for i := range l.cells {
		c := &l.cells[i]
		if !c.exists {
			continue
		}
		sep := ", "
		if n == 0 {
			sep = "; "
		}
		n++
		s += sep + l.cellName(c.place) + " = " + l.name(l.value(c.place, c.final))
	}
	if n > maxContents {
		return ""
	}
	return s
}

// cellName is a cell as the language names it.
func (l *plan) cellName(p place) string {
	at := p.cell * cellSize
	s := fmt.Sprintf("%s[%d]", l.p.Files[p.file].Name, at/prog.PageSize)
	if in := at % prog.PageSize; in != 0 {
		s += fmt.Sprintf("+%d", in)
	}
	return s
}

// name is a value as conditions name it.
func (l *plan) name(v Value) string {
	switch v.Kind {
	case ValueWrote:
		return fmt.Sprintf("%s.%d", l.p.Tasks[v.Wrote.Task].Name, v.Wrote.Op+1)
	case ValueStrange:
		return fmt.Sprintf("%#x", v.Word)
	}
	return [...]string{"none", "init", "older", "zero"}[v.Kind]
}
