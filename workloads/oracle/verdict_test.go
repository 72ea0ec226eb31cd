package oracle

import (
	"strings"
	"testing"
)

const page = 4096

// hist is a file, a memory for it and two writers, for histories made by hand.
type hist struct {
	t    *testing.T
	f    *File
	a, b *Writer
	now  int64
}

func newHist(t *testing.T) *hist {
	h := &hist{t: t}
	h.f = New(Config{Name: "f", Size: 4 * page, Salt: 7, Now: func() int64 { return h.now }})
	h.a, h.b = h.f.Writer(1), h.f.Writer(2)
	return h
}

// begin opens a write and returns what it writes.
func (h *hist) begin(w *Writer, off, n int64) []byte {
	w.Begin(off, n)
	p := make([]byte, n)
	w.Fill(p, off)
	return p
}

func (h *hist) write(w *Writer, off, n int64) []byte {
	p := h.begin(w, off, n)
	h.now += 100
	w.End(h.now)
	return p
}

// read is a whole read which returns p.
func (h *hist) read(off int64, p []byte) Verdict {
	r := h.f.Reader()
	r.Begin(off, int64(len(p)))
	return r.Check(p)
}

func (h *hist) want(got Verdict, kinds ...Kind) {
	h.t.Helper()
	var want Verdict
	for _, k := range kinds {
		want |= 1 << k
	}
	if got != want {
		h.t.Errorf("verdict %v, want %v", got, want)
	}
}

var zeros = make([]byte, page)

