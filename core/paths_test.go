package core_test

import (
	"bytes"
	"errors"
	"testing"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/disk"
	"cohbench/core/mmu"
	"cohbench/core/sched"
)

const pages = 8

// tables is the MMU of the fixtures.
var tables = mmu.KindSoft

// TestPathsOnUserfaultfd runs the tests of the paths on real page faults.
func TestPathsOnUserfaultfd(t *testing.T) {
	if err := mmu.KindUserfaultfd.Probe(); err != nil {
		t.Skip(err)
	}
	tables = mmu.KindUserfaultfd
	defer func() { tables = mmu.KindSoft }()
	for name, test := range map[string]func(*testing.T){
		"ViewsAgree":               TestViewsAgree,
		"MappedBuffers":            TestMappedBuffers,
		"Extend":                   TestExtend,
		"TruncateAndPunch":         TestTruncateAndPunch,
		"WritebackErrorIsReported": TestWritebackErrorIsReportedOnce,
		"ReadErrorLeavesThePage":   TestReadErrorLeavesThePageToTheNext,
		"ShortDirectWrite":         TestShortDirectWrite,
		"NoAllocation":             TestNoAllocation,
		"Readahead":                TestReadaheadFills,
		"Splice":                   TestSpliceRead,
		"ZeroRange":                TestZeroRange,
		"Reflink":                  TestReflink,
		"Pinnings":                 TestPinnings,
	} {
		t.Run(name, test)
	}
}

// fixture is one file of 8 pages under a policy, on a disk that fails by rule,
// and a task.
type fixture struct {
	*core.AddressSpace
	t    *core.Task
	v    core.Mapping
	disk *disk.Faulty
}

func newFixture(t *testing.T, p *core.Policy, rules ...disk.Rule) *fixture {
	t.Helper()
	task := core.NewTask(sched.NewGroup().Thread("main"))
	d := disk.NewFaulty(disk.NewMemory(pages*core.PageSize), rules...)
	mem, err := tables.New()
	if err != nil {
		t.Fatal(err)
	}
	f := &fixture{AddressSpace: core.NewAddressSpace(p, d, mem, core.Options{}), t: task, disk: d}
	v, err := f.Map(task, 0, 2*pages*core.PageSize)
	if err != nil {
		t.Fatal(err)
	}
	f.v = v
	t.Cleanup(func() {
		_ = v.Unmap(task)
		_ = f.Close(task) // what its Sync says is the test's affair
	})
	return f
}

// filled is n aligned bytes of value b.
func filled(n int, b byte) core.Buffer {
	mem := disk.Block(n)
	for i := range mem {
		mem[i] = b
	}
	return core.Buffer{Mem: mem}
}

// must reports an unexpected error or a short count.
func must(t *testing.T, want int) func(n int, err error) {
	return func(n int, err error) {
		t.Helper()
		if err != nil || n != want {
			t.Errorf("moved %d bytes of %d: %v", n, want, err)
		}
	}
}

// content wants the bytes [off, off+len(want)) to be want in all three views.
func (f *fixture) content(t *testing.T, off int64, want []byte) {
	t.Helper()
	got := make([]byte, len(want))
	must(t, len(want))(f.ReadAt(f.t, core.Buffer{Mem: got}, off))
	if !bytes.Equal(got, want) {
		t.Errorf("buffered read at %#x: %x, want %x", off, got, want)
	}
	must(t, len(want))(f.v.ReadAt(f.t, got, off))
	if !bytes.Equal(got, want) {
		t.Errorf("mapped read at %#x: %x, want %x", off, got, want)
	}
	b := filled(core.PageSize, 0xee)
	page := off / core.PageSize * core.PageSize
	if _, err := f.ReadDirect(f.t, b, page); err != nil {
		t.Errorf("direct read: %v", err)
	}
	if got := b.Mem[off-page:][:len(want)]; !bytes.Equal(got, want) {
		t.Errorf("direct read at %#x: %x, want %x", off, got, want)
	}
}

// eachPolicy runs fn for the policies whose paths agree when one task runs
// alone; "none" leaves its cache stale even then.
func eachPolicy(t *testing.T, fn func(t *testing.T, p *core.Policy)) {
	for _, p := range coherence.All() {
		if p != coherence.None {
			t.Run(p.Name, func(t *testing.T) { fn(t, p) })
		}
	}
}

