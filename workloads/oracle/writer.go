package oracle

import "sync/atomic"

// ringSize is how many of its writes a writer remembers.
const ringSize = 64

// Writer stamps the writes of one task to one file. It has one write in flight
// at a time and belongs to one goroutine.
type Writer struct {
	f    *File
	id   int
	last atomic.Uint64 // sequence of the latest write
	ring [ringSize]entry

	// The open write; for the owner alone.
	open   bool
	zero   bool
	start  uint64
	write  id
	off, n int64
}

// entry is one write in a writer's ring, at its sequence modulo ringSize. The
// owner alone stores. seq is 0 while the entry is being reused.
type entry struct {
	seq   atomic.Uint64
	start atomic.Uint64 // tick
	end   atomic.Uint64 // tick<<1 | completed; 0 while open
	off   atomic.Int64
	n     atomic.Int64
	zero  atomic.Bool
	ns    atomic.Int64 // time of return; 0 if unknown
}

// Writer returns the writer with the given id, 1 to Config.Writers; the same
// one each time. It may be called by any goroutine.
func (f *File) Writer(id int) *Writer {
	if id < 1 || id >= len(f.writers) {
		panic("oracle: id of a writer out of range")
	}
	return lazily(&f.writers[id], func() *Writer { return &Writer{f: f, id: id} })
}

// Begin opens a write of n bytes at off, before the data is touched.
//
// Preconditions: off and n are multiples of 8, the range is inside the file,
// no write is open.
func (w *Writer) Begin(off, n int64) { w.begin(off, n, false) }

// BeginZero opens an operation that makes n bytes at off read as zeros: a
// punch, the tail that truncate cuts off, the range by which a file grows.
// Preconditions as for Begin.
func (w *Writer) BeginZero(off, n int64) {
	w.begin(off, n, true)
	for at, left := off, n; left > 0; {
		b, lo, hi := w.f.at(at, left)
		w.f.openZero(b, lo, hi)
		at, left = next(at, left, lo, hi)
	}
}

func (w *Writer) begin(off, n int64, zero bool) {
	w.f.checkRange(off, n)
	if w.open {
		panic("oracle: a write begins while another is open")
	}
	seq := w.last.Load() + 1
	if seq > maxSeq {
		panic("oracle: a writer has used up its sequence numbers")
	}
	w.open, w.zero, w.off, w.n = true, zero, off, n
	w.write = makeID(w.id, seq)
	w.start = w.f.clock.tick()
	e := &w.ring[seq%ringSize]
	e.seq.Store(0)
	e.end.Store(0)
	e.start.Store(w.start)
	e.off.Store(off)
	e.n.Store(n)
	e.zero.Store(zero)
	e.seq.Store(seq)
	w.last.Add(1) // not Store, behind which stores of the data could pass on arm64
}

// Fill puts the stamps of the open write for the cells at off into p, whose
// length is a multiple of 8. It may fill any part of the range in any order.
func (w *Writer) Fill(p []byte, off int64) {
	for len(p) > 0 {
		u := int(off % unitSize)
		n := min(len(p), unitSize-u)
		fillUnit(p[:n], unitHash[u:], w.f.unitKey(off)^w.write.base())
		p, off = p[n:], off+int64(n)
	}
}

// Word is the stamp of the open write for the cell at off.
func (w *Writer) Word(off int64) uint64 {
	return w.f.unitKey(off) ^ cellHash(off) ^ w.write.base()
}

// End closes the open write, which has returned and was done wholly. now is
// the time at which it returned, by the clock of Config.Now; 0 if not known.
func (w *Writer) End(now int64) {
	tick := w.close()
	m := makeMark(w.start, w.id)
	for at, left := w.off, w.n; left > 0; {
		b, lo, hi := w.f.at(at, left)
		w.f.raiseMarks(&b.m, &b.mCells, lo, hi, m)
		if hi-lo == w.f.cells() {
			b.returned.Store(now)
		}
		if w.zero {
			w.f.closeZero(b, lo, hi, tick)
		}
		at, left = next(at, left, lo, hi)
	}
	// Last: a read that finds the write completed need not publish that it
	// saw it, because M tells.
	e := &w.ring[w.write.seq()%ringSize]
	e.ns.Store(now)
	e.end.Store(tick<<1 | 1)
}

// Fail closes the open write, which has returned and failed or was short. What
// it left behind is legal until something newer is complete; it makes nothing
// stale.
func (w *Writer) Fail() {
	tick := w.close()
	for at, left := w.off, w.n; w.zero && left > 0; {
		b, lo, hi := w.f.at(at, left)
		w.f.closeZero(b, lo, hi, tick)
		at, left = next(at, left, lo, hi)
	}
	e := &w.ring[w.write.seq()%ringSize]
	e.ns.Store(0)
	e.end.Store(tick << 1)
}

// close takes the tick at which the open write is known to have returned.
func (w *Writer) close() uint64 {
	if !w.open {
		panic("oracle: no write is open")
	}
	w.open = false
	return w.f.clock.tick()
}