// TestHistories judges the last read of small histories; the reads before it
// are judged on the way.
func TestHistories(t *testing.T) {
	for name, run := range map[string]func(h *hist){
		"fresh file is zero":    func(h *hist) { h.want(h.read(0, zeros)) },
		"written is written":    func(h *hist) { h.want(h.read(0, h.write(h.a, 0, page))) },
		"zero after a write":    func(h *hist) { h.write(h.a, 0, page); h.want(h.read(0, zeros), Stale) },
		"zero beside a write":   func(h *hist) { h.begin(h.a, 0, page); h.want(h.read(0, zeros)) },
		"write in flight seen":  func(h *hist) { h.want(h.read(0, h.begin(h.a, 0, page))) },
		"failed write seen":     func(h *hist) { p := h.begin(h.a, 0, page); h.a.Fail(); h.want(h.read(0, p)) },
		"failed write not seen": func(h *hist) { p := h.write(h.b, 0, page); h.begin(h.a, 0, page); h.a.Fail(); h.want(h.read(0, p)) },
		"superseded": func(h *hist) {
			p := h.write(h.a, 0, page)
			h.write(h.b, 0, page)
			h.want(h.read(0, p), Stale)
		},
		"superseded by a store": func(h *hist) {
			p := h.write(h.a, 0, page)
			q := h.write(h.b, 512, 8)
			h.want(h.read(0, p), Stale)
			copy(p[512:], q)
			h.want(h.read(0, p))
		},
		"store superseded by a page": func(h *hist) {
			p := h.write(h.a, 512, 8)
			h.write(h.b, 0, page)
			h.want(h.read(512, p), Stale)
		},
		"superseded by a failed write": func(h *hist) {
			p, q := h.write(h.a, 0, page), h.begin(h.b, 0, page)
			h.b.Fail()
			h.want(h.read(0, p))
			h.want(h.read(0, q))
		},
		"overlapping writes, either wins": func(h *hist) {
			p, q := h.begin(h.a, 0, page), h.begin(h.b, 0, page)
			h.a.End(0)
			h.b.End(0)
			copy(p[:page/2], q)
			h.want(h.read(0, p))
			h.want(h.read(0, p))
		},
		"flipped": func(h *hist) {
			p, q := h.begin(h.a, 0, page), h.begin(h.b, 0, page)
			h.a.End(0)
			h.b.End(0)
			h.want(h.read(0, p))
			h.want(h.read(0, q), Flipped)
		},
		"flipped in one cell": func(h *hist) {
			p, q := h.begin(h.a, 0, page), h.begin(h.b, 0, page)
			h.a.End(0)
			h.b.End(0)
			h.want(h.read(64, p[64:72]))
			copy(q[:64], p)
			h.want(h.read(0, q), Flipped)
			copy(q[64:72], p[64:])
			h.want(h.read(0, q))
		},
		"flipped in flight": func(h *hist) {
			p, q := h.begin(h.a, 0, page), h.begin(h.b, 0, page)
			h.a.End(0)
			h.want(h.read(0, q))
			h.want(h.read(0, p), InFlight)
		},
		"changed while it was read": func(h *hist) {
			p, q := h.begin(h.a, 0, page), h.begin(h.b, 0, page)
			r := h.f.Reader()
			r.Begin(0, page)
			h.a.End(0)
			h.b.End(0)
			h.want(r.Check(p))
			h.want(h.read(0, q))
		},
		"inverted in flight": func(h *hist) {
			p, q := h.write(h.a, 0, page), h.begin(h.b, 0, page)
			h.want(h.read(0, q))
			h.want(h.read(0, p), InFlight)
			h.want(h.read(8, p[8:16]), InFlight)
		},
		"inverted after a failed write": func(h *hist) {
			p, q := h.write(h.a, 0, page), h.begin(h.b, 0, page)
			h.b.Fail()
			h.want(h.read(0, q))
			h.want(h.read(0, p), Inverted)
		},
		"inverted after a failed write, long ago": func(h *hist) {
			p, q := h.write(h.a, 0, page), h.begin(h.b, 0, page)
			h.b.Fail()
			h.want(h.read(0, q))
			for range 2 * ringSize {
				h.write(h.b, page, page)
			}
			h.want(h.read(0, p), Inverted)
		},
		"inverted in one cell": func(h *hist) {
			p, q := h.write(h.a, 0, page), h.begin(h.b, 0, page)
			h.b.Fail()
			h.want(h.read(8, q[8:16]))
			h.want(h.read(0, p[:8]))
			h.want(h.read(0, p), Inverted)
		},
		"new and old at the same time": func(h *hist) {
			p, q := h.write(h.a, 0, page), h.begin(h.b, 0, page)
			r := h.f.Reader()
			r.Begin(0, page)
			h.want(h.read(0, q))
			h.want(r.Check(p))
		},
		"stale read blames no later one": func(h *hist) {
			p, q := h.write(h.a, 0, page), h.write(h.b, 0, page)
			h.want(h.read(0, p), Stale)
			h.want(h.read(0, q))
		},
		"torn": func(h *hist) {
			p := h.write(h.a, 0, page)
			copy(p[12:16], "torn")
			r := h.f.Reader()
			r.Begin(0, page)
			h.want(r.Check(p), Torn)
			if v := r.Violations[0]; v.Off != 8 || v.Value != word(p[8:]) || v.Cells != 1 {
				h.t.Errorf("violation %+v", v)
			}
		},
		"half of another write": func(h *hist) {
			h.write(h.a, page, page)
			p, q := h.write(h.a, 0, page), h.write(h.b, 0, page)
			copy(q[8:12], p[8:12])
			h.want(h.read(0, q), Torn)
		},
		"half zero": func(h *hist) {
			p := h.write(h.a, 0, page)
			copy(p[8:12], zeros)
			h.want(h.read(0, p), Torn)
		},
		"another cell": func(h *hist) {
			p := h.write(h.a, 0, page)
			copy(p[8:16], p)
			h.want(h.read(0, p), Torn)
		},
		"another page": func(h *hist) {
			p := h.write(h.a, page, page)
			h.want(h.read(0, p), Torn)
		},
		"another file": func(h *hist) {
			p := make([]byte, page)
			w := New(Config{Size: page, Salt: 8}).Writer(1)
			w.Begin(0, page)
			w.Fill(p, 0)
			h.write(h.a, 0, page)
			h.want(h.read(0, p), Torn)
		},
		"torn but for a zero": func(h *hist) {
			p := make([]byte, page)
			for i := range p {
				p[i] = unitHash[i] ^ unitHash[8+i%8] // as if one write without a writer
			}
			r := h.f.Reader()
			r.Begin(0, page)
			h.want(r.Check(p), Torn)
			if r.Counts.Torn != page/Cell-1 {
				h.t.Errorf("%d torn cells", r.Counts.Torn)
			}
		},
		"not written yet": func(h *hist) {
			p := h.write(h.a, 0, page)
			next := Writer{f: h.f, write: makeID(1, 2)}
			next.Fill(p, 0)
			h.want(h.read(0, p), Nowhere)
		},
		"a writer there is not": func(h *hist) {
			w := Writer{f: h.f, write: makeID(9, 1)}
			p := make([]byte, page)
			w.Fill(p, 0)
			h.want(h.read(0, p), Nowhere)
		},
		"beyond the write": func(h *hist) {
			p := make([]byte, page)
			h.a.Begin(1024, 512)
			h.a.Fill(p, 0)
			h.a.End(0)
			r := h.f.Reader()
			r.Begin(0, page)
			h.want(r.Check(p), Nowhere)
			if r.Counts.Nowhere != (page-512)/Cell || len(r.Violations) != 2 {
				h.t.Fatalf("%d cells from nowhere, %d violations", r.Counts.Nowhere, len(r.Violations))
			}
			if v := r.Violations[1]; v.Off != 1536 || v.Value != word(p[1536:]) || v.Writer != 1 || v.Cells != (page-1536)/Cell {
				h.t.Errorf("violation %+v", v)
			}
		},
		"a stamp of a punch": func(h *hist) {
			h.a.BeginZero(0, page)
			p := make([]byte, page)
			h.a.Fill(p, 0)
			h.a.End(0)
			h.want(h.read(0, p), Nowhere)
		},
		"punched": func(h *hist) {
			p := h.write(h.a, 0, page)
			h.b.BeginZero(0, page)
			h.want(h.read(0, zeros))
			h.want(h.read(0, p), InFlight) // it was zero a moment ago
			h.b.End(0)
			h.want(h.read(0, zeros))
			h.want(h.read(0, p), Stale)
		},
		"punch failed": func(h *hist) {
			p := h.write(h.a, 0, page)
			h.b.BeginZero(0, page)
			h.b.Fail()
			h.want(h.read(0, zeros))
			h.want(h.read(page, zeros))
			h.want(h.read(0, p), Flipped) // it had failed after all
		},
		"punch failed without a trace": func(h *hist) {
			p := h.write(h.a, 0, page)
			h.b.BeginZero(0, page)
			h.b.Fail()
			h.want(h.read(0, p))
		},
		"zero though written after the punch": func(h *hist) {
			h.b.BeginZero(0, page)
			h.b.End(0)
			h.write(h.a, 0, page)
			h.want(h.read(0, zeros), Stale)
		},
		"punch beside a write": func(h *hist) {
			h.b.BeginZero(0, page)
			p := h.write(h.a, 0, page)
			h.b.End(0)
			h.want(h.read(0, zeros))
			h.want(h.read(0, p), Flipped) // a later read cannot bring it back
		},
		"tail of a truncate": func(h *hist) {
			p := h.write(h.a, 0, page)
			h.b.BeginZero(1024, page-1024)
			h.b.End(0)
			h.want(h.read(0, p), Stale)
			h.want(h.read(0, zeros), Stale)
			copy(p[1024:], zeros)
			h.want(h.read(0, p))
		},
		"a store after a partial punch": func(h *hist) {
			h.b.BeginZero(0, 1024)
			h.b.End(0)
			q := h.write(h.a, 16, 8)
			h.want(h.read(0, zeros), Stale)
			p := make([]byte, page)
			copy(p[16:], q)
			h.want(h.read(0, p))
		},
		"short read": func(h *hist) {
			p := h.write(h.a, 0, 2*page)
			r := h.f.Reader()
			r.Begin(0, 2*page)
			h.want(r.Check(p[:page+13]))
			if r.Counts.Checked != page/Cell+1 {
				h.t.Errorf("checked %d cells", r.Counts.Checked)
			}
		},
		"read given up": func(h *hist) {
			p, q := h.write(h.a, 0, page), h.write(h.a, page, page)
			r := h.f.Reader()
			r.Begin(0, page)
			r.Begin(page, page)
			h.want(r.Check(q))
			r.Begin(page, page)
			r.Cancel()
			r.Begin(0, page)
			h.want(r.Check(p))
		},
		"nothing read": func(h *hist) {
			r := h.f.Reader()
			r.Begin(0, page)
			h.want(r.Check(nil))
		},
		"many blocks, unaligned": func(h *hist) {
			p := h.write(h.a, 8, 4*page-16)
			h.want(h.read(8, p))
			q := h.write(h.b, page, page)
			h.want(h.read(8, p), Stale)
			copy(p[page-8:], q)
			h.want(h.read(8, p))
		},
		"words": func(h *hist) {
			h.a.Begin(24, 8)
			v := h.a.Word(24)
			h.a.End(0)
			r := h.f.Reader()
			r.Begin(24, 8)
			h.want(r.CheckWord(v))
			r.Begin(24, 8)
			h.want(r.CheckWord(0), Stale)
			r.Begin(24, 8)
			next := Writer{f: h.f, write: makeID(1, 2)}
			h.want(r.CheckWord(next.Word(24)), Nowhere)
			r.Begin(24, 8)
			h.want(r.CheckWord(v^1<<63), Torn)
			r.Begin(24, 8)
			r.Cancel()
			if r.Counts.Reads != 4 || r.Counts.Checked != 4 || r.Counts.BadReads != 3 {
				h.t.Errorf("counts %+v", r.Counts)
			}
		},
	} {
		t.Run(name, func(t *testing.T) { run(newHist(t)) })
	}
}

