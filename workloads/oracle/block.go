package oracle

import "sync/atomic"

// mark names a write by its start: tick<<10 | writer. Marks are ordered as the
// starts are.
type mark uint64

func makeMark(start uint64, writer int) mark { return mark(start)<<writerBits | mark(writer) }

func (m mark) start() uint64 { return uint64(m >> writerBits) }
func (m mark) writer() int   { return int(m & MaxWriters) }

// raise makes *a at least m.
func raise(a *atomic.Uint64, m uint64) {
	for {
		old := a.Load()
		if old >= m || a.CompareAndSwap(old, m) {
			return
		}
	}
}

// block is what is known about one block and its cells. What holds for a cell
// is the maximum of what the block and the cell say.
type block struct {
	m atomic.Uint64 // mark: latest start among the completed writes of the whole block
	// returned is when a completed write of the whole block returned, the latest
	// or one that overlapped it, in ns; 0 if none did, or nobody knows.
	returned atomic.Int64

	seen atomic.Uint64 // mark: the same among writes, in flight or failed, that a finished read saw
	zero zeroState     // operations that zero the whole block

	// Per cell, made when first needed.
	mCells    atomic.Pointer[cellMarks]
	seenCells atomic.Pointer[cellMarks]
	zeroCells atomic.Pointer[[]zeroState]

	// What finished reads saw.
	wide   sighting
	narrow atomic.Pointer[[narrowSightings]sighting]
}

// cellMarks holds one mark per cell; top is the largest of them, or ahead of it.
type cellMarks struct {
	top   atomic.Uint64
	cells []atomic.Uint64
}

func (c *cellMarks) raise(lo, hi int, m mark) {
	raise(&c.top, uint64(m))
	for i := lo; i < hi; i++ {
		raise(&c.cells[i], uint64(m))
	}
}

// lazily returns what p points to, after making it if need be.
func lazily[T any](p *atomic.Pointer[T], make func() *T) *T {
	if v := p.Load(); v != nil {
		return v
	}
	if v := make(); p.CompareAndSwap(nil, v) {
		return v
	}
	return p.Load()
}

func (f *File) marksOf(p *atomic.Pointer[cellMarks]) *cellMarks {
	return lazily(p, func() *cellMarks {
		return &cellMarks{cells: make([]atomic.Uint64, f.cells())}
	})
}

// raiseMarks raises the marks of cells [lo, hi) of a block, kept in one word
// for whole blocks and in parts otherwise.
func (f *File) raiseMarks(whole *atomic.Uint64, parts *atomic.Pointer[cellMarks], lo, hi int, m mark) {
	if hi-lo == f.cells() {
		raise(whole, uint64(m))
		return
	}
	f.marksOf(parts).raise(lo, hi, m)
}

// zeroState is about the operations that zero a block or a cell. The zero
// value is the initial contents alone.
type zeroState struct {
	open atomic.Int64  // operations in flight
	end  atomic.Uint64 // largest end tick
}

// close takes one operation from flight to ended at tick. The end comes first:
// who finds none open finds all the ends.
func (z *zeroState) close(tick uint64) {
	raise(&z.end, tick)
	z.open.Add(-1)
}

// zeroStatesOf returns the cells' own states.
func (f *File) zeroStatesOf(b *block) []zeroState {
	return *lazily(&b.zeroCells, func() *[]zeroState {
		z := make([]zeroState, f.cells())
		return &z
	})
}

func (f *File) openZero(b *block, lo, hi int) {
	if hi-lo == f.cells() {
		b.zero.open.Add(1)
		return
	}
	z := f.zeroStatesOf(b)
	for i := lo; i < hi; i++ {
		z[i].open.Add(1)
	}
}

func (f *File) closeZero(b *block, lo, hi int, tick uint64) {
	if hi-lo == f.cells() {
		b.zero.close(tick)
		return
	}
	z := f.zeroStatesOf(b)
	for i := lo; i < hi; i++ {
		z[i].close(tick)
	}
}
