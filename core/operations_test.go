package core_test

import (
	"errors"
	"testing"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/disk"
	"cohbench/core/mmu"
	"cohbench/core/sched"
)

// TestReadaheadFills reads pages into the cache: nobody reads them again, and
// what was cached stays.
func TestReadaheadFills(t *testing.T) {
	eachPolicy(t, func(t *testing.T, p *core.Policy) {
		f := newFixture(t, p)
		must(t, 8)(f.WriteAt(f.t, filled(8, 'a'), 2*core.PageSize))
		before := f.t.Stats.Fills
		if err := f.Readahead(f.t, 0, 100*core.PageSize); err != nil {
			t.Fatal(err)
		}
		if n := f.t.Stats.Fills - before; n != pages-1 {
			t.Errorf("%d pages filled, want the %d that were not cached", n, pages-1)
		}
		before = f.t.Stats.Fills
		f.content(t, 2*core.PageSize, []byte("aaaaaaaa\x00"))
		f.content(t, 5*core.PageSize, []byte{0, 0})
		if n := f.t.Stats.Fills - before; n != 0 {
			t.Errorf("%d pages filled after readahead", n)
		}
	})
}

// TestReadaheadHandsBack has readahead meet a blocked cache: under bcachefs'
// extent the pages it made are gone again, and nobody waited.
func TestReadaheadHandsBack(t *testing.T) {
	f := newFixture(t, coherence.AddLock)
	other := core.NewTask(f.t.Group().Thread("blocker"))
	if err := other.Block(f.AddressSpace); err != nil {
		t.Fatal(err)
	}
	before := f.t.Stats
	if err := f.Readahead(f.t, 0, 3*core.PageSize); err != nil {
		t.Fatal(err)
	}
	other.Unblock(f.AddressSpace)
	if f.t.Stats.Fills != before.Fills || f.t.Stats.Invalidated-before.Invalidated != 3 {
		t.Errorf("%d pages filled and %d taken out again, want 0 and 3", f.t.Stats.Fills-before.Fills, f.t.Stats.Invalidated-before.Invalidated)
	}
	if f.t.Waits[sched.Add].N != 0 {
		t.Error("readahead waited to add")
	}
	f.content(t, 0, []byte{0})
}

// TestSpliceRead returns what a buffered read does.
func TestSpliceRead(t *testing.T) {
	eachPolicy(t, func(t *testing.T, p *core.Policy) {
		f := newFixture(t, p)
		must(t, core.PageSize)(f.WriteDirect(f.t, filled(core.PageSize, 'a'), core.PageSize))
		b := filled(16, 'x')
		must(t, 16)(f.SpliceRead(f.t, b, core.PageSize-8))
		if got := string(b.Mem); got != "\x00\x00\x00\x00\x00\x00\x00\x00aaaaaaaa" {
			t.Errorf("spliced %q", got)
		}
		must(t, 4)(f.SpliceRead(f.t, b, pages*core.PageSize-4)) // the end of the file
	})
}

// TestWritebackTellsSyncOnly: the flusher's errors are for the next Sync.
func TestWritebackTellsSyncOnly(t *testing.T) {
	f := newFixture(t, coherence.AddLock, disk.Rule{Ops: disk.OpWrite, Count: 1})
	must(t, 8)(f.WriteAt(f.t, filled(8, 'a'), 0))
	if err := f.Writeback(f.t, 0, core.PageSize); err != nil {
		t.Errorf("writeback: %v", err)
	}
	if err := f.Sync(f.t); !errors.Is(err, core.ErrIO) {
		t.Errorf("sync: %v, want EIO", err)
	}
}

// TestZeroRange zeroes a part of a page, and whole ones, whatever is cached.
func TestZeroRange(t *testing.T) {
	eachPolicy(t, func(t *testing.T, p *core.Policy) {
		f := newFixture(t, p)
		must(t, 4*core.PageSize)(f.WriteDirect(f.t, filled(4*core.PageSize, 'a'), 0))
		must(t, 8)(f.WriteAt(f.t, filled(8, 'b'), 2*core.PageSize))
		if err := f.ZeroRange(f.t, core.PageSize-2, 2*core.PageSize+2); err != nil {
			t.Fatal(err)
		}
		f.content(t, core.PageSize-4, []byte("aa\x00\x00"))
		f.content(t, 3*core.PageSize-2, []byte{0, 0})
		f.content(t, 3*core.PageSize, []byte("aa"))
		if err := f.ZeroRange(f.t, 0, 0); err == nil {
			t.Error("an empty range was zeroed")
		}
	})
}

