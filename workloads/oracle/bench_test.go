package oracle

import "testing"

const benchSize = 64 * 4096

// newBench returns a file of which every block was written by writer 1.
func newBench() (*File, *Writer, []byte) {
	f := New(Config{Size: benchSize})
	w, p := f.Writer(1), make([]byte, benchSize)
	for off := int64(0); off < benchSize; off += 4096 {
		w.Begin(off, 4096)
		w.Fill(p[off:off+4096], off)
		w.End(0)
	}
	return f, w, p
}

func BenchmarkVerify4K(b *testing.B) {
	f, _, p := newBench()
	r := f.Reader()
	b.ReportAllocs()
	var off int64
	for b.Loop() {
		r.Begin(off, 4096)
		if v := r.Check(p[off : off+4096]); v != 0 {
			b.Fatal(v, r.Violations)
		}
		off = (off + 4096) % benchSize
	}
}

// BenchmarkVerify4KMixed reads blocks which one store has cut in three.
func BenchmarkVerify4KMixed(b *testing.B) {
	f, w, p := newBench()
	for off := int64(0); off < benchSize; off += 4096 {
		w.Begin(off+1024, 8)
		w.Fill(p[off+1024:off+1032], off+1024)
		w.End(0)
	}
	r := f.Reader()
	b.ReportAllocs()
	var off int64
	for b.Loop() {
		r.Begin(off, 4096)
		if v := r.Check(p[off : off+4096]); v != 0 {
			b.Fatal(v, r.Violations)
		}
		off = (off + 4096) % benchSize
	}
}

// BenchmarkVerify4KStale reads blocks of a file which never changes.
func BenchmarkVerify4KStale(b *testing.B) {
	f, w, p := newBench()
	for off := int64(0); off < benchSize; off += 4096 {
		w.Begin(off, 4096)
		w.End(0)
	}
	r := f.Reader()
	b.ReportAllocs()
	var off int64
	for b.Loop() {
		r.Begin(off, 4096)
		if v := r.Check(p[off : off+4096]); !v.Has(Stale) {
			b.Fatal(v)
		}
		off = (off + 4096) % benchSize
	}
}

func BenchmarkStampPublish4K(b *testing.B) {
	_, w, p := newBench()
	b.ReportAllocs()
	var off int64
	for b.Loop() {
		w.Begin(off, 4096)
		w.Fill(p[off:off+4096], off)
		w.End(0)
		off = (off + 4096) % benchSize
	}
}

func BenchmarkStoreWord(b *testing.B) {
	_, w, _ := newBench()
	b.ReportAllocs()
	var off int64
	var v uint64
	for b.Loop() {
		w.Begin(off, 8)
		v += w.Word(off)
		w.End(0)
		off = (off + 4104) % benchSize
	}
}

func BenchmarkLoadWord(b *testing.B) {
	f, _, p := newBench()
	r := f.Reader()
	b.ReportAllocs()
	var off int64
	for b.Loop() {
		r.Begin(off, 8)
		if v := r.CheckWord(word(p[off:])); v != 0 {
			b.Fatal(v)
		}
		off = (off + 4104) % benchSize
	}
}

func BenchmarkVerify1M(b *testing.B) {
	const n = 256 * 4096
	f := New(Config{Size: n})
	w, p := f.Writer(1), make([]byte, n)
	w.Begin(0, n)
	w.Fill(p, 0)
	w.End(0)
	r := f.Reader()
	b.ReportAllocs()
	for b.Loop() {
		r.Begin(0, n)
		if v := r.Check(p); v != 0 {
			b.Fatal(v)
		}
	}
}
