package coherence_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/disk"
	"cohbench/core/mmu"
	"cohbench/core/sched"
)

// history is what was written to a file of whole pages: every write puts its
// own start tick into the words that it covers.
type history struct {
	clock atomic.Int64
	ends  []atomic.Int64 // by start tick: the end tick, 0 while in flight
	// The largest start of a completed write: of whole pages, and of cells.
	page [threadPages]atomic.Int64
	cell [threadPages * cells]atomic.Int64
}

const (
	threadPages = 4
	cells       = core.PageSize / 8
	maxTicks    = 1 << 22
)

func raise(m *atomic.Int64, v int64) {
	for {
		old := m.Load()
		if old >= v || m.CompareAndSwap(old, v) {
			return
		}
	}
}

// newest is a lower bound on the age of what a read of the cell may return, if
// it begins now.
func (h *history) newest(off int64) int64 {
	return max(h.page[off/core.PageSize].Load(), h.cell[off/8].Load())
}

// stale says that the value read was replaced, by a write which began after it
// had ended, before the read began.
func (h *history) stale(v uint64, newest int64) bool {
	end := int64(0)
	if v != 0 {
		if end = h.ends[v].Load(); end == 0 {
			return false // in flight
		}
	}
	return end < newest
}

// threads is one file that tasks work on.
type threads struct {
	*history
	file   core.File
	m      core.Mapping
	g      *sched.Group
	stop   atomic.Bool
	stales atomic.Int64
	errs   atomic.Pointer[error]

	names []string
	done  [8]atomic.Int64 // operations, by role
}

func (w *threads) fail(err error) bool {
	if err != nil && !errors.Is(err, sched.ErrCanceled) {
		w.errs.CompareAndSwap(nil, &err)
	}
	return err != nil
}

// atLeast is how many operations each task does, however little time it gets.
const atLeast = 50

// run runs body on a task until the time is up.
func (w *threads) run(name string, body func(t *core.Task, n int64) error) {
	done := &w.done[len(w.names)]
	w.names = append(w.names, name)
	w.g.Go(name, func(th *sched.Thread) {
		t := core.NewTask(th)
		for n := int64(0); n < atLeast || !w.stop.Load() && w.clock.Load() < maxTicks-1000; n++ {
			if w.fail(body(t, n)) {
				return
			}
			done.Add(1)
			runtime.Gosched() // or a few would do all the work with one processor
		}
	})
}

// write does one write and notes it, for the page or for the cell at off.
func (w *threads) write(m *atomic.Int64, do func(v uint64) error) error {
	start := w.clock.Add(1)
	err := do(uint64(start))
	end := w.clock.Add(1)
	w.ends[start].Store(end)
	if err == nil {
		raise(m, start)
	}
	return err
}

func (w *threads) directWriter(n0 int64, mapped core.Mapping) func(t *core.Task, n int64) error {
	b := core.Buffer{Mem: disk.Block(core.PageSize)}
	return func(t *core.Task, n int64) error {
		idx := (n + n0) % threadPages
		return w.write(&w.page[idx], func(v uint64) error {
			for i := 0; i < core.PageSize; i += 8 {
				binary.NativeEndian.PutUint64(b.Mem[i:], v)
			}
			src := b
			if mapped != nil { // from a mapping of another file
				if _, err := mapped.WriteAt(t, b.Mem, idx*core.PageSize); err != nil {
					return err
				}
				src = core.Buffer{Map: mapped, Off: idx * core.PageSize, Len: core.PageSize}
			}
			_, err := w.file.WriteDirect(t, src, idx*core.PageSize)
			return err
		})
	}
}

func (w *threads) storer(cell int64) func(t *core.Task, n int64) error {
	return func(t *core.Task, n int64) error {
		_ = t.Spin(0) // paced: a store in every window, not a thousand
		off := n%threadPages*core.PageSize + cell*8
		return w.write(&w.cell[off/8], func(v uint64) error { return w.m.Store(t, off, v) })
	}
}

func (w *threads) look(v uint64, newest int64) {
	if w.stale(v, newest) {
		w.stales.Add(1)
	}
}

func (w *threads) loader(t *core.Task, n int64) error {
	off := n%threadPages*core.PageSize + n*8%core.PageSize
	newest := w.newest(off)
	v, err := w.m.Load(t, off)
	w.look(v, newest)
	return err
}

// reader reads a cell through the cache, or past it.
func (w *threads) reader(read func(t *core.Task, b core.Buffer, off int64) (int, error)) func(t *core.Task, n int64) error {
	b := core.Buffer{Mem: disk.Block(core.PageSize)}
	return func(t *core.Task, n int64) error {
		idx, at := n%threadPages, n*8%core.PageSize
		newest := w.newest(idx*core.PageSize + at)
		_, err := read(t, b, idx*core.PageSize)
		w.look(binary.NativeEndian.Uint64(b.Mem[at:]), newest)
		return err
	}
}

// quiesce counts the cells that are stale when all is said and done, in each
// of the three views.
func (w *threads) quiesce(t *testing.T, task *core.Task) (lost int) {
	t.Helper()
	if err := w.file.Sync(task); err != nil {
		t.Fatal(err)
	}
	if err := w.file.Evict(task, 0, threadPages*core.PageSize); err != nil {
		t.Fatal(err)
	}
	b := core.Buffer{Mem: disk.Block(threadPages * core.PageSize)}
	for _, read := range []func() (int, error){
		func() (int, error) { return w.file.ReadDirect(task, b, 0) },
		func() (int, error) { return w.file.ReadAt(task, b, 0) },
		func() (int, error) { return w.m.ReadAt(task, b.Mem, 0) },
	} {
		if n, err := read(); n != len(b.Mem) || err != nil {
			t.Fatalf("read %d of %d bytes: %v", n, len(b.Mem), err)
		}
		for off := int64(0); off < int64(len(b.Mem)); off += 8 {
			if w.stale(binary.NativeEndian.Uint64(b.Mem[off:]), w.newest(off)) {
				lost++
			}
		}
	}
	return lost
}

