package oracle

// report files cells [lo, hi) of a block as v says. v.Value lacks the cell's
// hash.
func (r *Reader) report(s *snapshot, lo, hi int, v Violation) {
	if lo == hi {
		return
	}
	v.File, v.Off, v.Cells, v.View, v.AgeNs = r.f.name, s.off+int64(lo)*Cell, hi-lo, r.view, -1
	if !v.Zero {
		v.Value ^= cellHash(v.Off)
	}
	if v.Kind == Stale {
		r.behind(s, &v)
		if r.final != nil {
			v.Kind = Lost
		}
	}
	r.count(v.Kind, hi-lo)
	if v.Kind == Lost && !r.final.SyncFailed {
		v.Kind = SilentLost
		r.count(v.Kind, hi-lo)
	}
	r.keep(v)
}

// reportFault files cells [lo, hi), which hold what w wrote, or zero.
func (r *Reader) reportFault(s *snapshot, lo, hi int, w id, o *origin, x fault) {
	v := Violation{
		Kind: x.kind, Zero: w == 0, Writer: w.writer(), Seq: w.seq(), End: o.end,
		NewerWriter: x.newer.writer(), NewerStart: x.newer.start(),
	}
	if w != 0 {
		v.Value = s.key ^ w.base()
	}
	r.report(s, lo, hi, v)
}

func (r *Reader) count(k Kind, cells int) {
	*r.Counts.of(k) += int64(cells)
	r.verdict |= 1 << k
}

func (r *Reader) keep(v Violation) {
	if len(r.Violations) < cap(r.Violations) {
		r.Violations = append(r.Violations, v)
	}
}

// behind says how far behind a stale run is: once per block and read, since
// it looks through everybody's ring.
func (r *Reader) behind(s *snapshot, v *Violation) {
	v.Versions = 1
	if s.stale {
		return
	}
	s.stale = true
	n := r.f.newerThan(v.Off, v.End, r.start)
	v.Versions = max(n.versions, 1) // M told of one, even if no ring remembers it
	if r.f.clockNs != nil && n.ns != 0 {
		v.AgeNs = max(r.f.clockNs()-n.ns, 0)
	}
	r.Counts.behind(v.Versions, v.AgeNs)
}
