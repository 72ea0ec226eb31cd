package mmu_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"cohbench/core/mmu"
	"cohbench/core/sched"
)

// onEach runs a test on every MMU of this machine.
func onEach(t *testing.T, test func(t *testing.T, w *world)) {
	for _, k := range mmu.Kinds() {
		t.Run(k.String(), func(t *testing.T) { test(t, newWorld(t, k)) })
	}
}

// world is a file of pages in a Memory, as core would keep it: a lock and a
// frame for each page, and which of them are dirty.
type world struct {
	t     testing.TB
	g     *sched.Group
	mem   mmu.Memory
	main  *mmu.CPU
	pages [worldPages]worldPage
	fail  atomic.Pointer[func(cpu *mmu.CPU, idx int64, a mmu.Access) error]
}

type worldPage struct {
	sync.Mutex
	frame  *mmu.Frame
	dirty  bool
	faults [3]int // by Access
}

const worldPages = 16

var errFault = errors.New("this access must fail")

func newWorld(t testing.TB, k mmu.Kind) *world {
	t.Helper()
	need(t, k)
	mem, err := k.New()
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, g: sched.NewGroup(), mem: mem}
	w.main = w.cpu("main")
	t.Cleanup(func() {
		if err := mem.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
	return w
}

// need skips where the MMU cannot be had.
func need(t testing.TB, k mmu.Kind) {
	t.Helper()
	if err := k.Probe(); err != nil {
		t.Skip(err)
	}
}

func (w *world) cpu(name string) *mmu.CPU {
	return &mmu.CPU{Thread: w.g.Thread(name)}
}

// vma maps the first n pages.
func (w *world) vma(n int64) mmu.VMA {
	w.t.Helper()
	v, err := w.mem.NewVMA(w.main.Thread, 0, n, w)
	if err != nil {
		w.t.Fatal(err)
	}
	w.t.Cleanup(func() { v.Close(w.main.Thread) })
	return v
}

// Fault brings in the page, filled with initial, and installs it.
func (w *world) Fault(cpu *mmu.CPU, v mmu.VMA, idx int64, a mmu.Access) error {
	if fail := w.fail.Load(); fail != nil {
		if err := (*fail)(cpu, idx, a); err != nil {
			return err
		}
	}
	p := &w.pages[idx]
	p.Lock()
	defer p.Unlock()
	p.faults[a]++
	if p.frame == nil {
		f, err := w.mem.Alloc(cpu.Thread, idx)
		if err != nil {
			return err
		}
		mmu.Copy(f.Mem, initial(idx))
		p.frame = f
	}
	if a != mmu.Read {
		p.dirty = true
	}
	return v.Install(idx, p.frame, a != mmu.Read)
}

// drop zaps a page and takes it out of the cache.
func (w *world) drop(t *sched.Thread, idx int64) {
	p := &w.pages[idx]
	p.Lock()
	defer p.Unlock()
	if p.frame == nil {
		return
	}
	w.mem.Zap(t, idx)
	w.mem.Discard(t, p.frame)
	w.mem.Free(t, p.frame)
	p.frame, p.dirty = nil, false
}

// failing has faults fail by a rule from now on.
func (w *world) failing(rule func(cpu *mmu.CPU, idx int64, a mmu.Access) error) { w.fail.Store(&rule) }

// initial is what a page holds when it comes in.
func initial(idx int64) []byte {
	p := make([]byte, mmu.PageSize)
	for i := range p {
		p[i] = byte(idx) + 1
	}
	return p
}

func initialWord(idx int64) uint64 { return 0x0101010101010101 * uint64(idx+1) }

// load and store fail the test on an error.
func (w *world) load(v mmu.VMA, off int64) uint64 {
	w.t.Helper()
	x, err := v.Load(w.main, off)
	if err != nil {
		w.t.Fatalf("load at %#x: %v", off, err)
	}
	return x
}

func (w *world) store(v mmu.VMA, off int64, x uint64) {
	w.t.Helper()
	if err := v.Store(w.main, off, x); err != nil {
		w.t.Fatalf("store at %#x: %v", off, err)
	}
}

// faults wants so many faults on a page by now.
func (w *world) faults(idx int64, read, write, protect int) {
	w.t.Helper()
	p := &w.pages[idx]
	p.Lock()
	defer p.Unlock()
	if want := [3]int{read, write, protect}; p.faults != want {
		w.t.Errorf("page %d had %v read, write and write-protect faults, not %v", idx, p.faults, want)
	}
}

func mapped(t testing.TB, v mmu.VMA, idx int64, present, writable bool) {
	t.Helper()
	if p, w := v.Mapped(idx); p != present || w != writable {
		t.Errorf("page %d: present %v, writable %v; not %v, %v", idx, p, w, present, writable)
	}
}

// TestFaultKinds: what each access is told as, and what it leaves.
func TestFaultKinds(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		v := w.vma(4)
		mapped(t, v, 0, false, false)
		if x := w.load(v, 8); x != initialWord(0) {
			t.Errorf("loaded %#x", x)
		}
		w.load(v, 16)
		w.faults(0, 1, 0, 0)
		mapped(t, v, 0, true, false)
		w.store(v, 8, 42)
		w.store(v, 16, 43)
		w.faults(0, 1, 0, 1)
		mapped(t, v, 0, true, true)
		w.store(v, mmu.PageSize, 44)
		w.faults(1, 0, 1, 0)
		mapped(t, v, 1, true, true)
		if x := w.load(v, 8); x != 42 {
			t.Errorf("loaded %d after a store of 42", x)
		}
		w.faults(0, 1, 0, 1)
	})
}

