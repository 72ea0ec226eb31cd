package explore

import "cohbench/core/sched"

// sharing knows who did what to which location: a hash table with open
// addressing, because it is asked at every step. For a search, what it learns
// counts from the next pass on, so that a pass does not depend on the order in
// which its parts are searched.
type sharing struct {
	slots []location // a power of two
	used  int
	grown bool // there is something to promote

	version uint64 // changes when something is learnt; 0: nothing ever was
}

// location is what is known of one location. Sets of kinds are bits.
type location struct {
	loc     sched.Loc
	used    bool
	carries bool               // steps that announce it touch besides what conflicts
	fixed   bool               // carries, as of this pass
	kinds   [MaxThreads]uint16 // what each thread does to it
	meets   [MaxThreads]uint16 // what of that conflicts with what others do
	matters [MaxThreads]uint16 // meets, as of this pass
}

const minSlots = 64

// at returns the entry of a location.
func (s *sharing) at(loc sched.Loc) *location {
	if 2*s.used >= len(s.slots) {
		s.grow()
	}
	mask := uint64(len(s.slots) - 1)
	for i := uint64(loc) * 0x9e3779b97f4a7c15 >> 32; ; i++ {
		e := &s.slots[i&mask]
		if e.used && e.loc == loc {
			return e
		}
		if !e.used {
			*e = location{loc: loc, used: true}
			s.used++
			return e
		}
	}
}

func (s *sharing) grow() {
	old := s.slots
	s.slots, s.used = make([]location, max(minSlots, 2*len(old))), 0
	for i := range old {
		if old[i].used {
			*s.at(old[i].loc) = old[i]
		}
	}
}

// note adds that a thread does a, and returns the location's entry.
// Preconditions: a is neither local nor global.
func (s *sharing) note(id int, a access) *location {
	e := s.at(a.loc)
	if e.kinds[id]>>a.kind&1 == 0 {
		e.kinds[id] |= 1 << a.kind
		s.version++
		s.judge(e)
	}
	return e
}

// judge works out anew what conflicts.
func (s *sharing) judge(e *location) {
	for i := range e.kinds {
		var others, meets uint16
		for j, kinds := range e.kinds {
			if i != j {
				others |= kinds
			}
		}
		for k, against := range conflicts {
			if e.kinds[i]>>k&1 != 0 && against&others != 0 {
				meets |= 1 << k
			}
		}
		s.grown = s.grown || meets != e.meets[i]
		e.meets[i] = meets
	}
}

// conflicts is, by kind, the kinds that conflict with it.
var conflicts = conflictTable()

func conflictTable() (table [sched.NumKinds]uint16) {
	for k := range table {
		for o := range table {
			if sched.Kind(k).Conflicts(sched.Kind(o)) {
				table[k] |= 1 << o
			}
		}
	}
	return table
}

// touch adds that the step which t is in touches a besides. If that conflicts
// with what others do, so does the step.
func (s *sharing) touch(t *sched.Thread, a access) {
	if a.local() && !a.global() || !a.global() && s.note(t.ID, a).meets[t.ID]>>a.kind&1 == 0 {
		return
	}
	if e := s.at(pending(t).loc); !e.carries {
		e.carries, s.grown = true, true
		s.version++
	}
}

// meets notes that t is about to take its next step, and says whether it may
// conflict with one of another thread, as far as is known by now.
func (s *sharing) meets(t *sched.Thread) bool {
	a := pending(t)
	switch {
	case a.global():
		return true
	case a.local():
		return s.at(a.loc).carries
	}
	e := s.note(t.ID, a)
	return e.carries || e.meets[t.ID]>>a.kind&1 != 0
}

// matters is meets, as far as was known when the pass began.
func (s *sharing) matters(t *sched.Thread) bool {
	a := pending(t)
	switch {
	case a.global():
		return true
	case a.local():
		return s.at(a.loc).fixed
	}
	e := s.note(t.ID, a)
	return e.fixed || e.matters[t.ID]>>a.kind&1 != 0
}

// carries says whether steps that announce loc touch more, as far as was known
// when the pass began.
func (s *sharing) carries(loc sched.Loc) bool { return s.at(loc).fixed }

// promote makes what was learnt count.
func (s *sharing) promote() {
	for i := range s.slots {
		e := &s.slots[i]
		e.fixed, e.matters = e.carries, e.meets
	}
	s.grown = false
}

// merge adds what another one knows.
func (s *sharing) merge(o *sharing) {
	for i := range o.slots {
		from := &o.slots[i]
		if !from.used {
			continue
		}
		e := s.at(from.loc)
		s.grown = s.grown || from.carries && !e.carries
		e.carries = e.carries || from.carries
		for t, kinds := range from.kinds {
			e.kinds[t] |= kinds
		}
		s.judge(e)
	}
}

// forget leaves nothing but the memory.
func (s *sharing) forget() {
	clear(s.slots)
	s.used, s.grown = 0, false
	s.version++
}

// clone is a copy.
func (s *sharing) clone() sharing {
	c := *s
	c.slots = append([]location(nil), s.slots...)
	return c
}
