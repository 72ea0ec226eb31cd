package core

import (
	"sync/atomic"

	"cohbench/core/sched"
)

// exposures counts direct writes during which another task tried to add an
// overlapping page: the opportunities for staleness. Without it an engine
// that blocks its faulters looks coherent by checking less. Whoever waits for
// the leave to add is trying, and counts for each direct write that it waits
// through.
//
// Each task has a slot for its direct write in flight and one for its attempt.
// Either side publishes its own and then looks at the others'; the atomics are
// sequentially consistent, so one of the two sees the other.
type exposures struct {
	writes   sched.PerThread[atomic.Uint64]
	attempts sched.PerThread[atomic.Uint64]
	// queued is for tasks that have several direct writes in flight: a slot
	// for each.
	queued sched.PerThread[atomic.Pointer[[]atomic.Uint64]]
}

// A slot is a range of pages and a bit in one word, so that a mark hits just
// the write that was seen: first page << 24 | pages << 1 | touched; 0 for none.
const (
	slotTouched  = 1
	slotMaxPages = 1<<23 - 1
)

func slotOf(r pageRange) uint64 {
	return uint64(r.start)<<24 | uint64(min(r.end-r.start, slotMaxPages))<<1
}

// overlap says whether two slots share a page.
func overlap(a, b uint64) bool {
	return a>>24 < b>>24+b>>1&slotMaxPages && b>>24 < a>>24+a>>1&slotMaxPages
}

// begin announces a direct write of the pages r by t.
func (e *exposures) begin(t *sched.Thread, r pageRange) { e.beginIn(e.writes.Of(t), t, r) }

// beginIn is begin with the slot own.
func (e *exposures) beginIn(own *atomic.Uint64, t *sched.Thread, r pageRange) {
	w := slotOf(r)
	own.Store(w)
	for i := range e.attempts.Len() {
		if a := e.attempts.At(i).Load(); a != 0 && i != t.ID && overlap(a, w) {
			own.Store(w | slotTouched)
			return
		}
	}
}

// end takes it back and says whether an attempt met it.
func (e *exposures) end(t *sched.Thread) bool {
	return e.writes.Of(t).Swap(0)&slotTouched != 0
}

// try announces that t is about to add pages of r; done takes it back.
func (e *exposures) try(t *sched.Thread, r pageRange) {
	a := slotOf(r)
	e.attempts.Of(t).Store(a)
	for i := range e.writes.Len() {
		if i != t.ID {
			touch(e.writes.At(i), a)
		}
	}
	for i := range e.queued.Len() {
		if slots := e.queued.At(i).Load(); slots != nil && i != t.ID {
			for j := range *slots {
				touch(&(*slots)[j], a)
			}
		}
	}
}

// touch marks the direct write in a slot if the attempt a overlaps it.
func touch(s *atomic.Uint64, a uint64) {
	if w := s.Load(); w != 0 && w&slotTouched == 0 && overlap(a, w) {
		s.CompareAndSwap(w, w|slotTouched)
	}
}

func (e *exposures) done(t *sched.Thread) { e.attempts.Of(t).Store(0) }

// tryMissing is try if a page of r is not cached, before anybody is asked for
// the leave to add it.
func (m *AddressSpace) tryMissing(t *Task, r pageRange) {
	for i := r.start; i < r.end; i++ {
		if s := m.pages.slot(i); s == nil || s.Load() == nil {
			m.exposed.try(t.Thread, r)
			return
		}
	}
}

// Exposures is that count for an engine whose files are not AddressSpaces. It
// cannot see what is cached, so every access through the cache to a page that
// is being written directly counts as an attempt to add it: the direct write
// has just dropped the page, as a rule. The zero value is empty.
type Exposures struct{ of exposures }

// BeginWrite announces a direct write of n bytes at off by t.
func (x *Exposures) BeginWrite(t *Task, off, n int64) { x.of.begin(t.Thread, pagesOf(off, n)) }

// EndWrite takes it back, and counts it in t.Stats if an access met it.
func (x *Exposures) EndWrite(t *Task) {
	if x.of.end(t.Thread) {
		t.Stats.Exposures++
	}
}

// Queue makes room for depth direct writes of t in flight at once.
func (x *Exposures) Queue(t *Task, depth int) {
	slots := make([]atomic.Uint64, depth)
	x.of.queued.Of(t.Thread).Store(&slots)
}

// BeginQueued announces the i-th of them.
func (x *Exposures) BeginQueued(t *Task, i int, off, n int64) {
	x.of.beginIn(x.of.queuedSlot(t, i), t.Thread, pagesOf(off, n))
}

// EndQueued takes it back, and counts it in t.Stats if an access met it.
func (x *Exposures) EndQueued(t *Task, i int) {
	if x.of.queuedSlot(t, i).Swap(0)&slotTouched != 0 {
		t.Stats.Exposures++
	}
}

func (e *exposures) queuedSlot(t *Task, i int) *atomic.Uint64 {
	return &(*e.queued.Of(t.Thread).Load())[i]
}

// BeginAccess announces an access of n bytes at off by t through the cache.
func (x *Exposures) BeginAccess(t *Task, off, n int64) { x.of.try(t.Thread, pagesOf(off, n)) }

// EndAccess takes it back.
func (x *Exposures) EndAccess(t *Task) { x.of.done(t.Thread) }
