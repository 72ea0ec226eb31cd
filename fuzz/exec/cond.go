package exec

import (
	"slices"

	"cohbench/fuzz/prog"
)

// legal is what a run may show without anything being wrong.
const legal = prog.InFlight | prog.EFAULT | prog.EIO

// wanted reports whether the run shows what the program looks for.
func (r *Result) wanted(p *prog.Program) bool {
	if len(p.Conds) == 0 {
		return r.Found&^legal != 0
	}
	for i := range p.Conds {
		if r.true(&p.Conds[i]) {
			return true
		}
	}
	return false
}

func (r *Result) true(c *prog.Cond) bool {
	switch c.Kind {
	case prog.CondSeen:
		return r.Found&c.Seen != 0
	case prog.CondEqual:
		return r.equal(c.A, c.B)
	case prog.CondDiffer:
		return !r.equal(c.A, c.B)
	case prog.CondNot:
		return !r.true(&c.Sub[0])
	case prog.CondAnd:
		for i := range c.Sub {
			if !r.true(&c.Sub[i]) {
				return false
			}
		}
		return true
	}
	return slices.ContainsFunc(c.Sub, func(c prog.Cond) bool { return r.true(&c) })
}

func (r *Result) equal(a, b prog.Operand) bool {
	x, y := r.operand(a), r.operand(b)
	if x.Kind == ValueInit {
		x = r.before(b)
	}
	if y.Kind == ValueInit {
		y = r.before(a)
	}
	return x.Kind == y.Kind && x.Wrote == y.Wrote && (x.Kind != ValueStrange || x.Word == y.Word)
}

// before is what the place that an operand was read from held before: zero, if
// that was a hole.
func (r *Result) before(o prog.Operand) Value {
	at := place{o.File, o.Off / cellSize}
	if o.Kind == prog.OperandReg {
		for i := range r.plan.steps {
			if s := &r.plan.steps[i]; s.Reg == o.Reg {
				at = place{s.File, s.Off / cellSize}
			}
		}
	} else if o.Kind != prog.OperandFinal {
		return Value{Kind: ValueInit}
	}
	return r.plan.value(at, r.plan.newCell(at).init)
}

// operand is a value of the run.
func (r *Result) operand(o prog.Operand) Value {
	switch o.Kind {
	case prog.OperandReg:
		return r.Regs[slices.Index(r.plan.regs, o.Reg)]
	case prog.OperandInit:
		return Value{Kind: ValueInit}
	case prog.OperandZero:
		return Value{Kind: ValueZero}
	case prog.OperandWrote:
		switch r.plan.tasks[o.Task][o.Op].Kind {
		case prog.Truncate, prog.Punch, prog.Zero:
			return Value{Kind: ValueZero}
		}
		return Value{Kind: ValueWrote, Wrote: OpRef{o.Task, o.Op}}
	case prog.OperandFinal:
		for _, c := range r.plan.cellsOf(o.File, o.Off, cellSize) {
			if c.exists {
				return r.plan.value(c.place, c.final)
			}
		}
	}
	return Value{}
}