// play has direct writers, one of them from a mapping of another file,
// storers, loaders and readers work on one file for a while.
func play(t *testing.T, p *core.Policy, k mmu.Kind, d time.Duration, open func() disk.Disk) (stale int64, lost int) {
	t.Helper()
	e, g := &core.Model{Policy: p, Tables: k}, sched.NewGroup()
	main := core.NewTask(g.Thread("main"))
	w := &threads{history: &history{ends: make([]atomic.Int64, maxTicks)}, g: g}
	var files []core.File
	var maps []core.Mapping
	for range 2 {
		f, err := e.Open(g, core.Backing{Disk: open()})
		if err != nil {
			t.Fatal(err)
		}
		m, err := f.Map(main, 0, threadPages*core.PageSize)
		if err != nil {
			t.Fatal(err)
		}
		files, maps = append(files, f), append(maps, m)
	}
	w.file, w.m = files[0], maps[0]
	w.run("direct writer", w.directWriter(0, nil))
	w.run("direct writer from a mapping", w.directWriter(2, maps[1]))
	w.run("storer", w.storer(3))
	w.run("other storer", w.storer(77))
	w.run("loader", w.loader)
	w.run("buffered reader", w.reader(w.file.ReadAt))
	w.run("direct reader", w.reader(w.file.ReadDirect))
	w.wait(t, d)
	if err := w.errs.Load(); err != nil {
		t.Fatal(*err)
	}
	for i, name := range w.names {
		t.Logf("%s: %d operations", name, w.done[i].Load())
	}
	lost = w.quiesce(t, main)
	for i, f := range files {
		if err := errors.Join(maps[i].Unmap(main), f.Close(main)); err != nil {
			t.Error(err)
		}
	}
	return w.stales.Load(), lost
}

// wait ends the threads after d, beside a busy garbage collector,
// and reports what they wait for if they do not end.
func (w *threads) wait(t *testing.T, d time.Duration) {
	t.Helper()
	go func() {
		for !w.stop.Load() {
			runtime.GC()
			time.Sleep(time.Millisecond)
		}
	}()
	stop := time.AfterFunc(d, func() { w.stop.Store(true) })
	defer stop.Stop()
	stuck := time.AfterFunc(d+30*time.Second, func() {
		err := fmt.Errorf("the threads do not end; deadlock: %v", w.g.Deadlock())
		w.fail(err)
		w.g.Cancel(err)
	})
	defer stuck.Stop()
	_ = w.g.Wait()
}

func memory() disk.Disk { return disk.NewMemory(threadPages * core.PageSize) }

// TestThreads: real threads, on every MMU: a coherent policy shows nothing
// stale and loses nothing. COHBENCH_STRESS says how long for each.
func TestThreads(t *testing.T) {
	d := 500 * time.Millisecond
	if testing.Short() {
		d = 150 * time.Millisecond
	}
	if s := os.Getenv("COHBENCH_STRESS"); s != "" {
		var err error
		if d, err = time.ParseDuration(s); err != nil {
			t.Fatal(err)
		}
	}
	for _, k := range mmu.Kinds() {
		for _, p := range coherence.All() {
			if !p.Claims.Coherent || !p.Claims.DeadlockFree {
				continue
			}
			t.Run(fmt.Sprintf("%s/%s", k, p.Name), func(t *testing.T) {
				needs(t, k)
				for spent := time.Duration(0); spent < d; spent += time.Second {
					if stale, lost := play(t, p, k, min(d-spent, time.Second), memory); stale > 0 || lost > 0 {
						t.Fatalf("%d stale reads, %d cells lost", stale, lost)
					}
				}
			})
		}
	}
}

// TestThreadsOnFile is TestThreads on a real disk, where it has direct IO.
func TestThreadsOnFile(t *testing.T) {
	dir := t.TempDir()
	n := 0
	file := func() disk.Disk {
		n++
		f, err := disk.Create(filepath.Join(dir, fmt.Sprint(n)), threadPages*core.PageSize)
		if errors.Is(err, errors.ErrUnsupported) {
			t.Skip(err)
		}
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = f.Close() })
		return f
	}
	for _, k := range mmu.Kinds() {
		t.Run(k.String(), func(t *testing.T) {
			needs(t, k)
			if stale, lost := play(t, coherence.AddLock, k, 300*time.Millisecond, file); stale > 0 || lost > 0 {
				t.Errorf("%d stale reads, %d cells lost", stale, lost)
			}
		})
	}
}

// TestThreadsCatchNone: the control is caught, on every MMU.
func TestThreadsCatchNone(t *testing.T) {
	for _, k := range mmu.Kinds() {
		t.Run(k.String(), func(t *testing.T) {
			needs(t, k)
			for range 20 {
				if stale, _ := play(t, coherence.None, k, 50*time.Millisecond, memory); stale > 0 {
					return
				}
			}
			t.Error("no stale read under a policy that invalidates nothing")
		})
	}
}

func needs(t *testing.T, k mmu.Kind) {
	t.Helper()
	if err := k.Probe(); err != nil {
		t.Skip(err)
	}
}
