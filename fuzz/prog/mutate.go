package prog

import "slices"

// Mutate makes one to three changes to a copy of p. Other is a program from
// which operations may be taken; it may be p. The result has no schedule: what
// one of p would do in it is anybody's guess.
func (g *Generator) Mutate(p, other *Program) *Program {
	if len(g.kinds) == 0 {
		g.Swarm()
	}
	q := p.Clone()
	q.Schedule, q.Trace, q.Engine = nil, 0, ""
	for range 1 + g.Rand.IntN(3) {
		mutations[g.Rand.IntN(len(mutations))](g, q, other)
	}
	if !g.Wild {
		q.Tame()
	}
	return q
}

// mutations is what Mutate draws from. A change that cannot be made of a
// program leaves it as it is.
var mutations = []func(g *Generator, p, other *Program){
	(*Generator).insertOp, (*Generator).insertOp,
	(*Generator).changePlace, (*Generator).changePlace,
	(*Generator).changeKind,
	(*Generator).removeOp,
	(*Generator).moveOp,
	(*Generator).takeOp,
	(*Generator).changePage,
	(*Generator).changeOptions,
	(*Generator).changeTasks,
}

// pickOp draws an operation, or returns a task of -1 if there is none.
func (g *Generator) pickOp(p *Program) (task, op int) {
	n := p.Size()
	if n == 0 {
		return -1, 0
	}
	op = g.Rand.IntN(n)
	for task = range p.Tasks {
		if op < len(p.Tasks[task].Ops) {
			break
		}
		op -= len(p.Tasks[task].Ops)
	}
	return task, op
}

// put inserts an operation anywhere, if there is room.
func (g *Generator) put(p *Program, o Op) {
	t := &p.Tasks[g.Rand.IntN(len(p.Tasks))]
	if p.Size() < g.Limits.orDefault().Ops && len(t.Ops) < MaxOps {
		t.Ops = slices.Insert(t.Ops, g.Rand.IntN(len(t.Ops)+1), o)
	}
}

func (g *Generator) insertOp(p, _ *Program) { g.put(p, g.op(p)) }

func (g *Generator) removeOp(p, _ *Program) {
	if t, i := g.pickOp(p); t >= 0 && p.Size() > 2 {
		p.Tasks[t].Ops = slices.Delete(p.Tasks[t].Ops, i, i+1)
	}
}

func (g *Generator) changePlace(p, _ *Program) {
	if t, i := g.pickOp(p); t >= 0 {
		g.place(p, &p.Tasks[t].Ops[i])
	}
}

// changeKind keeps the place if the new kind can have it.
func (g *Generator) changeKind(p, _ *Program) {
	t, i := g.pickOp(p)
	if t < 0 {
		return
	}
	o := &p.Tasks[t].Ops[i]
	old := o.Kind
	o.Kind = g.kinds[g.Rand.IntN(len(g.kinds))]
	parts := hasRange | hasWord | hasSize | isClone | aligned
	if kinds[old].shape&parts != kinds[o.Kind].shape&parts || o.Buf.Mapped && !o.Kind.has(maySource|mayTarget|isClone) {
		g.place(p, o)
	}
	if o.Len == 0 && o.Kind.has(hasRange) && !o.Kind.has(wholeToo) {
		g.place(p, o)
	}
}

func (g *Generator) moveOp(p, _ *Program) {
	if t, i := g.pickOp(p); t >= 0 {
		o := p.Tasks[t].Ops[i]
		p.Tasks[t].Ops = slices.Delete(p.Tasks[t].Ops, i, i+1)
		g.put(p, o)
	}
}

// takeOp takes over an operation of another program.
func (g *Generator) takeOp(p, other *Program) {
	t, i := g.pickOp(other)
	if t < 0 {
		return
	}
	o := other.Tasks[t].Ops[i]
	o.File %= len(p.Files)
	o.Buf.File %= len(p.Files)
	g.put(p, o)
}

func (g *Generator) changePage(p, _ *Program) {
	f := &p.Files[g.Rand.IntN(len(p.Files))]
	g.page(f, g.Rand.Int64N(f.Pages()))
}

func (g *Generator) changeOptions(p, _ *Program) { g.options(p) }

// changeTasks makes two tasks threads of one process, or no longer.
func (g *Generator) changeTasks(p, _ *Program) {
	i := g.Rand.IntN(len(p.Tasks))
	if p.Tasks[i].MM == i {
		p.Tasks[i].MM = 0
	} else {
		p.Tasks[i].MM = i
	}
}