// TestFrameIsMapping: the cache and all mappings see the same bytes.
func TestFrameIsMapping(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		v, u := w.vma(2), w.vma(2)
		w.store(v, 8, 7)
		if x := w.load(u, 8); x != 7 {
			t.Errorf("the other mapping has %d", x)
		}
		if x := w.pages[0].frame.Mem[8]; x != 7 {
			t.Errorf("the frame has %d", x)
		}
		mmu.Copy(w.pages[0].frame.Mem[8:], []byte{9})
		if x := w.load(v, 8); x != 9 {
			t.Errorf("the mapping has %d", x)
		}
	})
}

// TestZapKeepsPage: a page that was zapped and not discarded is the same when
// it is mapped again.
func TestZapKeepsPage(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		v, u := w.vma(1), w.vma(1)
		w.store(v, 0, 5)
		w.load(u, 0)
		w.mem.Zap(w.main.Thread, 0)
		mapped(t, v, 0, false, false)
		mapped(t, u, 0, false, false)
		if x := w.load(v, 0); x != 5 {
			t.Errorf("loaded %d", x)
		}
		w.faults(0, 2, 1, 0)
		w.load(u, 0)
		w.faults(0, 3, 1, 0)
	})
}

// TestDiscardForgetsPage: after it a new page is there.
func TestDiscardForgetsPage(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		v := w.vma(1)
		for range 3 {
			w.store(v, 0, 5)
			w.drop(w.main.Thread, 0)
			if x := w.load(v, 0); x != initialWord(0) {
				t.Errorf("loaded %#x", x)
			}
			w.drop(w.main.Thread, 0)
		}
	})
}

// TestProtect: stores fault again in every mapping, loads do not.
func TestProtect(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		v, u := w.vma(1), w.vma(1)
		w.store(v, 0, 1)
		w.store(u, 0, 2)
		w.faults(0, 0, 2, 0)
		for i := 1; i <= 3; i++ {
			w.mem.Protect(w.main.Thread, 0)
			mapped(t, v, 0, true, false)
			w.load(v, 0)
			w.load(u, 0)
			w.store(v, 0, 3)
			w.store(u, 0, 4)
			w.faults(0, 0, 2, 2*i)
		}
		w.mem.Protect(w.main.Thread, 0)
		w.mem.Zap(w.main.Thread, 0)
		w.store(v, 0, 5) // what was protected before it was zapped is a store to an absent page
		w.faults(0, 0, 3, 6)
	})
}

// TestInstallIsIdempotent, and never takes the right to store away.
func TestInstallIsIdempotent(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		v := w.vma(1)
		w.load(v, 0)
		for _, write := range []bool{false, true, true, false} {
			if err := v.Install(0, w.pages[0].frame, write); err != nil {
				t.Fatal(err)
			}
		}
		mapped(t, v, 0, true, true)
		w.store(v, 0, 1)
		w.faults(0, 1, 0, 0)
	})
}

// TestCopies: of all alignments, over pages, both ways.
func TestCopies(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		v := w.vma(4)
		for _, n := range []int{1, 7, 8, 9, 63, 64, 65, 255, 256, 257, 300, 4095, 4096, 4097, 3 * 4096} {
			for _, off := range []int64{0, 1, 8, 4090, 4096} {
				in, out := make([]byte, n), make([]byte, n)
				for i := range in {
					in[i] = byte(i*7 + n)
				}
				if c, err := v.Write(w.main, in, off); c != n || err != nil {
					t.Fatalf("wrote %d of %d: %v", c, n, err)
				}
				if c, err := v.Read(w.main, out, off); c != n || err != nil {
					t.Fatalf("read %d of %d: %v", c, n, err)
				}
				if string(in) != string(out) {
					t.Fatalf("%d bytes at %d come back changed", n, off)
				}
			}
		}
	})
}

