package core

import (
	"sync/atomic"

	"cohbench/core/mmu"
)

// exposures counts direct writes during which another task tried to add an
// overlapping page: the opportunities for staleness. Without it an engine
// that blocks its faulters looks coherent by checking less.
//
// Each task has a slot with the pages of its direct write in flight and a bit
// that an attempt sets; an attempt costs one load per task, and precedes a
// disk read.
type exposures struct {
	slots [mmu.MaxCPU]exposureSlot
	high  atomic.Int64
}

// exposureSlot is one word so that an attempt marks just the write it saw:
// first page << 24 | pages << 1 | touched; 0 when no write is in flight.
type exposureSlot struct {
	word atomic.Uint64
	_    [56]byte
}

const exposureMaxPages = 1<<23 - 1

// begin announces a direct write of the pages r by task id.
func (e *exposures) begin(id int, r pageRange) {
	for h := e.high.Load(); int64(id) >= h; h = e.high.Load() {
		e.high.CompareAndSwap(h, int64(id)+1)
	}
	n := min(r.end-r.start, exposureMaxPages)
	e.slots[id].word.Store(uint64(r.start)<<24 | uint64(n)<<1)
}

// end takes it back and says whether an attempt hit it.
func (e *exposures) end(id int) bool {
	return e.slots[id].word.Swap(0)&1 != 0
}

// attempt notes that task id is about to add page idx.
func (e *exposures) attempt(id int, idx PageIndex) {
	for i := range e.slots[:e.high.Load()] {
		s := &e.slots[i].word
		w := s.Load()
		first := PageIndex(w >> 24)
		if w == 0 || w&1 != 0 || i == id || idx < first || idx >= first+PageIndex(w>>1&exposureMaxPages) {
			continue
		}
		s.CompareAndSwap(w, w|1)
	}
}
