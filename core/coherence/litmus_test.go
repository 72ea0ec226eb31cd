package coherence_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"testing"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/disk"
	"cohbench/core/mmu"
	"cohbench/core/sched"
)

// A litmus is a few operations on two or three tasks, run on the real paths
// under many random schedules of the deterministic scheduler.
type litmus struct {
	files int // each of 4 pages, its words numbered by oldWord
	tasks []func(w *world, t *core.Task)
	// check runs after all tasks, with everything written back and the cache
	// dropped, and says whether the bad thing happened.
	check func(w *world, t *core.Task) bool
	opts  core.Options
	// budget is how many schedules are tried; default 1,500.
	budget int
}

// world is one run of a litmus.
type world struct {
	files []*core.AddressSpace
	maps  []core.Mapping // each file whole
	errs  []error
	seen  [8]uint64 // what the tasks noted
}

const (
	filePages = 4
	fileSize  = filePages * core.PageSize
)

// oldWord is what a file holds before the test, newWord what writes put there.
func oldWord(off int64) uint64 { return 1<<32 | uint64(off) }
func newWord(off int64) uint64 { return 2<<32 | uint64(off) }

// block is aligned memory with newWord for the bytes [off, off+n).
func block(off, n int64) core.Buffer {
	mem := disk.Block(int(n))
	for i := int64(0); i < n; i += 8 {
		binary.NativeEndian.PutUint64(mem[i:], newWord(off+i))
	}
	return core.Buffer{Mem: mem}
}

func (w *world) note(err error) error {
	if err != nil {
		w.errs = append(w.errs, err)
	}
	return err
}

// word reads one word of a file past its cache.
func (w *world) word(t *core.Task, file int, off int64) uint64 {
	b := core.Buffer{Mem: disk.Block(core.PageSize)}
	if _, err := w.files[file].ReadDirect(t, b, off/core.PageSize*core.PageSize); err != nil {
		panic(err)
	}
	return binary.NativeEndian.Uint64(b.Mem[off%core.PageSize:])
}

// run plays one schedule. It returns whether check held, and why the run ended
// early if it did.
func (l *litmus) run(p *core.Policy, seed uint64) (bad bool, err error, w *world) {
	g := sched.NewDeterm(sched.Config{Picker: sched.Random{Rand: rand.New(rand.NewPCG(seed, 1))}, MaxSteps: 20_000})
	main := core.NewTask(g.Thread("main"))
	w = &world{}
	opts := l.opts
	opts.FileSystem = core.NewFileSystem(0, core.FDMSlots)
	for range max(l.files, 1) {
		d := disk.NewMemory(fileSize)
		mem := disk.Block(fileSize)
		for i := int64(0); i < fileSize; i += 8 {
			binary.NativeEndian.PutUint64(mem[i:], oldWord(i))
		}
		if _, err := d.WriteAt(main.Thread, mem, 0); err != nil {
			panic(err)
		}
		m := core.NewAddressSpace(p, d, mmu.NewSoft(), opts)
		v, err := m.Map(main, 0, fileSize)
		if err != nil {
			panic(err)
		}
		w.files, w.maps = append(w.files, m), append(w.maps, v)
	}
	for i, body := range l.tasks {
		g.Go(fmt.Sprintf("task %d", i), func(t *sched.Thread) { body(w, core.NewTask(t)) })
	}
	if err := g.Wait(); err != nil {
		return false, err, w
	}
	for _, m := range w.files {
		_ = m.Sync(main) // its EIO is not the question here
		_ = m.Evict(main, 0, fileSize)
	}
	return l.check != nil && l.check(w, main), nil, w
}

// outcome counts what many schedules of a litmus gave.
type outcome struct {
	bad, deadlocks, livelocks, runs int
	errs                            map[string]int
	firstBad                        uint64
}