func TestViewsAgree(t *testing.T) {
	eachPolicy(t, func(t *testing.T, p *core.Policy) {
		f := newFixture(t, p)
		must(t, 2*core.PageSize)(f.WriteDirect(f.t, filled(2*core.PageSize, 'a'), core.PageSize))
		f.content(t, core.PageSize, []byte("aaaaaaaa"))
		must(t, 4)(f.WriteAt(f.t, filled(4, 'b'), core.PageSize+2))
		f.content(t, core.PageSize, []byte("aabbbbaa"))
		if err := f.v.Store(f.t, core.PageSize+8, 0x6363636363636363); err != nil {
			t.Error(err)
		}
		f.content(t, core.PageSize+6, []byte("aacccccccc"))
		must(t, core.PageSize)(f.WriteDirect(f.t, filled(core.PageSize, 'd'), core.PageSize))
		f.content(t, core.PageSize, []byte("dddddddddddddddd"))
	})
}

// TestMappedBuffers moves data between a file and a mapping of it, all four
// ways.
func TestMappedBuffers(t *testing.T) {
	eachPolicy(t, func(t *testing.T, p *core.Policy) {
		f := newFixture(t, p)
		src := core.Buffer{Map: f.v, Off: 2 * core.PageSize, Len: core.PageSize}
		must(t, core.PageSize)(f.v.WriteAt(f.t, filled(core.PageSize, 'a').Mem, src.Off))
		must(t, core.PageSize)(f.WriteDirect(f.t, src, 0))
		f.content(t, 8, []byte("aaaa"))
		must(t, core.PageSize)(f.WriteAt(f.t, src, core.PageSize-512))
		f.content(t, 2*core.PageSize-520, []byte("aaaaaaaa\x00\x00\x00\x00"))
		must(t, core.PageSize)(f.WriteDirect(f.t, filled(core.PageSize, 'b'), 0))
		dst := core.Buffer{Map: f.v, Off: 5 * core.PageSize, Len: core.PageSize}
		must(t, core.PageSize)(f.ReadDirect(f.t, dst, 0))
		f.content(t, dst.Off, []byte("bbbb"))
		dst.Off = 6 * core.PageSize
		must(t, core.PageSize)(f.ReadAt(f.t, dst, 0))
		f.content(t, dst.Off, []byte("bbbb"))
	})
}

// TestExtend grows the file by each kind of write, past a last page in which a
// mapping has scribbled beyond the end.
func TestExtend(t *testing.T) {
	eachPolicy(t, func(t *testing.T, p *core.Policy) {
		for name, write := range map[string]func(f *fixture, off int64) (int, error){
			"direct":   func(f *fixture, off int64) (int, error) { return f.WriteDirect(f.t, filled(4096, 'x'), off) },
			"buffered": func(f *fixture, off int64) (int, error) { return f.WriteAt(f.t, filled(4096, 'x'), off) },
		} {
			f := newFixture(t, p)
			if err := f.Truncate(f.t, core.PageSize+100); err != nil {
				t.Fatal(err)
			}
			if err := f.v.Store(f.t, core.PageSize+200, 1<<40); err != nil {
				t.Fatal(err)
			}
			off := int64((pages + 2) * core.PageSize)
			must(t, 4096)(write(f, off))
			if f.Size() != off+4096 {
				t.Errorf("%s: size %d, want %d", name, f.Size(), off+4096)
			}
			f.content(t, core.PageSize+200, make([]byte, 8))
			f.content(t, pages*core.PageSize, make([]byte, 64))
			f.content(t, off, []byte("xxxx"))
		}
	})
}

func TestTruncateAndPunch(t *testing.T) {
	eachPolicy(t, func(t *testing.T, p *core.Policy) {
		f := newFixture(t, p)
		must(t, pages*core.PageSize)(f.WriteAt(f.t, filled(pages*core.PageSize, 'a'), 0))
		if err := f.PunchHole(f.t, core.PageSize-8, core.PageSize+16); err != nil {
			t.Fatal(err)
		}
		f.content(t, core.PageSize-10, []byte("aa\x00\x00"))
		f.content(t, 2*core.PageSize+6, []byte("\x00\x00aa"))
		if err := f.Truncate(f.t, 3*core.PageSize+5); err != nil {
			t.Fatal(err)
		}
		if _, err := f.v.Load(f.t, 4*core.PageSize); !errors.Is(err, core.ErrBeyondEOF) {
			t.Errorf("load beyond the end: %v, want ErrBeyondEOF", err)
		}
		b := core.Buffer{Mem: make([]byte, 64)}
		if n, err := f.ReadAt(f.t, b, 3*core.PageSize); n != 5 || err != nil {
			t.Errorf("read over the end: %d bytes, %v, want 5", n, err)
		}
		if err := f.Truncate(f.t, pages*core.PageSize); err != nil {
			t.Fatal(err)
		}
		f.content(t, 3*core.PageSize+3, []byte("aa\x00\x00"))
		f.content(t, 5*core.PageSize, make([]byte, 16))
	})
}

