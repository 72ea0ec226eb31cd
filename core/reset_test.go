package core_test

import (
	"errors"
	"math/rand/v2"
	"testing"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/disk"
	"cohbench/core/mmu"
	"cohbench/core/sched"
)

// resetWorld is two files of four pages which one case after another uses.
type resetWorld struct {
	image []byte
	disks [2]*disk.Memory
	files [2]*core.AddressSpace
	maps  [2]core.Mapping
	fs    *core.FileSystem
}

func newResetWorld(t *testing.T, p *core.Policy) *resetWorld {
	w := &resetWorld{image: make([]byte, 4*core.PageSize)}
	w.fs = core.NewFileSystem(0, core.FDMSlots)
	main := core.NewTask(sched.NewGroup().Thread("main"))
	for i := range w.files {
		w.disks[i] = disk.NewMemoryAt(i, int64(len(w.image)))
		w.files[i] = core.NewAddressSpace(p, w.disks[i], mmu.NewSoft(), core.Options{FileSystem: w.fs})
		w.files[i].Number(uint64(i + 1))
		var err error
		if w.maps[i], err = w.files[i].Map(main, 0, int64(len(w.image))); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// run has each file written directly from a mapping of the other beside a
// store, after a reset, and returns every step and the error.
func (w *resetWorld) run(t *testing.T, seed uint64, maxSteps int64) (trace []sched.Loc, err error) {
	for i, m := range w.files {
		w.disks[i].Load(w.image)
		if err := m.Reset(core.Options{}); err != nil {
			t.Fatal(err)
		}
	}
	picker := &tracer{Random: sched.Random{Rand: rand.New(rand.NewPCG(seed, 2))}}
	g := sched.NewDeterm(sched.Config{Picker: picker, MaxSteps: maxSteps})
	for i := range w.files {
		g.Go("writer", func(th *sched.Thread) {
			b := core.Buffer{Map: w.maps[1-i], Off: core.PageSize, Len: 2 * core.PageSize}
			_, _ = w.files[i].WriteDirect(core.NewTask(th), b, 0) // fails when the case is cut short
		})
	}
	g.Go("storer", func(th *sched.Thread) { _ = w.maps[0].Store(core.NewTask(th), 64, 1) })
	err = g.Wait()
	return picker.locs, err
}

type tracer struct {
	sched.Random
	locs []sched.Loc
}

func (p *tracer) Pick(runnable []*sched.Thread, current *sched.Thread, loc sched.Loc, kind sched.Kind) *sched.Thread {
	p.locs = append(p.locs, loc)
	return p.Random.Pick(runnable, current, loc, kind)
}

// TestResetForgets: after a case that was cut short or deadlocked, with locks
// held and pages pinned, the next one takes the very steps that it takes in a
// fresh world, and each of its locations has a name.
func TestResetForgets(t *testing.T) {
	for _, p := range coherence.All() {
		t.Run(p.Name, func(t *testing.T) {
			used := newResetWorld(t, p)
			for seed := range uint64(40) {
				_, _ = used.run(t, seed+1000, int64(20+3*seed))
				got, gotErr := used.run(t, seed, 5_000)
				fresh := newResetWorld(t, p)
				want, wantErr := fresh.run(t, seed, 5_000)
				if len(got) != len(want) || (gotErr == nil) != (wantErr == nil) {
					t.Fatalf("seed %d: %d steps and %v after a reset, %d and %v in a fresh world", seed, len(got), gotErr, len(want), wantErr)
				}
				for i := range got {
					if got[i] != want[i] {
						t.Fatalf("seed %d: step %d is about %x, in a fresh world %x", seed, i, got[i], want[i])
					}
					if !used.named(got[i]) {
						t.Fatalf("seed %d: step %d is about %x, which has no name", seed, i, got[i])
					}
				}
			}
		})
	}
}

func (w *resetWorld) named(loc sched.Loc) bool {
	for i, m := range w.files {
		_, file := m.NameLoc(loc)
		_, sector := w.disks[i].NameLoc(loc)
		if file || sector {
			return true
		}
	}
	_, shared := w.fs.NameLoc(loc)
	return shared || loc == sched.LocLocal
}

// TestResetDoesNotAllocate, once everything is there.
func TestResetDoesNotAllocate(t *testing.T) {
	w := newResetWorld(t, coherence.AddLock)
	if _, err := w.run(t, 1, 5_000); err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(20, func() { _ = w.files[0].Reset(core.Options{}) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

// fixedMemory is an MMU that cannot be emptied.
type fixedMemory struct{ mmu.Memory }

func TestResetRefused(t *testing.T) {
	m := core.NewAddressSpace(coherence.AddLock, disk.NewMemory(0), fixedMemory{mmu.NewSoft()}, core.Options{})
	if err := m.Reset(core.Options{}); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("%v, want unsupported", err)
	}
}