func (l *litmus) explore(t *testing.T, p *core.Policy) outcome {
	t.Helper()
	o := outcome{errs: map[string]int{}}
	budget := l.budget
	if budget == 0 {
		budget = 1500
	}
	for seed := range uint64(budget) {
		bad, err, w := l.run(p, seed)
		o.runs++
		var dead *sched.Deadlock
		var alive *sched.Livelock
		switch {
		case errors.As(err, &dead):
			o.deadlocks++
		case errors.As(err, &alive):
			o.livelocks++
		case err != nil:
			t.Fatalf("seed %d: %v", seed, err)
		case bad:
			if o.bad == 0 {
				o.firstBad = seed
			}
			o.bad++
		}
		for _, err := range w.errs {
			if errors.Is(err, core.ErrFault) {
				o.errs["EFAULT"]++
			} else if !errors.Is(err, sched.ErrCanceled) {
				t.Fatalf("seed %d: unexpected error: %v", seed, err)
			}
		}
	}
	t.Logf("%s: %d bad, %d deadlocks, %d livelocks, errors %v in %d schedules", p.Name, o.bad, o.deadlocks, o.livelocks, o.errs, o.runs)
	return o
}

func eachPolicy(t *testing.T, fn func(t *testing.T, p *core.Policy)) {
	for _, p := range coherence.All() {
		t.Run(p.Name, func(t *testing.T) { fn(t, p) })
	}
}

// TestLostUpdate is the corrupting race: a direct write of a page beside a
// store to one of its cells through a mapping. Every other cell must be new
// afterwards.
func TestLostUpdate(t *testing.T) {
	l := &litmus{
		tasks: []func(*world, *core.Task){
			func(w *world, t *core.Task) {
				_, err := w.files[0].WriteDirect(t, block(0, core.PageSize), 0)
				w.note(err)
			},
			func(w *world, t *core.Task) { w.note(w.maps[0].Store(t, 64, newWord(64))) },
		},
		check: func(w *world, t *core.Task) bool { return w.word(t, 0, 0) != newWord(0) },
	}
	eachPolicy(t, func(t *testing.T, p *core.Policy) {
		requireClaims(t, p, l, p != coherence.DoubleInvalidate && p != coherence.None)
	})
}

// requireClaims explores and wants the bad thing never where clean is set, and
// at least once where it is not.
func requireClaims(t *testing.T, p *core.Policy, l *litmus, clean bool) {
	t.Helper()
	o := l.explore(t, p)
	switch {
	case o.deadlocks+o.livelocks > 0:
		t.Errorf("%d deadlocks, %d livelocks", o.deadlocks, o.livelocks)
	case clean && o.bad > 0:
		t.Errorf("%d of %d schedules were bad, first with seed %d", o.bad, o.runs, o.firstBad)
	case !clean && o.bad == 0:
		t.Errorf("a control looks clean in %d schedules: the test cannot see what it is for", o.runs)
	}
}

// TestStaleAfterWrite: what a load or a buffered read puts back into the cache
// during a direct write must not be there after it.
func TestStaleAfterWrite(t *testing.T) {
	for _, how := range []string{"load", "buffered read"} {
		t.Run(how, func(t *testing.T) {
			l := &litmus{tasks: []func(*world, *core.Task){
				func(w *world, t *core.Task) {
					if _, err := w.files[0].WriteDirect(t, block(0, core.PageSize), 0); w.note(err) == nil {
						w.seen[0], err = w.maps[0].Load(t, 8)
						w.note(err)
					}
				},
				func(w *world, t *core.Task) {
					if how == "load" {
						_, err := w.maps[0].Load(t, 0)
						w.note(err)
						return
					}
					_, err := w.files[0].ReadAt(t, core.Buffer{Mem: make([]byte, 64)}, 0)
					w.note(err)
				},
			}, check: func(w *world, _ *core.Task) bool { return w.seen[0] != newWord(8) }}
			// double-invalidate drops a clean page after the IO, so only the
			// control without any invalidation is caught here.
			eachPolicy(t, func(t *testing.T, p *core.Policy) { requireClaims(t, p, l, p != coherence.None) })
		})
	}
}

