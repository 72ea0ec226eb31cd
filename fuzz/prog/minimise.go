package prog

import "slices"

// Minimise makes p smaller for as long as keep says that the smaller one still
// does what is wanted, and returns the last that did: fewer tasks, operations,
// files and pages, and plainer ones. Nothing that is left can be taken away by
// itself. Keep may give its argument another schedule; it must not change
// anything else. It should be deterministic, and then the result is.
// Preconditions: keep(p) is true.
//
// The order is that of what makes a program simpler by most, and after each
// success what was tried before may succeed (see syzkaller's
// prog/minimization.go: Minimize).
func Minimise(p *Program, keep func(*Program) bool) *Program {
	m := &minimiser{best: p.Clone(), keep: keep}
	for changed := true; changed; {
		changed = false
		for _, pass := range []func() bool{m.tasks, m.ops, m.files, m.options, m.pages, m.plain} {
			changed = pass() || changed
		}
	}
	return m.best
}

type minimiser struct {
	best *Program
	keep func(*Program) bool
}

// try makes a change to a copy, and keeps that if it still does what is wanted.
// The change says whether there was anything to change.
func (m *minimiser) try(change func(p *Program) bool) bool {
	p := m.best.Clone()
	if !change(p) || !m.keep(p) {
		return false
	}
	m.best = p
	return true
}

// each tries n changes, the last first, so that those before keep their
// numbers.
func (m *minimiser) each(n int, change func(p *Program, i int) bool) (changed bool) {
	for i := n - 1; i >= 0; i-- {
		changed = m.try(func(p *Program) bool { return change(p, i) }) || changed
	}
	return changed
}

func (m *minimiser) tasks() bool {
	return m.each(len(m.best.Tasks), func(p *Program, i int) bool {
		if len(p.Tasks) == 1 {
			return false
		}
		p.removeTask(i)
		return true
	})
}

// removeTask takes task i out, with its switches. Who shared its address space
// shares that of the first who did.
func (p *Program) removeTask(i int) {
	heir := -1
	for j := range p.Tasks {
		switch t := &p.Tasks[j]; {
		case t.MM == i && j != i:
			if heir < 0 {
				heir = j
			}
			t.MM = heir
		}
	}
	p.Tasks = slices.Delete(p.Tasks, i, i+1)
	for j := range p.Tasks {
		if p.Tasks[j].MM > i {
			p.Tasks[j].MM--
		}
	}
	p.Schedule = slices.DeleteFunc(p.Schedule, func(s Switch) bool { return s.To == i })
	for j := range p.Schedule {
		if p.Schedule[j].To > i {
			p.Schedule[j].To--
		}
	}
}

// ops takes operations out.
func (m *minimiser) ops() (changed bool) {
	for t := range m.best.Tasks {
		changed = m.each(len(m.best.Tasks[t].Ops), func(p *Program, i int) bool {
			p.Tasks[t].Ops = slices.Delete(p.Tasks[t].Ops, i, i+1)
			return true
		}) || changed
	}
	return changed
}

// files takes out those that no operation is about.
func (m *minimiser) files() bool {
	return m.each(len(m.best.Files), func(p *Program, i int) bool {
		if len(p.Files) == 1 || p.usesFile(i) {
			return false
		}
		p.Files = slices.Delete(p.Files, i, i+1)
		p.eachOp(func(o *Op) {
			if o.File > i {
				o.File--
			}
			if o.Buf.File > i {
				o.Buf.File--
			}
		})
		return true
	})
}

func (p *Program) usesFile(i int) (uses bool) {
	p.eachOp(func(o *Op) { uses = uses || o.File == i || o.Buf.Mapped && o.Buf.File == i })
	return uses
}

func (p *Program) eachOp(fn func(o *Op)) {
	for i := range p.Tasks {
		for j := range p.Tasks[i].Ops {
			fn(&p.Tasks[i].Ops[j])
		}
	}
}

// options makes them those of the right model, and address spaces private.
func (m *minimiser) options() bool {
	changed := m.each(numOptions, func(p *Program, i int) bool {
		had := p.Options.Has(1 << i)
		p.Options.Set &^= 1 << i
		return had
	})
	return m.each(2+len(m.best.Tasks), func(p *Program, i int) bool {
		had := true
		switch i {
		case 0:
			had, p.Options.MaxPin = p.Options.MaxPin != 0, 0
		case 1:
			had, p.Options.Slots = p.Options.Slots != 0, 0
		default:
			had = p.Tasks[i-2].MM != i-2
			p.Tasks[i-2].MM = i - 2
		}
		return had
	}) || changed
}

