package explore

import "cohbench/core/sched"

// access is what a step does to one location.
type access struct {
	loc  sched.Loc
	kind sched.Kind
}

// local says that the access commutes with everything. Nothing is touched by
// the submission of an IO: its sectors are steps of their own.
func (a access) local() bool { return a.loc == sched.LocLocal || a.kind == sched.KindSubmit }

// global says that it commutes with nothing. A thread that spins may go on
// after any step of another, so that its turns depend on all of them.
func (a access) global() bool { return a.loc == sched.LocAny || a.kind == sched.KindSpin }

// conflicts says whether the order of the two may matter.
func (a access) conflicts(b access) bool {
	switch {
	case a.global() || b.global():
		return true
	case a.local() || b.local():
		return false
	}
	return a.loc == b.loc && a.kind.Conflicts(b.kind)
}

// footprint is what one step touches: what its yield point announced, and
// what it touched besides.
type footprint struct {
	access
	more []access
}

func (f *footprint) conflicts(g *footprint) bool {
	if f.access.conflicts(g.access) {
		return true
	}
	for _, a := range f.more {
		if g.touches(a) {
			return true
		}
	}
	for _, b := range g.more {
		if f.access.conflicts(b) {
			return true
		}
	}
	return false
}

func (f *footprint) touches(a access) bool {
	if a.conflicts(f.access) {
		return true
	}
	for _, b := range f.more {
		if a.conflicts(b) {
			return true
		}
	}
	return false
}

// set makes f a copy of g in its own memory.
func (f *footprint) set(g *footprint) {
	f.access, f.more = g.access, append(f.more[:0], g.more...)
}

// pending is what a thread does when it runs next, as far as it announced it.
func pending(t *sched.Thread) access {
	loc, kind := t.Pending()
	return access{loc, kind}
}