// selfBuffer writes page 1 from a mapping of page 2 of the same file.
func selfBuffer(touch bool) *litmus {
	return &litmus{
		budget: 300,
		tasks: []func(*world, *core.Task){func(w *world, t *core.Task) {
			src := int64(2 * core.PageSize)
			if touch {
				_, err := w.maps[0].Load(t, src)
				w.note(err)
			}
			_, err := w.files[0].WriteDirect(t, core.Buffer{Map: w.maps[0], Off: src, Len: core.PageSize}, core.PageSize)
			w.note(err)
		}},
		check: func(w *world, t *core.Task) bool {
			return w.word(t, 0, core.PageSize) != oldWord(2*core.PageSize)
		},
	}
}

// TestSelfBuffer is the recursion dio -> get_user_pages -> fault -> same lock:
// EFAULT with the task context, a deadlock without, and no fault at all when
// the buffer is resident.
func TestSelfBuffer(t *testing.T) {
	eachPolicy(t, func(t *testing.T, p *core.Policy) {
		o := selfBuffer(false).explore(t, p)
		switch {
		case p == coherence.AddLockNoFDM && o.deadlocks != o.runs:
			t.Errorf("%d deadlocks, want one in each schedule", o.deadlocks)
		case p.Context != nil && o.errs["EFAULT"] != o.runs:
			t.Errorf("%d EFAULTs, want one in each schedule", o.errs["EFAULT"])
		case p.Context == nil && p != coherence.AddLockNoFDM && o.bad > 0:
			t.Errorf("wrong contents in %d schedules", o.bad)
		}
		o = selfBuffer(true).explore(t, p)
		if o.bad+o.deadlocks+o.livelocks+len(o.errs) > 0 {
			t.Errorf("with a resident buffer: %+v", o)
		}
	})
}

// ringBuffer writes page 0 of each of n files from a mapping of page 1 of the
// next, all at once.
func ringBuffer(n int) *litmus {
	l := &litmus{files: n}
	for i := range n {
		l.tasks = append(l.tasks, func(w *world, t *core.Task) {
			b := core.Buffer{Map: w.maps[(i+1)%n], Off: core.PageSize, Len: 2 * core.PageSize}
			_, err := w.files[i].WriteDirect(t, b, 0)
			w.note(err)
		})
	}
	l.check = func(w *world, t *core.Task) bool {
		for i := range n {
			if w.word(t, i, 0) != oldWord(core.PageSize) {
				return true
			}
		}
		return false
	}
	return l
}

// TestCrossBuffer: A from a map of B while B is written from a map of A, and
// three files in a ring. Page 1 of each file is source of one write and target
// of the other, so what is copied may be old or new; page 0 of the source is
// not overwritten here, which makes the contents certain.
func TestCrossBuffer(t *testing.T) {
	for _, n := range []int{2, 3} {
		t.Run(fmt.Sprintf("files=%d", n), func(t *testing.T) {
			l := ringBuffer(n)
			l.check = nil
			eachPolicy(t, func(t *testing.T, p *core.Policy) {
				o := l.explore(t, p)
				if p == coherence.AddLockNoFDM {
					if o.deadlocks == 0 {
						t.Error("the control never deadlocked")
					}
				} else if o.deadlocks+o.livelocks+len(o.errs) > 0 {
					t.Errorf("%+v", o)
				}
			})
		})
	}
}

// TestDropReinvalidates: when the fault handler cycled the locks, a page that
// somebody cached meanwhile must go again, with what was just pinned included.
func TestDropReinvalidates(t *testing.T) {
	l := &litmus{
		files:  2,
		budget: 6_000,
		tasks: []func(*world, *core.Task){
			func(w *world, t *core.Task) { // file 1 from a map of file 0: against the order
				_, err := w.files[1].WriteDirect(t, core.Buffer{Map: w.maps[0], Off: core.PageSize, Len: 2 * core.PageSize}, 0)
				w.note(err)
				if err == nil {
					w.seen[0], err = w.maps[1].Load(t, 0)
					w.note(err)
				}
			},
			func(w *world, t *core.Task) { // keeps file 0 blocked
				_, err := w.files[0].WriteDirect(t, block(3*core.PageSize, core.PageSize), 3*core.PageSize)
				w.note(err)
			},
			func(w *world, t *core.Task) { // caches the target meanwhile
				_, err := w.maps[1].Load(t, 0)
				w.note(err)
			},
		},
		check: func(w *world, _ *core.Task) bool { return w.seen[0] != oldWord(core.PageSize) },
	}
	for _, p := range []*core.Policy{coherence.AddLock, coherence.AddLockVFSExtent, coherence.InvalidateLock} {
		t.Run(p.Name, func(t *testing.T) { requireClaims(t, p, l, true) })
	}
}