// TestBehind tests the measures of staleness.
func TestBehind(t *testing.T) {
	h := newHist(t)
	p := h.write(h.a, 0, page) // returned at 100
	h.write(h.b, 0, page)      // at 200
	h.write(h.a, 0, page)      // at 300
	h.write(h.a, page, page)   // elsewhere
	h.write(h.b, 0, 8)         // at 500, of the first cell only
	h.now = 1200
	r := h.f.Reader()
	r.Begin(0, page)
	h.want(r.Check(p), Stale)
	v := r.Violations[0]
	if v.Value != word(p) || v.Versions != 3 || v.AgeNs != 1000 || v.Cells != page/Cell || v.Writer != 1 || v.Seq != 1 {
		t.Errorf("violation %+v", v)
	}
	c := r.Counts
	if c.Stale != page/Cell || c.StaleEvents != 1 || c.MaxStaleVersions != 3 || c.MaxStaleNs != 1000 || c.Versions[3] != 1 || c.AgeNs[10] != 1 {
		t.Errorf("counts %+v", c)
	}
	for range 100 { // more than a ring holds
		h.write(h.b, 0, page)
	}
	r.Begin(0, page)
	h.want(r.Check(p), Stale)
	if c := r.Counts; c.MaxStaleVersions != ringSize+1 || c.Versions[16] != 1 {
		t.Errorf("counts %+v, want %d versions", c, ringSize+1)
	}
}

