package explore

import (
	"math/bits"

	"cohbench/core/sched"
)

// sharing knows who touched which location: a hash table with open
// addressing, because it is asked at every step. What it learns counts from the
// next pass of a search on, so that a pass does not depend on the order in
// which its parts are searched.
type sharing struct {
	slots []sharedLoc // a power of two
	used  int
	grown bool // there is something to promote
}

// sharedLoc is what is known of one location.
type sharedLoc struct {
	loc     sched.Loc
	used    bool
	shared  bool   // several threads touch it, in ways that conflict
	carries bool   // steps that announce it touch what is shared besides
	matters bool   // as of this pass: it makes a difference to be stopped before it
	threads uint32 // who touches it
	kinds   uint32 // and how
}

const minSlots = 64

// at returns the entry of a location.
func (s *sharing) at(loc sched.Loc) *sharedLoc {
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
			*e = sharedLoc{loc: loc, used: true}
			s.used++
			return e
		}
	}
}

func (s *sharing) grow() {
	old := s.slots
	s.slots, s.used = make([]sharedLoc, max(minSlots, 2*len(old))), 0
	for i := range old {
		if old[i].used {
			*s.at(old[i].loc) = old[i]
		}
	}
}

// note adds that a thread touches a location, and says whether it is shared.
func (s *sharing) note(id int, a access) bool {
	e := s.at(a.loc)
	e.threads |= 1 << id
	e.kinds |= 1 << a.kind
	s.judge(e)
	return e.shared || e.carries
}

func (s *sharing) judge(e *sharedLoc) {
	if !e.shared && bits.OnesCount32(e.threads) > 1 && conflicting(e.kinds) {
		e.shared, s.grown = true, true
	}
}

// conflicting says whether two of a set of kinds conflict. Each stands for
// accesses of several threads.
func conflicting(kinds uint32) bool {
	if bits.OnesCount32(kinds) > 1 {
		return true
	}
	k := sched.Kind(bits.TrailingZeros32(kinds))
	return k.Conflicts(k)
}

// touch adds that the step which t is in touches a besides. If that is shared,
// so is what the step announced.
func (s *sharing) touch(t *sched.Thread, a access) {
	if !a.global() && (a.local() || !s.note(t.ID, a)) {
		return
	}
	if e := s.at(pending(t).loc); !e.carries {
		e.carries, s.grown = true, true
	}
}

// matters says whether it makes a difference to be stopped before a.
func (s *sharing) matters(a access) bool {
	return a.global() || s.at(a.loc).matters
}

// promote makes what was learnt count.
func (s *sharing) promote() {
	for i := range s.slots {
		e := &s.slots[i]
		e.matters = e.shared || e.carries
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
		s.grown = s.grown || from.shared && !e.shared || from.carries && !e.carries
		e.shared, e.carries = e.shared || from.shared, e.carries || from.carries
		e.threads |= from.threads
		e.kinds |= from.kinds
		s.judge(e)
	}
}

// clone is a copy.
func (s *sharing) clone() sharing {
	c := *s
	c.slots = append([]sharedLoc(nil), s.slots...)
	return c
}
