package kernelfs

import (
	"bytes"
	"testing"

	"golang.org/x/sys/unix"

	"cohbench/core"
	"cohbench/core/disk"
)

// TestWriteback leaves nothing dirty in its range, and everything else.
func TestWriteback(t *testing.T) {
	x := setup(t, Engine{})
	var _ core.Flusher = x.f
	dirty := func() uint64 {
		t.Helper()
		var c unix.Cachestat_t
		if err := unix.Cachestat(uint(x.f.cached), &unix.CachestatRange{Len: testSize}, &c, 0); err != nil {
			t.Skipf("cachestat(2): %v", err)
		}
		return c.Dirty
	}
	for _, page := range []int64{1, 9} {
		_, err := x.f.WriteAt(x.a, core.Buffer{Mem: pattern(core.PageSize, 7)}, page*core.PageSize)
		x.must(err)
	}
	if dirty() != 2 {
		t.Skipf("%d dirty pages after two were written: the file system keeps no count, or was quick", dirty())
	}
	x.must(x.f.Writeback(x.a, 0, 0))
	x.must(x.f.Writeback(x.a, core.PageSize, core.PageSize))
	if n := dirty(); n != 1 {
		t.Errorf("%d dirty pages, want that which was not to be written", n)
	}
}

// TestSpliceRead reads more than a pipe takes, and to the end of the file.
func TestSpliceRead(t *testing.T) {
	x := setup(t, Engine{})
	var _ core.Readaheader = x.f
	want := pattern(testSize, 3)
	_, err := x.f.WriteAt(x.a, core.Buffer{Mem: want}, 0)
	x.must(err)
	x.must(x.f.Evict(x.a, 0, testSize))
	x.must(x.f.Readahead(x.a, 0, core.PageSize))
	got := disk.Block(testSize)
	if n, err := x.f.SpliceRead(x.b, core.Buffer{Mem: got}, 0); n != testSize || err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d of %d bytes, %v", n, testSize, err)
	}
	if n, err := x.f.SpliceRead(x.b, core.Buffer{Mem: got}, testSize-8); n != 8 || err != nil {
		t.Errorf("%d bytes before the end, %v; want 8", n, err)
	}
}
