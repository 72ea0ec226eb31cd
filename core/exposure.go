package core

import (
	"sync/atomic"

	"cohbench/core/sched"
)

// exposures counts direct writes during which another task tried to add an
// overlapping page: the opportunities for staleness. Without it an engine
// that blocks its faulters looks coherent by checking less.
//
// Each task has a slot with the pages of its direct write in flight and a bit
// that an attempt sets; an attempt costs one load per task, and precedes a
// disk read.
//
// A slot is one word, so that an attempt marks just the write it saw:
// first page << 24 | pages << 1 | touched; 0 when no write is in flight.
type exposures struct {
	slots sched.PerThread[atomic.Uint64]
}

const exposureMaxPages = 1<<23 - 1

// begin announces a direct write of the pages r by t.
func (e *exposures) begin(t *sched.Thread, r pageRange) {
	n := min(r.end-r.start, exposureMaxPages)
	e.slots.Of(t).Store(uint64(r.start)<<24 | uint64(n)<<1)
}

// end takes it back and says whether an attempt hit it.
func (e *exposures) end(t *sched.Thread) bool {
	return e.slots.Of(t).Swap(0)&1 != 0
}

// attempt notes that t is about to add page idx.
func (e *exposures) attempt(t *sched.Thread, idx PageIndex) {
	for i := range e.slots.Len() {
		s := e.slots.At(i)
		w := s.Load()
		first := PageIndex(w >> 24)
		if w == 0 || w&1 != 0 || i == t.ID || idx < first || idx >= first+PageIndex(w>>1&exposureMaxPages) {
			continue
		}
		s.CompareAndSwap(w, w|1)
	}
}