// TestPinsBusy is the control for "pins are ignored": counted as busy, they
// livelock both coherent families.
func TestPinsBusy(t *testing.T) {
	l := &litmus{
		files: 2,
		tasks: []func(*world, *core.Task){
			func(w *world, t *core.Task) {
				_, err := w.files[0].WriteDirect(t, core.Buffer{Map: w.maps[1], Off: 0, Len: 2 * core.PageSize}, 0)
				w.note(err)
			},
			func(w *world, t *core.Task) {
				_, err := w.files[1].WriteDirect(t, block(0, core.PageSize), 0)
				w.note(err)
			},
		},
	}
	for _, p := range []*core.Policy{coherence.AddLock, coherence.InvalidateLock} {
		t.Run(p.Name, func(t *testing.T) {
			requireClaims(t, p, l, true)
			busy := *l
			busy.opts.PinsBusy = true
			if o := busy.explore(t, p); o.livelocks == 0 {
				t.Error("with pins as EBUSY: no livelock found")
			}
		})
	}
}

// TestDirtyAfterCopy is the control for "dirty before the data is visible":
// in the kernel's order, a direct read misses what a buffered read has seen.
func TestDirtyAfterCopy(t *testing.T) {
	l := &litmus{
		budget: 3_000,
		tasks: []func(*world, *core.Task){
			func(w *world, t *core.Task) { _, err := w.files[0].WriteAt(t, block(0, 64), 0); w.note(err) },
			func(w *world, t *core.Task) {
				b := core.Buffer{Mem: make([]byte, 64)}
				_, err := w.files[0].ReadAt(t, b, 0)
				w.note(err)
				w.seen[0] = binary.NativeEndian.Uint64(b.Mem)
				w.seen[1] = w.word(t, 0, 0)
			},
		},
		check: func(w *world, _ *core.Task) bool { return w.seen[0] == newWord(0) && w.seen[1] == oldWord(0) },
	}
	// The page must be resident, else the read cannot see the copy early.
	warm := *l
	warm.tasks = append([]func(*world, *core.Task){}, l.tasks...)
	warm.tasks[0] = func(w *world, t *core.Task) {
		_, err := w.maps[0].Load(t, 0)
		w.note(err)
		l.tasks[0](w, t)
	}
	requireClaims(t, coherence.AddLockVFSExtent, &warm, true)
	warm.opts.DirtyAfterCopy = true
	requireClaims(t, coherence.AddLockVFSExtent, &warm, false)
}

// TestTruncateFault: a load beside a truncate sees the old word or fails; it
// never leaves a page in the cache that the next extension shows again.
func TestTruncateFault(t *testing.T) {
	l := &litmus{
		tasks: []func(*world, *core.Task){
			func(w *world, t *core.Task) {
				w.note(w.files[0].Truncate(t, core.PageSize))
				w.note(w.files[0].Truncate(t, fileSize))
			},
			func(w *world, t *core.Task) {
				if _, err := w.maps[0].Load(t, 2*core.PageSize); err != nil && !errors.Is(err, core.ErrBeyondEOF) {
					w.note(err)
				}
			},
			func(w *world, t *core.Task) {
				if _, err := w.files[0].WriteDirect(t, block(0, core.PageSize), 0); err != nil {
					w.note(err)
				}
			},
		},
		check: func(w *world, t *core.Task) bool {
			return w.word(t, 0, 2*core.PageSize) != 0 || w.word(t, 0, 0) != newWord(0)
		},
	}
	eachPolicy(t, func(t *testing.T, p *core.Policy) { requireClaims(t, p, l, true) })
}
