package oracle

import "bytes"

// Views is what the views of one range showed at quiesce. A view that was not
// taken is nil; the others have the same length, a multiple of 8.
type Views struct {
	Direct, Buffered, Mapped []byte

	// SyncFailed: some Sync since the last quiesce returned an error, so that
	// a loss was not silent.
	SyncFailed bool
}

// Final judges the range at off at quiesce: all writes have ended, everything
// is synced, the cache is dropped. A cell is lost if what the most durable
// view (direct, else buffered, else mapped) shows is stale, and incoherent if
// another view differs from that one. A lost block stays lost: write it anew
// before going on, or the next check finds it again.
func (r *Reader) Final(off int64, v Views) Verdict {
	views := [...][]byte{ViewDirect: v.Direct, ViewBuffered: v.Buffered, ViewMapped: v.Mapped}
	first := ViewDirect
	for first < ViewMapped && views[first] == nil {
		first++
	}
	p := views[first]
	r.Begin(off, int64(len(p)))
	r.final, r.view = &v, first
	verdict := r.check(p)
	for view := first + 1; view <= ViewMapped; view++ {
		if q := views[view]; q != nil {
			r.view = view
			verdict |= r.compare(off, p, q)
		}
	}
	r.final, r.view = nil, ViewNone
	return verdict
}

// compare reports the cells in which two views differ, block by block.
func (r *Reader) compare(off int64, p, q []byte) Verdict {
	r.verdict = 0
	for len(p) > 0 {
		n := min(len(p), r.f.Block()-int(off)&(r.f.Block()-1))
		if !bytes.Equal(p[:n], q[:n]) {
			r.differ(off, p[:n], q[:n])
		}
		p, q, off = p[n:], q[n:], off+int64(n)
	}
	return r.verdict
}

func (r *Reader) differ(off int64, p, q []byte) {
	v := Violation{Kind: Incoherent, File: r.f.name, View: r.view, AgeNs: -1}
	for i := 0; i < len(p); i += Cell {
		a, b := word(p[i:]), word(q[i:])
		if a == b {
			continue
		}
		if v.Cells == 0 {
			v.Off, v.Value, v.Other, v.Zero = off+int64(i), b, a, b == 0
		}
		v.Cells++
	}
	r.count(Incoherent, v.Cells)
	r.keep(v)
}