// TestBeyondMapping: is an error, and so is a mapping of nothing.
func TestBeyondMapping(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		v := w.vma(2)
		for _, off := range []int64{-8, 2 * mmu.PageSize, 1 << 40} {
			if _, err := v.Load(w.main, off); !errors.Is(err, mmu.ErrUnmapped) {
				t.Errorf("load at %#x: %v", off, err)
			}
		}
		if n, err := v.Read(w.main, make([]byte, mmu.PageSize), mmu.PageSize+8); n != mmu.PageSize-8 || !errors.Is(err, mmu.ErrUnmapped) {
			t.Errorf("read over the end: %d, %v", n, err)
		}
		if _, err := w.mem.NewVMA(w.main.Thread, 0, 0, w); err == nil {
			t.Error("a mapping of no pages")
		}
		v.Close(w.main.Thread)
		v.Close(w.main.Thread)
		if err := v.Store(w.main, 0, 1); !errors.Is(err, mmu.ErrUnmapped) {
			t.Errorf("store after close: %v", err)
		}
		w.mem.Zap(w.main.Thread, 0)
	})
}

// TestControlled: soft works under a deterministic scheduler, userfaultfd says
// that it does not.
func TestControlled(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		g := sched.NewDeterm(sched.Config{Picker: sched.Random{Rand: rand.New(rand.NewPCG(1, 1))}, MaxSteps: 1000})
		v, err := w.mem.NewVMA(g.Thread("main"), 0, 1, w)
		if w.mem.Name() == "soft" {
			if err != nil {
				t.Error(err)
			}
			return
		}
		if v != nil || !errors.Is(err, errors.ErrUnsupported) {
			t.Errorf("%v, %v", v, err)
		}
	})
}

// TestChoose: names, and what is not one.
func TestChoose(t *testing.T) {
	for _, k := range mmu.Kinds() {
		got, _, err := mmu.Choose(k.String())
		if perr := k.Probe(); got != k || (err == nil) != (perr == nil) {
			t.Errorf("%s: %s, %v; probe: %v", k, got, err, perr)
		}
		if perr := k.Probe(); perr == nil {
			mem, err := k.New()
			if err != nil || mem.Name() != k.String() || mem.Close() != nil {
				t.Errorf("%s: %v, %v", k, mem, err)
			}
		}
	}
	k, why, err := mmu.Choose("auto")
	if err != nil || (why == nil) != (k == mmu.KindUserfaultfd) {
		t.Errorf("auto: %s, %v, %v", k, why, err)
	}
	if _, _, err := mmu.Choose("hard"); err == nil {
		t.Error("hard is an MMU")
	}
}

// TestFailingAccess: the error comes back, nothing is mapped, and the mapping
// works afterwards.
func TestFailingAccess(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		v := w.vma(4)
		w.store(v, 0, 1)
		for range 3 {
			w.failing(func(_ *mmu.CPU, idx int64, _ mmu.Access) error {
				if idx == 2 {
					return errFault
				}
				return nil
			})
			if x, err := v.Load(w.main, 2*mmu.PageSize); !errors.Is(err, errFault) {
				t.Fatalf("load: %#x, %v", x, err)
			}
			if err := v.Store(w.main, 2*mmu.PageSize, 77); !errors.Is(err, errFault) {
				t.Fatalf("store: %v", err)
			}
			if n, err := v.Read(w.main, make([]byte, 4*mmu.PageSize), 0); n != 2*mmu.PageSize || !errors.Is(err, errFault) {
				t.Fatalf("read: %d, %v", n, err)
			}
			if n, err := v.Write(w.main, initial(1), mmu.PageSize+8); n != mmu.PageSize-8 || !errors.Is(err, errFault) {
				t.Fatalf("write: %d, %v", n, err)
			}
			mapped(t, v, 2, false, false)
			w.fail.Store(nil)
			if x := w.load(v, 2*mmu.PageSize); x != initialWord(2) {
				t.Errorf("page 2 has %#x", x)
			}
			w.store(v, 2*mmu.PageSize, 5)
			w.drop(w.main.Thread, 2)
		}
	})
}

// TestFaultTask: the handler gets the CPU that faulted, although many fault on
// the same pages at once.
func TestFaultTask(t *testing.T) {
	onEach(t, func(t *testing.T, w *world) {
		v := w.vma(worldPages)
		var wrong atomic.Int64
		w.failing(func(cpu *mmu.CPU, _ int64, _ mmu.Access) error {
			if n := cpu.Task.(*atomic.Int64); n.Add(1) != 1 {
				wrong.Add(1) // not in an access, or already at one
			} else {
				n.Add(-1)
			}
			return nil
		})
		for i := range 6 {
			name := fmt.Sprintf("task %d", i)
			w.g.Go(name, func(th *sched.Thread) {
				outside := new(atomic.Int64)
				outside.Store(1)
				cpu := &mmu.CPU{Thread: th, Task: outside}
				for n := range rounds(2000) {
					idx := int64(n % worldPages)
					outside.Store(0)
					_, err := v.Load(cpu, idx*mmu.PageSize)
					outside.Store(1)
					if err != nil {
						t.Error(err)
						return
					}
					w.drop(th, idx)
				}
			})
		}
		_ = w.g.Wait()
		if n := wrong.Load(); n > 0 {
			t.Errorf("%d faults were handled for a task that was not in an access", n)
		}
	})
}

// rounds is fewer of them with -short.
func rounds(n int) int {
	if testing.Short() {
		return n / 4
	}
	return n
}
