package oracle

import (
	"bytes"
	"crypto/subtle"
)

// Check judges p, which the open read returned from its offset on, and closes
// the read. p may be shorter than was asked for; bytes at its end that are no
// whole cell are not judged.
func (r *Reader) Check(p []byte) Verdict {
	return r.done(r.check(p))
}

func (r *Reader) check(p []byte) Verdict {
	r.fence.Add(1)
	r.verdict = 0
	p = p[:len(p)&^(Cell-1)]
	for i := range r.parts {
		if len(p) == 0 {
			break
		}
		s := &r.parts[i]
		n := min(len(p), (s.hi-s.lo)*Cell)
		r.checkBlock(s, p[:n])
		p = p[n:]
	}
	r.Cancel()
	return r.verdict
}

// CheckWord is Check for a read of one cell.
func (r *Reader) CheckWord(v uint64) Verdict {
	r.fence.Add(1)
	r.verdict = 0
	s := &r.parts[0]
	if v == 0 {
		r.zeros(s, 0, 1)
	} else {
		r.stamps(s, 0, 1, v^cellHash(s.off))
	}
	r.leave(s, 1)
	r.Cancel()
	return r.done(r.verdict)
}

// done counts a read.
func (r *Reader) done(v Verdict) Verdict {
	r.Counts.Reads++
	if v.Bad() {
		r.Counts.BadReads++
	}
	return v
}

// checkBlock judges p, read from cell s.lo on. Cells are counted from there.
func (r *Reader) checkBlock(s *snapshot, p []byte) {
	u := int(s.off % unitSize)
	hashes := unitHash[u : u+len(p)]
	words := r.words[:len(p)]
	n := len(p) / Cell
	switch {
	case word(p) != 0:
		subtle.XORBytes(words, p, hashes)
		if idOf(word(words)) != 0 && bytes.Equal(words[Cell:], words[:len(words)-Cell]) {
			r.stamps(s, 0, n, word(words))
			break
		}
		r.mixed(s, p, words)
	case bytes.Equal(p, zeroUnit[:len(p)]):
		r.zeros(s, 0, n)
	default:
		subtle.XORBytes(words, p, hashes)
		r.mixed(s, p, words)
	}
	r.leave(s, n)
}

// mixed judges a block which shows several writes, run by run. words is p
// without the cells' hashes, in which a run is constant; in p, zeros are.
func (r *Reader) mixed(s *snapshot, p, words []byte) {
	for lo := 0; lo < len(p)/Cell; {
		in, first := words, word(words[lo*Cell:])
		zero := word(p[lo*Cell:]) == 0
		if zero {
			in, first = p, 0
		}
		hi := lo + 1
		if zero || idOf(first) != 0 { // a word without a writer is torn, but zeros beside it are not
			hi = runEnd(in, lo)
		}
		if zero {
			r.zeros(s, lo, hi)
		} else {
			r.stamps(s, lo, hi, first)
		}
		lo = hi
	}
}

// runEnd is the end of the run of equal words in p which begins at word lo.
func runEnd(p []byte, lo int) int {
	const stride = 256
	i := (lo + 1) * Cell
	for i+stride <= len(p) && bytes.Equal(p[i:i+stride], p[i-Cell:i-Cell+stride]) {
		i += stride
	}
	for i < len(p) && word(p[i:]) == word(p[i-Cell:]) {
		i += Cell
	}
	return i / Cell
}

// leave ends the check of the first n cells of a block.
func (r *Reader) leave(s *snapshot, n int) {
	r.Counts.Checked += int64(n)
	if s.returned != 0 && r.Began != 0 && r.final == nil {
		r.Counts.visible(r.Began-s.returned, s.stale)
	}
	if s.best.hi > s.best.lo {
		s.b.publish(s.best)
	}
	if s.stale && r.final == nil {
		r.Counts.StaleEvents++
	}
	if s.stale && r.final != nil {
		r.Counts.LostEvents++
	}
}

// stamps judges cells [lo, hi), which all hold stamp but for their hashes.
func (r *Reader) stamps(s *snapshot, lo, hi int, stamp uint64) {
	w := idOf(stamp)
	if stamp^w.base() != s.key || w.writer() == 0 {
		r.report(s, lo, hi, Violation{Kind: Torn, Value: stamp})
		return
	}
	o, ok := r.f.origin(w)
	switch {
	case !ok:
		r.reportFault(s, lo, hi, w, &o, fault{kind: Nowhere})
	case o.start != 0 && !o.covers(s.off+int64(lo)*Cell, s.off+int64(hi)*Cell):
		r.clip(s, lo, hi, w, &o)
	default:
		r.run(s, lo, hi, w, &o)
	}
}