// TestReflink clones a range with dirty pages on both sides, within a file and
// between two, and beyond the end of the target.
func TestReflink(t *testing.T) {
	eachPolicy(t, func(t *testing.T, p *core.Policy) {
		f := newFixture(t, p)
		g := newFixture(t, p)
		must(t, 2*core.PageSize)(f.WriteDirect(f.t, filled(2*core.PageSize, 'a'), 0))
		must(t, 4)(f.WriteAt(f.t, filled(4, 'b'), core.PageSize)) // dirty in the source
		must(t, 4)(g.WriteAt(g.t, filled(4, 'c'), 3*core.PageSize))
		if err := g.Reflink(g.t, 2*core.PageSize, f.AddressSpace, 0, 2*core.PageSize); err != nil {
			t.Fatal(err)
		}
		g.content(t, 2*core.PageSize, []byte("aaaa"))
		g.content(t, 3*core.PageSize, []byte("bbbbaaaa"))
		if err := g.Reflink(g.t, (pages+1)*core.PageSize, g.AddressSpace, 3*core.PageSize, core.PageSize); err != nil {
			t.Fatal(err)
		}
		if want := int64(pages+2) * core.PageSize; g.Size() != want {
			t.Errorf("size %d, want %d", g.Size(), want)
		}
		g.content(t, (pages+1)*core.PageSize, []byte("bbbbaaaa"))
		g.content(t, pages*core.PageSize, []byte{0, 0})
		if held := g.t.Held(); len(held) != 0 {
			t.Errorf("still held: %v", held)
		}
	})
}

// TestReflinkRefused: each refusal leaves no lock held.
func TestReflinkRefused(t *testing.T) {
	f := newFixture(t, coherence.AddLock)
	raw, err := core.Raw{}.Open(f.t.Group(), core.Backing{Disk: disk.NewMemory(core.PageSize)})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		what         string
		off, from, n int64
		src          core.File
		want         error
	}{
		{"parts of pages", 0, 512, core.PageSize, f.AddressSpace, core.ErrAlign},
		{"beyond the end of the source", 0, pages * core.PageSize, core.PageSize, f.AddressSpace, core.ErrAlign},
		{"another engine", 0, 0, core.PageSize, raw, errors.ErrUnsupported},
	} {
		if err := f.Reflink(f.t, c.off, c.src, c.from, c.n); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.what, err, c.want)
		}
		if held := f.t.Held(); len(held) != 0 {
			t.Fatalf("%s: still held: %v", c.what, held)
		}
	}
}

// pinCase is a direct write of page 1 whose buffer starts at page src.
func pinCase(t *testing.T, p *core.Policy, src int64) (*fixture, error) {
	f := newFixture(t, p)
	must(t, pages*core.PageSize)(f.WriteDirect(f.t, filled(pages*core.PageSize, 'a'), 0))
	must(t, core.PageSize)(f.WriteDirect(f.t, filled(core.PageSize, 'b'), src*core.PageSize))
	n, err := f.WriteDirect(f.t, core.Buffer{Map: f.v, Off: src * core.PageSize, Len: core.PageSize}, core.PageSize)
	if err == nil && n != core.PageSize {
		t.Errorf("%d bytes written and no error", n)
	}
	return f, err
}

// TestPinnings writes a page from another one of the same file that is not
// cached: the task context makes it EFAULT; pinning first, or faulting in and
// trying again, makes it work.
func TestPinnings(t *testing.T) {
	for _, c := range []struct {
		policy  *core.Policy
		fault   bool
		retries int64
	}{
		{coherence.AddLock, true, 0},
		{coherence.FDMHash, true, 0},
		{coherence.PinFirst, false, 0},
		{coherence.FaultInAndRetry, false, 1},
	} {
		t.Run(c.policy.Name, func(t *testing.T) {
			f, err := pinCase(t, c.policy, 2)
			if errors.Is(err, core.ErrFault) != c.fault || (err == nil) == c.fault {
				t.Errorf("%v, want EFAULT: %v", err, c.fault)
			}
			want := "bb"
			if c.fault {
				want = "aa"
			}
			f.content(t, core.PageSize, []byte(want))
			if f.t.Stats.Retries != c.retries || f.t.Stats.Fallbacks != 0 {
				t.Errorf("%d retries and %d fallbacks, want %d and 0", f.t.Stats.Retries, f.t.Stats.Fallbacks, c.retries)
			}
			if (f.t.Stats.EFAULT > 0) != c.fault {
				t.Errorf("%d EFAULTs counted", f.t.Stats.EFAULT)
			}
		})
	}
}

// TestOwnTargetAsBuffer writes a page from itself. What has to be invalidated
// is what has to be pinned: pinned first it stays at hand; faulted in and
// tried again it is gone again, and the write goes through the cache.
func TestOwnTargetAsBuffer(t *testing.T) {
	f, err := pinCase(t, coherence.PinFirst, 1)
	if err != nil || f.t.Stats.Fallbacks != 0 {
		t.Errorf("pin-first: %v, %d fallbacks", err, f.t.Stats.Fallbacks)
	}
	f.content(t, core.PageSize, []byte("bb"))
	if f, err = pinCase(t, coherence.FaultInAndRetry, 1); err != nil || f.t.Stats.Fallbacks != 1 {
		t.Errorf("fault-in-and-retry: %v, %d fallbacks, want 1", err, f.t.Stats.Fallbacks)
	}
	f.content(t, core.PageSize, []byte("bb"))
	for _, p := range []*core.Policy{coherence.AddLock, coherence.FDMHash} {
		if _, err := pinCase(t, p, 1); !errors.Is(err, core.ErrFault) {
			t.Errorf("%s: %v, want EFAULT", p.Name, err)
		}
	}
}