// TestFinal tests the quiesce check.
func TestFinal(t *testing.T) {
	h := newHist(t)
	r := h.f.Reader()
	p := h.write(h.a, 0, page)
	q := h.write(h.b, 0, page)
	h.want(r.Final(0, Views{Direct: q, Buffered: q, Mapped: q}))
	h.want(r.Final(0, Views{Mapped: q}))
	h.want(r.Final(0, Views{Direct: p, Buffered: p, Mapped: p}), Lost, SilentLost)
	if c := r.Counts; c.Lost != page/Cell || c.SilentLost != page/Cell || c.LostEvents != 1 || c.Stale != 0 || c.StaleEvents != 0 || c.Reads != 0 {
		t.Errorf("counts %+v", c)
	}
	h.want(r.Final(0, Views{Direct: p, SyncFailed: true}), Lost)
	if c := r.Counts; c.Lost != 2*page/Cell || c.SilentLost != page/Cell || c.LostEvents != 2 {
		t.Errorf("counts %+v", c)
	}
	h.want(r.Final(0, Views{Direct: q, Buffered: p, Mapped: q}), Incoherent)
	h.want(r.Final(0, Views{Buffered: q, Mapped: p}), Incoherent)
	if c := r.Counts; c.Incoherent != 2*page/Cell || c.Lost != 2*page/Cell {
		t.Errorf("counts %+v", c)
	}
	copy(p, "torn")
	h.want(r.Final(0, Views{Direct: p, SyncFailed: true}), Lost, Torn)
	h.write(h.a, page, page)
	h.want(r.Final(0, Views{Direct: append(q, zeros...)}), Lost, SilentLost) // lost to zeros
	if c := r.Counts; c.Bad() != 4*page/Cell+2*page/Cell {
		t.Errorf("%d bad cells", c.Bad())
	}
	for _, v := range r.Violations {
		if s := v.String(); strings.Contains(s, "\n") || !strings.Contains(s, v.Kind.String()) || !strings.Contains(s, "view") {
			t.Errorf("violation %q", s)
		}
	}
}

