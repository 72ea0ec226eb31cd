package oracle

import "sync/atomic"

// sighting is what a finished read saw in a range of cells of one block. It is
// guarded by a sequence lock: odd while somebody writes it. Nobody waits: a
// publication that meets another is dropped, as is a copy that was overtaken.
type sighting struct {
	version atomic.Uint64
	seen    atomic.Uint64 // id
	start   atomic.Uint64 // tick: taken before the read touched the data
	cells   atomic.Uint64 // lo<<32 | hi
}

// narrowSightings is how many sightings of single cells a block keeps, besides
// one wide one.
const narrowSightings = 8

// seenRun is a copy of a sighting.
type seenRun struct {
	id     id
	start  uint64
	lo, hi int
}

func (s *sighting) publish(r seenRun) {
	v := s.version.Load()
	if v&1 != 0 || !s.version.CompareAndSwap(v, v+1) {
		return
	}
	s.seen.Store(uint64(r.id))
	s.start.Store(r.start)
	s.cells.Store(uint64(r.lo)<<32 | uint64(r.hi))
	s.version.Store(v + 2)
}

// load copies a sighting; false if there is none or it is being replaced.
func (s *sighting) load() (seenRun, bool) {
	v := s.version.Load()
	if v == 0 || v&1 != 0 {
		return seenRun{}, false
	}
	cells := s.cells.Load()
	r := seenRun{
		id:    id(s.seen.Load()),
		start: s.start.Load(),
		lo:    int(cells >> 32),
		hi:    int(uint32(cells)),
	}
	return r, s.version.Load() == v
}

// appendTo appends a copy to dst if it touches cells [lo, hi).
func (s *sighting) appendTo(dst []seenRun, lo, hi int) []seenRun {
	if r, ok := s.load(); ok && r.lo < hi && lo < r.hi {
		return append(dst, r)
	}
	return dst
}

// sightings appends to dst the sightings that touch cells [lo, hi).
func (b *block) sightings(dst []seenRun, lo, hi int) []seenRun {
	dst = b.wide.appendTo(dst, lo, hi)
	narrow := b.narrow.Load()
	if narrow == nil {
		return dst
	}
	if hi-lo == 1 {
		return narrow[lo%narrowSightings].appendTo(dst, lo, hi)
	}
	for i := range narrow {
		dst = narrow[i].appendTo(dst, lo, hi)
	}
	return dst
}

// publish keeps what a read saw for later reads.
func (b *block) publish(r seenRun) {
	if r.hi-r.lo > 1 {
		b.wide.publish(r)
		return
	}
	narrow := lazily(&b.narrow, func() *[narrowSightings]sighting {
		return new([narrowSightings]sighting)
	})
	narrow[r.lo%narrowSightings].publish(r)
}
