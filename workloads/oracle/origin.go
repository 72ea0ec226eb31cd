package oracle

// origin is what is known about the write that a value came from.
type origin struct {
	start uint64 // tick; 0 if forgotten
	end   uint64 // tick by which it had ended, unless open
	open  bool   // it may be in flight
	ok    bool   // it completed; false too if forgotten
	off   int64  // its range, unless forgotten
	n     int64
	zero  bool
	ns    int64 // when it returned; 0 if unknown
}

// covers reports that the write stamped all of bytes [from, to).
func (o *origin) covers(from, to int64) bool {
	return !o.zero && o.off <= from && to <= o.off+o.n
}

// unpublished reports that M may not tell of this write, now or ever.
func (o *origin) unpublished() bool { return o.start != 0 && (o.open || !o.ok) }

// load copies the entry of write seq; false if it has been reused.
func (e *entry) load(seq uint64) (origin, bool) {
	if e.seq.Load() != seq {
		return origin{}, false
	}
	end := e.end.Load() // before ns, which is stored before it
	o := origin{
		start: e.start.Load(),
		end:   end >> 1,
		open:  end == 0,
		ok:    end&1 != 0,
		off:   e.off.Load(),
		n:     e.n.Load(),
		zero:  e.zero.Load(),
		ns:    e.ns.Load(),
	}
	return o, e.seq.Load() == seq
}

// origin looks up write seq. A forgotten one had ended when the oldest one
// that is remembered began. It is false if there was no such write.
func (w *Writer) origin(seq uint64) (origin, bool) {
	last := w.last.Load()
	if seq == 0 || seq > last {
		return origin{}, false
	}
	for s := max(seq, last-min(last, ringSize)+1); s <= last; s++ {
		o, ok := w.ring[s%ringSize].load(s)
		switch {
		case ok && s == seq:
			return o, true
		case ok:
			return origin{end: o.start - 1}, true
		}
	}
	// The writer lapped us on every entry: say nothing.
	return origin{open: true}, true
}

// endedBy reports that the write with this start is known to have ended by tick.
func (w *Writer) endedBy(start, tick uint64) bool {
	last := w.last.Load()
	bound := uint64(1<<64 - 1)
	for s := last; s > 0 && s+ringSize > last; s-- {
		o, ok := w.ring[s%ringSize].load(s)
		if !ok {
			continue
		}
		if o.start == start {
			return !o.open && o.end <= tick
		}
		bound = min(bound, o.start) // a later write, which began after this one had ended
	}
	return bound <= tick
}

// newer is how a value was superseded.
type newer struct {
	versions int   // completed writes that began after the value's had ended; a lower bound
	ns       int64 // when the first of them returned; 0 if unknown
}

// newerThan looks through all rings for writes of the cell at off that began
// after tick end and had completed by tick by.
func (f *File) newerThan(off int64, end, by uint64) newer {
	var n newer
	first := uint64(1<<64 - 1)
	for i := range f.writers {
		w := f.writers[i].Load()
		if w == nil {
			continue
		}
		last := w.last.Load()
		for s := last; s > 0 && s+ringSize > last; s-- {
			o, ok := w.ring[s%ringSize].load(s)
			if ok && o.start <= end {
				break
			}
			if !ok || !o.ok || o.end > by || off < o.off || off >= o.off+o.n {
				continue
			}
			n.versions++
			if o.end < first {
				first, n.ns = o.end, o.ns
			}
		}
	}
	return n
}

// origin looks up the write that w names; false if there was none.
func (f *File) origin(w id) (origin, bool) {
	i := w.writer()
	if i >= len(f.writers) {
		return origin{}, false
	}
	by := f.writers[i].Load()
	if by == nil {
		return origin{}, false
	}
	return by.origin(w.seq())
}

// endedBy reports that the write which m names is known to have ended by tick.
func (f *File) endedBy(m mark, tick uint64) bool {
	return f.writers[m.writer()].Load().endedBy(m.start(), tick)
}

// zeroOrigin is the origin of a zero in a cell, from the states of its block
// and of itself, if it has one. Open comes before end, against the order in
// which an operation closes.
func zeroOrigin(block, cell *zeroState) origin {
	o := origin{open: block.open.Load() != 0 || cell != nil && cell.open.Load() != 0}
	o.end = block.end.Load()
	if cell != nil {
		o.end = max(o.end, cell.end.Load())
	}
	return o
}

// sightedOrigin looks up what an earlier read saw in cell i.
func (r *Reader) sightedOrigin(s *snapshot, i int, w id) origin {
	if w != 0 {
		o, _ := r.f.origin(w) // it was checked when it was seen
		return o
	}
	var own *zeroState
	if cells := s.b.zeroCells.Load(); cells != nil {
		own = &(*cells)[s.lo+i]
	}
	return zeroOrigin(&s.b.zero, own)
}