// TestForgotten tests what is left when a writer's ring has gone over a write.
func TestForgotten(t *testing.T) {
	h := newHist(t)
	old := h.write(h.a, 0, page)
	for range ringSize {
		h.write(h.a, page, page)
	}
	h.want(h.read(0, old))
	q := h.write(h.b, 0, page) // began after the oldest write that is remembered
	h.want(h.read(0, old), Stale)
	h.want(h.read(0, q))

	h = newHist(t)
	old = h.write(h.a, 0, page)
	h.write(h.a, page, page)
	h.write(h.b, 0, page)
	for range ringSize - 2 {
		h.write(h.a, page, page)
	}
	h.want(h.read(0, old), Stale) // the last to be remembered
	h.write(h.a, page, page)
	h.want(h.read(0, old), Stale) // its ring says only that it ended before the second write
	h.write(h.a, page, page)
	h.want(h.read(0, old)) // no longer known to have ended in time

	h = newHist(t)
	old = h.write(h.a, 0, page)
	h.write(h.b, 0, page)
	for range ringSize {
		h.write(h.b, page, page)
	}
	r := h.f.Reader()
	r.Begin(0, page)
	h.want(r.Check(old), Stale) // by a write that no ring remembers
	if v := r.Violations[0]; v.Versions != 1 || v.AgeNs != -1 || r.Counts.AgeUnknown != 1 {
		t.Errorf("violation %+v", v)
	}
}

// TestMisuse tests that a broken precondition is not taken for a result.
func TestMisuse(t *testing.T) {
	for name, misuse := range map[string]func(f *File){
		"unaligned":       func(f *File) { f.Writer(1).Begin(4, 8) },
		"unaligned zero":  func(f *File) { f.Writer(1).BeginZero(0, 12) },
		"outside":         func(f *File) { f.Reader().Begin(page, 8) },
		"negative":        func(f *File) { f.Reader().Begin(-8, 8) },
		"two at once":     func(f *File) { f.Writer(1).Begin(0, 8); f.Writer(1).Begin(0, 8) },
		"end of none":     func(f *File) { f.Writer(1).End(0) },
		"writer 0":        func(f *File) { f.Writer(0) },
		"writer too many": func(f *File) { f.Writer(3) },
		"block":           func(*File) { New(Config{Block: 24}) },
		"sequence":        func(f *File) { w := f.Writer(1); w.last.Store(maxSeq); w.Begin(0, 8) },
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("no panic")
				}
			}()
			misuse(New(Config{Size: page, Writers: 2}))
		})
	}
}

func TestMerge(t *testing.T) {
	h := newHist(t)
	r := h.f.Reader()
	p := h.write(h.a, 0, page)
	h.write(h.b, 0, page)
	r.Begin(0, page)
	r.Check(p)
	r.Final(0, Views{Direct: p, Buffered: zeros})
	sum := r.Counts
	sum.Merge(&r.Counts)
	one := r.Counts
	if sum.Reads != 2 || sum.Stale != 2*one.Stale || sum.SilentLost != 2*one.SilentLost || sum.Incoherent != 2*one.Incoherent ||
		sum.Versions[1] != 4 || sum.MaxStaleVersions != 1 || sum.LostEvents != 2 || sum.Bad() != 2*one.Bad() || sum.AgeNs[1] != 2*one.AgeNs[1] {
		t.Errorf("merged %+v from two of %+v", sum, one)
	}
}

