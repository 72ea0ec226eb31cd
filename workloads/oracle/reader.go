package oracle

import (
	"slices"
	"sync/atomic"
)

// Reader checks the reads of one task of one file. It has one read in flight
// at a time and belongs to one goroutine.
type Reader struct {
	Counts     Counts
	Violations []Violation // the first few, in order

	// Began is when the open read was begun, by the clock of Config.Now. Whoever
	// wants Counts.Visibility sets it between Begin and the check.
	Began int64

	f *File

	// The open read.
	start uint64     // tick: what ended by it was before the read
	parts []snapshot // by block
	marks []mark     // copies of cells' marks, for parts
	seen  []seenRun  // copies of sightings, for parts

	// fence is added to between the data and what is looked up about it. An
	// atomic addition is a full barrier (on arm64 with LSE), which an atomic
	// load is not: it would let loads of the data sink below it.
	fence atomic.Uint32

	// The check.
	words   [unitSize]byte // a block without its cells' hashes
	verdict Verdict
	final   *Views // at quiesce
	view    View
}

// keptViolations is how many violations a reader keeps.
const keptViolations = 16

// snapshot is what was known of cells [lo, hi) of a block before the read.
type snapshot struct {
	b      *block
	off    int64 // bytes: of cell lo
	lo, hi int
	key    uint64 // the unit's share of the hash

	returned    int64 // block.returned
	m, inverted marksCopy
	seen        []seenRun

	best  seenRun // the longest run of cells that later reads are to know
	stale bool    // a cell was stale
}

// marksCopy is M, or MR, of the cells of a snapshot.
type marksCopy struct {
	whole mark   // holds for all cells
	cells []mark // by cell from lo on; nil if whole holds for all
}

func (c *marksCopy) at(i int) mark {
	if c.cells == nil {
		return c.whole
	}
	return max(c.whole, c.cells[i])
}

// most is the largest mark of cells [lo, hi).
func (c *marksCopy) most(lo, hi int) mark {
	top := c.whole
	if c.cells != nil {
		for _, m := range c.cells[lo:hi] {
			top = max(top, m)
		}
	}
	return top
}

// Reader returns a new reader. It may be called by any goroutine.
func (f *File) Reader() *Reader {
	return &Reader{f: f, Violations: make([]Violation, 0, keptViolations)}
}

// Begin opens a read of n bytes at off, before the data is touched. A read
// that is still open is cancelled.
//
// Preconditions: off and n are multiples of 8, the range is inside the file.
func (r *Reader) Begin(off, n int64) {
	r.f.checkRange(off, n)
	r.Cancel()
	for n > 0 {
		b, lo, hi := r.f.at(off, n)
		r.snapshot(b, off, lo, hi)
		off, n = next(off, n, lo, hi)
	}
	r.start = r.f.clock.now()
}

// Cancel closes the open read, which failed.
func (r *Reader) Cancel() {
	r.parts, r.marks, r.seen = r.parts[:0], r.marks[:0], r.seen[:0]
}

func (r *Reader) snapshot(b *block, off int64, lo, hi int) {
	if len(r.parts) < cap(r.parts) {
		r.parts = r.parts[:len(r.parts)+1]
	} else {
		r.parts = append(r.parts, snapshot{})
	}
	s := &r.parts[len(r.parts)-1]
	s.b, s.off, s.lo, s.hi = b, off, lo, hi
	s.key = r.f.unitKey(off)
	s.returned = b.returned.Load()
	s.m = r.copyMarks(mark(b.m.Load()), 0, b.mCells.Load(), lo, hi)
	s.inverted = r.copyMarks(mark(b.seen.Load()), s.m.whole, b.seenCells.Load(), lo, hi)
	from := len(r.seen)
	r.seen = b.sightings(r.seen, lo, hi)
	s.seen = r.seen[from:len(r.seen):len(r.seen)]
	s.best, s.stale = seenRun{}, false
}

// copyMarks copies the marks of cells [lo, hi) unless none of them can matter
// beside whole and floor.
func (r *Reader) copyMarks(whole, floor mark, parts *cellMarks, lo, hi int) marksCopy {
	c := marksCopy{whole: whole}
	if parts == nil || mark(parts.top.Load()) <= max(whole, floor) {
		return c
	}
	from := len(r.marks)
	r.marks = slices.Grow(r.marks, hi-lo)[:from+hi-lo]
	c.cells = r.marks[from:len(r.marks):len(r.marks)]
	src := parts.cells[lo:hi]
	for i := range c.cells {
		c.cells[i] = mark(src[i].Load())
	}
	return c
}