func TestWritebackErrorIsReportedOnce(t *testing.T) {
	f := newFixture(t, coherence.AddLock, disk.Rule{Ops: disk.OpWrite, Count: 1})
	must(t, 8)(f.WriteAt(f.t, filled(8, 'a'), 0))
	if err := f.Sync(f.t); !errors.Is(err, core.ErrIO) {
		t.Errorf("first sync: %v, want ErrIO", err)
	}
	if err := f.Sync(f.t); err != nil {
		t.Errorf("second sync: %v", err)
	}
}

func TestReadErrorLeavesThePageToTheNext(t *testing.T) {
	f := newFixture(t, coherence.AddLock, disk.Rule{Ops: disk.OpRead, Count: 2})
	if _, err := f.v.Load(f.t, 0); !errors.Is(err, core.ErrIO) {
		t.Errorf("load: %v, want ErrIO", err)
	}
	if _, err := f.ReadAt(f.t, filled(8, 0), 0); !errors.Is(err, core.ErrIO) {
		t.Errorf("read: %v, want ErrIO", err)
	}
	f.content(t, 0, make([]byte, 8))
}

// TestShortDirectWrite: what landed counts, and neither a lock nor a pin is
// left behind.
func TestShortDirectWrite(t *testing.T) {
	eachPolicy(t, func(t *testing.T, p *core.Policy) {
		f := newFixture(t, p, disk.Rule{Ops: disk.OpWrite, Count: 1, Short: 512})
		n, err := f.WriteDirect(f.t, filled(core.PageSize, 'a'), 0)
		if n != 512 || !errors.Is(err, core.ErrIO) {
			t.Errorf("%d bytes, %v, want 512 and ErrIO", n, err)
		}
		if held := f.t.Held(); len(held) > 0 {
			t.Errorf("still held: %v", held)
		}
		f.content(t, 510, []byte("aa\x00\x00"))
	})
}

func TestUnalignedDirectIO(t *testing.T) {
	f := newFixture(t, coherence.AddLock)
	if _, err := f.WriteDirect(f.t, filled(core.PageSize, 0), 7); !errors.Is(err, core.ErrAlign) {
		t.Errorf("offset 7: %v, want ErrAlign", err)
	}
	if _, err := f.ReadDirect(f.t, filled(100, 0), 0); !errors.Is(err, core.ErrAlign) {
		t.Errorf("100 bytes: %v, want ErrAlign", err)
	}
}

// TestExposure: an attempt to add a page counts for the direct write in flight
// that covers it, once, and for no other.
func TestExposure(t *testing.T) {
	f := newFixture(t, coherence.None)
	other := core.NewTask(f.t.Group().Thread("other"))
	slow := disk.NewFaulty(f.disk, disk.Rule{Ops: disk.OpWrite, Delay: 50e6, DelayOnly: true})
	m := core.NewAddressSpace(coherence.None, slow, mmu.NewSoft(), core.Options{})
	done := make(chan bool)
	go func() {
		for i := range int64(2) {
			if _, err := m.WriteDirect(f.t, filled(2*core.PageSize, 'a'), i*2*core.PageSize); err != nil {
				t.Error(err)
			}
		}
		close(done)
	}()
	for ; ; sleepy(other) {
		select {
		case <-done:
			if n := f.t.Stats.Exposures; n != 1 {
				t.Errorf("%d exposures of two writes, want 1: only the first was in reach", n)
			}
			return
		default:
			for _, off := range []int64{0, core.PageSize} {
				if _, err := m.ReadAt(other, filled(8, 0), off); err != nil {
					t.Error(err)
				}
			}
			if err := m.Evict(other, 0, pages*core.PageSize); err != nil {
				t.Error(err)
			}
		}
	}
}

func sleepy(t *core.Task) { _ = t.Spin(0) }