// clip judges cells that w did not wholly cover.
func (r *Reader) clip(s *snapshot, lo, hi int, w id, o *origin) {
	from := min(max((o.off-s.off)/Cell, int64(lo)), int64(hi))
	to := max(min((o.off+o.n-s.off)/Cell, int64(hi)), from)
	if o.zero {
		to = from
	}
	a, b := int(from), int(to)
	if a == b {
		a, b = hi, hi
	}
	r.reportFault(s, lo, a, w, o, fault{kind: Nowhere})
	r.run(s, a, b, w, o)
	r.reportFault(s, b, hi, w, o, fault{kind: Nowhere})
}

// zeros judges cells [lo, hi), which are zero.
func (r *Reader) zeros(s *snapshot, lo, hi int) {
	all := zeroOrigin(&s.b.zero, nil)
	cells := s.b.zeroCells.Load()
	if cells == nil {
		r.run(s, lo, hi, 0, &all)
		return
	}
	own := (*cells)[s.lo:]
	for lo < hi {
		o := zeroOrigin(&s.b.zero, &own[lo])
		end := lo + 1
		for ; end < hi && zeroOrigin(&s.b.zero, &own[end]) == o; end++ {
		}
		r.run(s, lo, end, 0, &o)
		lo = end
	}
}

// run judges cells [lo, hi), which hold what w wrote, or zero.
func (r *Reader) run(s *snapshot, lo, hi int, w id, o *origin) {
	switch {
	case lo == hi:
	case s.clean(lo, hi, w, o):
		r.accept(s, lo, hi, w, o)
	case o.end < s.m.whole.start():
		r.reportFault(s, lo, hi, w, o, fault{Stale, s.m.whole})
	default:
		r.runCells(s, lo, hi, w, o)
	}
}

// runCells is run for cells whose fates may differ.
func (r *Reader) runCells(s *snapshot, lo, hi int, w id, o *origin) {
	for lo < hi {
		x := r.classify(s, lo, w, o)
		end := lo + 1
		for end < hi && r.classify(s, end, w, o) == x {
			end++
		}
		if x == noFault {
			r.accept(s, lo, end, w, o)
		} else {
			r.reportFault(s, lo, end, w, o, x)
		}
		lo = end
	}
}

// clean reports that nothing is wrong with cells [lo, hi), if it can tell fast.
func (s *snapshot) clean(lo, hi int, w id, o *origin) bool {
	if o.open {
		return true
	}
	if o.end < s.m.most(lo, hi).start() || o.end < s.inverted.most(lo, hi).start() {
		return false
	}
	for i := range s.seen {
		if x := &s.seen[i]; x.id != w && o.end <= x.start && x.lo < hi+s.lo && lo+s.lo < x.hi {
			return false
		}
	}
	return true
}

// fault is what is wrong with a cell, and what it should have shown: for
// Flipped the start is that of the read which contradicts it.
type fault struct {
	kind  Kind
	newer mark
}

var noFault = fault{kind: numKinds}

// classify finds what is wrong with cell i, holding a value of w, which has
// ended.
func (r *Reader) classify(s *snapshot, i int, w id, o *origin) fault {
	if m := s.m.at(i); o.end < m.start() {
		return fault{Stale, m}
	}
	x := noFault
	if m := s.inverted.at(i); o.end < m.start() {
		if r.f.endedBy(m, r.start) {
			return fault{Inverted, m}
		}
		x = fault{InFlight, m}
	}
	for _, seen := range s.seen {
		if seen.id == w || o.end > seen.start || i+s.lo < seen.lo || i+s.lo >= seen.hi {
			continue
		}
		newer := makeMark(seen.start, seen.id.writer())
		switch other := r.sightedOrigin(s, i, seen.id); {
		case !other.open && other.end < o.start: // it was the earlier read that was wrong
		case other.open || other.end > r.start:
			if x == noFault {
				x = fault{InFlight, newer}
			}
		case other.start > o.end:
			return fault{Inverted, newer}
		default:
			return fault{Flipped, newer}
		}
	}
	return x
}

// accept takes cells [lo, hi) for good and keeps what later reads are to know.
func (r *Reader) accept(s *snapshot, lo, hi int, w id, o *origin) {
	lo, hi = lo+s.lo, hi+s.lo
	if w != 0 && o.unpublished() {
		r.f.raiseMarks(&s.b.seen, &s.b.seenCells, lo, hi, makeMark(o.start, w.writer()))
	}
	saw := seenRun{id: w, start: r.start, lo: lo, hi: hi}
	if hi-lo > s.best.hi-s.best.lo {
		s.best, saw = saw, s.best
	}
	if saw.hi-saw.lo == 1 {
		s.b.publish(saw)
	}
}