// pages makes the files small and cold.
func (m *minimiser) pages() (changed bool) {
	for f := range m.best.Files {
		changed = m.each(len(plainFiles), func(p *Program, i int) bool { return plainFiles[i](&p.Files[f]) }) || changed
		for m.try(func(p *Program) bool { return p.Files[f].shrink() }) {
			changed = true
		}
	}
	for m.try((*Program).shiftPages) {
		changed = true
	}
	return changed
}

var plainFiles = []func(f *File) bool{
	func(f *File) bool { had := f.FS != 0; f.FS = 0; return had },
	func(f *File) bool { had := f.Holes != nil; f.Holes = nil; return had },
	func(f *File) bool { had := f.Resident != nil; f.Resident = nil; return had },
	func(f *File) bool { had := f.Dirty != nil; f.Dirty = nil; return had },
	func(f *File) bool { had := f.Size%PageSize != 0; f.Size = f.Pages() * PageSize; return had },
}

// shrink takes the last page away.
func (f *File) shrink() bool {
	n := f.Pages() - 1
	if n == 0 {
		return false
	}
	beyond := func(i int64) bool { return i >= n }
	f.Size = n * PageSize
	f.Resident, f.Dirty = slices.DeleteFunc(f.Resident, beyond), slices.DeleteFunc(f.Dirty, beyond)
	f.Holes = slices.DeleteFunc(f.Holes, func(r Range) bool { return beyond(r.Start) })
	for i := range f.Holes {
		f.Holes[i].End = min(f.Holes[i].End, n)
	}
	return true
}

// shiftPages moves all operations a page down, if there is nothing in the way.
func (p *Program) shiftPages() bool {
	ok := false
	p.eachOp(func(o *Op) { ok = ok || o.Kind.has(hasRange) && o.Len > 0 })
	p.eachOp(func(o *Op) {
		if o.Kind.has(hasRange) && o.Len > 0 {
			ok = ok && o.Off >= PageSize && (!o.Buf.Mapped || o.Buf.Off >= PageSize)
			o.Off -= PageSize
			o.Buf.Off = max(0, o.Buf.Off-PageSize)
		}
	})
	return ok
}

// plain makes operations plainer, one change at a time.
func (m *minimiser) plain() (changed bool) {
	for t := range m.best.Tasks {
		for i := range m.best.Tasks[t].Ops {
			changed = m.each(len(plainer), func(p *Program, k int) bool { return plainer[k](&p.Tasks[t].Ops[i]) }) || changed
		}
	}
	return changed
}

// plainer is changes of an operation, the best last.
var plainer = []func(o *Op) bool{
	func(o *Op) bool { had := o.Off != 0; o.Off = 0; return had && o.Kind.has(hasRange) },
	func(o *Op) bool { had := o.Buf.Off != 0; o.Buf.Off = 0; return had },
	func(o *Op) bool { // the page in which it begins
		had := o.Off%PageSize != 0 || o.Len > PageSize
		o.Off, o.Len = o.Off/PageSize*PageSize, PageSize
		return had && o.Kind.has(hasRange) && !o.Kind.has(hasWord)
	},
	func(o *Op) bool { return o.become(CopyOut, Load) },
	func(o *Op) bool { return o.become(CopyIn, Store) },
	func(o *Op) bool {
		had := o.Buf.Mapped && !o.Kind.has(isClone)
		o.Buf = Buf{}
		return had
	},
}

// become makes an operation of one kind one of another, on one word.
func (o *Op) become(from, to Kind) bool {
	if o.Kind != from {
		return false
	}
	o.Kind, o.Len = to, 8
	return true
}

// MinimiseSchedule takes switches out of the schedule of p for as long as keep
// is true. Preconditions: as those of Minimise; keep leaves the schedule alone.
func MinimiseSchedule(p *Program, keep func(*Program) bool) *Program {
	m := &minimiser{best: p.Clone(), keep: keep}
	for changed := true; changed; {
		changed = m.each(len(m.best.Schedule), func(p *Program, i int) bool {
			if i+1 < len(p.Schedule) {
				p.Schedule[i+1].After += p.Schedule[i].After + 1
			}
			p.Schedule = slices.Delete(p.Schedule, i, i+1)
			return true
		})
	}
	return m.best
}