// TestText tests the words for verdicts and violations.
func TestText(t *testing.T) {
	v := Verdict(1<<Stale | 1<<Torn)
	if v.String() != "torn, stale" || !v.Has(Stale) || v.Has(Lost) || !v.Bad() {
		t.Errorf("verdict %v", v)
	}
	if v := Verdict(1 << InFlight); v.Bad() || v.String() != "in flight" {
		t.Errorf("verdict %v, bad %v", v, v.Bad())
	}
	for want, v := range map[string]Violation{
		"flipped: f+0x10: write 3.9, ended by tick 5, but an earlier read saw writer 2 (tick 7)":         {Kind: Flipped, File: "f", Off: 16, Writer: 3, Seq: 9, End: 5, NewerWriter: 2, NewerStart: 7},
		"in flight: f+0x10 (2 cells): write 3.9, ended by tick 5, but an earlier read saw zero (tick 7)": {Kind: InFlight, File: "f", Off: 16, Cells: 2, Writer: 3, Seq: 9, End: 5, NewerStart: 7},
		"incoherent: f+0x0 in the mapped view: zero, but 0x0000000000000005 in the most durable one":     {Kind: Incoherent, File: "f", View: ViewMapped, Zero: true, Other: 5},
		"from nowhere: f+0x0: write 3.9, never written there":                                            {Kind: Nowhere, File: "f", Writer: 3, Seq: 9},
		"torn: f+0x0: word 0x0000000000000007 is no stamp of this cell":                                  {Kind: Torn, File: "f", Value: 7},
	} {
		if got := v.String(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}

// TestSparse tests that a few different cells of a big file are told apart
// from one another, and that the file's size is kept.
func TestSparse(t *testing.T) {
	f := New(Config{Size: 1 << 30, Block: 1 << 20})
	if f.Size() != 1<<30 || f.Block() != page {
		t.Errorf("size %d, block %d", f.Size(), f.Block())
	}
	w, r := f.Writer(MaxWriters), f.Reader()
	w.Begin(0, 1<<30)
	offs := []int64{0, 8, 4088, page, 65536 * 8, 65536 * page, 65537 * page, 1<<30 - 8}
	for _, from := range offs {
		for _, at := range offs {
			r.Begin(at, 8)
			if v := r.CheckWord(w.Word(from)); v.Bad() != (at != from) {
				t.Errorf("stamp of %d at %d: %v", from, at, v)
			}
		}
	}
}

// TestVisibility: reads of blocks are counted by how long after a write of the
// whole block they began, those of them that are stale apart.
func TestVisibility(t *testing.T) {
	h := newHist(t)
	old := h.write(h.a, 0, page)
	h.write(h.b, 0, page) // returns at 200
	h.write(h.a, 8, 8)    // no whole block
	r := h.f.Reader()
	at := func(began int64, p []byte) {
		r.Begin(0, page)
		r.Began = began
		r.Check(p)
	}
	at(200, old)      // at once
	at(1200, old)     // 1000 ns later: bin 10
	at(1700, old[:8]) // 1500 ns: bin 11; its first cell alone is stale, too
	r.Began = 0
	r.Begin(0, page) // nobody says when
	r.Check(old)
	want := map[int]Visibility{0: {1, 1}, 10: {1, 1}, 11: {1, 1}}
	for i, v := range r.Counts.Visibility {
		if v != want[i] {
			t.Errorf("bin %d: %+v, want %+v", i, v, want[i])
		}
	}
	r.Begin(2*page, page) // never written
	r.Began = 1 << 20
	r.Check(zeros)
	var sum Counts
	sum.Merge(&r.Counts)
	sum.Merge(&r.Counts)
	if sum.Visibility[10] != (Visibility{2, 2}) || sum.Visibility[21] != (Visibility{}) {
		t.Errorf("merged: %+v", sum.Visibility)
	}
}