// TestPinFirstBeyondTheEnd: a buffer that cannot be pinned fails the write with
// no lock held and nothing pinned.
func TestPinFirstBeyondTheEnd(t *testing.T) {
	for _, p := range []*core.Policy{coherence.PinFirst, coherence.FaultInAndRetry} {
		f := newFixture(t, p)
		_, err := f.WriteDirect(f.t, core.Buffer{Map: f.v, Off: (pages - 1) * core.PageSize, Len: 2 * core.PageSize}, 0)
		if !errors.Is(err, core.ErrBeyondEOF) {
			t.Errorf("%s: %v, want SIGBUS", p.Name, err)
		}
		if held := f.t.Held(); len(held) != 0 {
			t.Errorf("%s: still held: %v", p.Name, held)
		}
		if err := f.Evict(f.t, 0, pages*core.PageSize); err != nil || f.t.Stats.Invalidated == 0 {
			t.Errorf("%s: nothing could be evicted (%v): a page is still pinned", p.Name, err)
		}
	}
}

// TestMmapLock: a fault holds it, so an unmap waits; a task in another address
// space, or in none, does not.
func TestMmapLock(t *testing.T) {
	for _, c := range []struct {
		name  string
		share bool
	}{{"shared", true}, {"apart", false}} {
		t.Run(c.name, func(t *testing.T) {
			g := sched.NewDeterm(sched.Config{Picker: &sched.RoundRobin{}})
			main := core.NewTask(g.Thread("main"))
			m := core.NewAddressSpace(coherence.AddLock, disk.NewMemory(core.PageSize), mmu.NewSoft(), core.Options{})
			v, err := m.Map(main, 0, core.PageSize)
			if err != nil {
				t.Fatal(err)
			}
			other, err := m.Map(main, 0, core.PageSize)
			if err != nil {
				t.Fatal(err)
			}
			if err := main.Block(m); err != nil { // so that the fault waits
				t.Fatal(err)
			}
			mm, waits := core.NewMM(1), int64(0)
			g.Go("loader", func(th *sched.Thread) {
				k := core.NewTask(th)
				k.MM = mm
				_, _ = v.Load(k, 0) // fails when the case is cancelled
			})
			g.Go("unmapper", func(th *sched.Thread) {
				k := core.NewTask(th)
				k.MM = core.NewMM(2)
				if c.share {
					k.MM = mm
				}
				for range 50 { // the loader gets to its wait
					th.Yield(sched.LocLocal, sched.KindRead)
				}
				_ = other.Unmap(k)
				waits = th.Waits[sched.Exclusive].N
			})
			if err := g.Wait(); err == nil {
				t.Error("the loader did not wait for the blocked cache")
			}
			if (waits > 0) != c.share {
				t.Errorf("%d waits for mmap_lock", waits)
			}
		})
	}
}

// TestControlsUnwind: a case under each of the variants that is cut short, at
// any step, leaves no lock, pin or page behind that would trouble the next.
func TestControlsUnwind(t *testing.T) {
	for name, opts := range map[string]core.Options{
		"none":             {},
		"install-unlocked": {InstallUnlocked: true},
		"invalidate-first": {InvalidateFirst: true},
		"keep-pinned":      {KeepPinned: true},
		"mkwrite-unlocked": {MkwriteUnlocked: true},
		"readahead-waits":  {ReadaheadWaits: true},
		"dirty-after-copy": {DirtyAfterCopy: true},
	} {
		t.Run(name, func(t *testing.T) {
			for steps := range int64(150) {
				cutShort(t, opts, steps+1)
			}
		})
	}
}

// cutShort runs a few operations for some steps and wants every task to have
// given back what it held when they ended.
func cutShort(t *testing.T, opts core.Options, steps int64) {
	g := sched.NewDeterm(sched.Config{Picker: &sched.RoundRobin{}, MaxSteps: steps})
	main := core.NewTask(g.Thread("main"))
	m := core.NewAddressSpace(coherence.AddLock, disk.NewMemory(2*core.PageSize), mmu.NewSoft(), opts)
	v, err := m.Map(main, 0, 2*core.PageSize)
	if err != nil {
		t.Fatal(err)
	}
	for _, body := range []func(k *core.Task){
		func(k *core.Task) { _, _ = m.WriteDirect(k, core.Buffer{Mem: disk.Block(core.PageSize)}, 0) },
		func(k *core.Task) { _ = v.Store(k, 8, 1) },
		func(k *core.Task) { _ = m.Readahead(k, 0, 2*core.PageSize) },
		func(k *core.Task) { _, _ = m.WriteAt(k, core.Buffer{Mem: make([]byte, 8)}, core.PageSize) },
	} {
		g.Go("task", func(th *sched.Thread) {
			body(core.NewTask(th))
			if held := th.Held(); len(held) != 0 {
				t.Errorf("after %d steps: still held: %v", steps, held)
			}
		})
	}
	var p *sched.PanicError
	if err := g.Wait(); errors.As(err, &p) {
		t.Fatalf("after %d steps: %v\n%s", steps, p, p.Stack)
	}
}
