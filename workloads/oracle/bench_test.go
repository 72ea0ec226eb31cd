//go:build unix

package oracle

import (
	"syscall"
	"testing"
	"time"
)

// TestAllocations tests that nothing is allocated where nothing is wrong.
func TestAllocations(t *testing.T) {
	f, w, p := newBench()
	r := f.Reader()
	round := func() {
		r.Begin(0, 3*4096)
		if v := r.Check(p[:3*4096]); v != 0 {
			t.Fatal(v)
		}
		w.Begin(4096, 4096)
		w.Fill(p[4096:8192], 4096)
		w.End(1)
		w.Begin(64, 16)
		w.Fill(p[64:80], 64)
		w.End(1)
		r.Begin(64, 8)
		if v := r.CheckWord(word(p[64:])); v != 0 {
			t.Fatal(v)
		}
	}
	round()
	if n := testing.AllocsPerRun(100, round); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if b := &f.blocks[0]; b.seen.Load() != 0 || b.seenCells.Load() != nil {
		t.Error("a completed write was published as seen")
	}
}

const benchSize = 64 * 4096

// cpuTime is the processor time of this process: what an operation costs, also
// on a machine that has other things to do.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// reportCPU reports the processor time per operation since start.
func reportCPU(b *testing.B, start time.Duration) {
	b.ReportMetric(float64(cpuTime(b)-start)/float64(b.N), "cpu-ns/op")
}

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
	start := cpuTime(b)
	for b.Loop() {
		r.Begin(0, n)
		if v := r.Check(p); v != 0 {
			b.Fatal(v)
		}
	}
	reportCPU(b, start)
}
