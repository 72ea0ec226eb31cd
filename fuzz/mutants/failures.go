package mutants

import (
	"errors"
	"fmt"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/disk"
	"cohbench/core/mmu"
	"cohbench/core/sched"
)

// failure is operations of one task, alone, and what must come of them, most
// often when something under them fails.
type failure struct {
	name string
	a, b []disk.Rule             // of the disks of the files
	only func(*core.Policy) bool // nil: on all
	// install is set if no translation can be installed in file A.
	install error
	run     func(x *scene) error
}

// scene is two files of two pages, mapped whole, and a task.
type scene struct {
	a, b   *core.AddressSpace
	ma, mb core.Mapping
	t      *core.Task
}

const scenePages = 2

func page() core.Buffer { return core.Buffer{Mem: disk.Block(core.PageSize)} }

func invalidates(p *core.Policy) bool { return p.Before != core.InvalidateNever }

func nofault(p *core.Policy) bool { return p.Pin == core.PinNoFault }

func once(op disk.Op) []disk.Rule { return []disk.Rule{{Ops: op, Count: 1}} }

var errNoTranslation = errors.New("no translation")

// failureCases is what is tried on each policy that a case is for.
var failureCases = []failure{
	{name: "a page that could not be read is the next one's to read", a: once(disk.OpRead), run: func(x *scene) error {
		_, err := x.a.ReadAt(x.t, page(), 0)
		_, again := x.a.ReadAt(x.t, page(), 0)
		return all(isEIO(err), isNil(again))
	}},
	{name: "no translation", install: errNoTranslation, run: func(x *scene) error {
		_, err := x.ma.Load(x.t, 0)
		_, again := x.a.ReadAt(x.t, page(), 0)
		if !errors.Is(err, errNoTranslation) {
			return fmt.Errorf("a load returned %w", err)
		}
		return isNil(again)
	}},
	{name: "write-back fails under a direct read", a: once(disk.OpWrite), only: func(p *core.Policy) bool { return p.FlushReads }, run: func(x *scene) error {
		_, err := x.a.WriteAt(x.t, page(), 0)
		_, read := x.a.ReadDirect(x.t, page(), 0)
		return all(isNil(err), isEIO(read), isEIO(x.a.Sync(x.t)), isNil(x.a.Sync(x.t)))
	}},
	{name: "write-back fails under a direct write", a: once(disk.OpWrite), only: invalidates, run: func(x *scene) error {
		_, err := x.a.WriteAt(x.t, page(), 0)
		n, direct := x.a.WriteDirect(x.t, page(), 0)
		return all(isNil(err), isEIO(direct), moved(n, 0), isEIO(x.a.Sync(x.t)))
	}},
	{name: "write-back fails under a direct write from a mapping", a: once(disk.OpWrite), only: invalidates, run: func(x *scene) error {
		_, err := x.a.WriteAt(x.t, page(), 0)
		n, direct := x.a.WriteDirect(x.t, core.Buffer{Map: x.mb, Len: core.PageSize}, 0)
		return all(isNil(err), isEIO(direct), moved(n, 0), isEIO(x.a.Sync(x.t)))
	}},
	{name: "the disk cannot sync", a: once(disk.OpSync), run: func(x *scene) error {
		return all(isEIO(x.a.Sync(x.t)), isNil(x.a.Sync(x.t)))
	}},
	{name: "a direct write that fails has invalidated", a: once(disk.OpWrite), only: invalidates, run: func(x *scene) error {
		_, err := x.a.ReadAt(x.t, page(), 0)
		n, direct := x.a.WriteDirect(x.t, page(), 0)
		return all(isNil(err), isEIO(direct), moved(n, 0), x.uncached())
	}},
	{name: "a direct write alone leaves no error", run: func(x *scene) error {
		_, read := x.a.ReadAt(x.t, page(), 0)
		n, err := x.a.WriteDirect(x.t, page(), 0)
		return all(isNil(read), isNil(err), moved(n, core.PageSize), isNil(x.a.Sync(x.t)))
	}},
	{name: "a direct write through the cache is on the disk, and leaves no page", only: nofault, run: func(x *scene) error {
		n, err := x.a.WriteDirect(x.t, core.Buffer{Map: x.ma, Len: core.PageSize}, 0)
		return all(isNil(err), moved(n, core.PageSize), x.uncached())
	}},
	{name: "a direct write through the cache fails", a: once(disk.OpWrite), only: nofault, run: func(x *scene) error {
		n, err := x.a.WriteDirect(x.t, core.Buffer{Map: x.ma, Len: core.PageSize}, 0)
		return all(isEIO(err), moved(n, core.PageSize))
	}},
	{name: "a direct write through the cache is short, and says why", only: nofault,
		a: []disk.Rule{{Ops: disk.OpRead, Off: core.PageSize, Len: core.PageSize, After: 1, Count: 1}}, run: func(x *scene) error {
			n, err := x.a.WriteDirect(x.t, core.Buffer{Map: x.ma, Len: scenePages * core.PageSize}, 0)
			return all(isEIO(err), moved(n, core.PageSize))
		}},
	{name: "what is behind the end reads as zeros", run: func(x *scene) error {
		err := all(isNil(x.ma.Store(x.t, 1024, 1)), isNil(x.a.Truncate(x.t, 512)))
		word, load := x.ma.Load(x.t, 1024)
		if word != 0 {
			return errors.New("what was cut off is behind the end")
		}
		return all(err, isNil(load))
	}},
	{name: "what a mapping has stored behind the end does not come back", run: func(x *scene) error { return x.grow(x.a.WriteAt) }},
	{name: "nor does it beside a direct write", run: func(x *scene) error { return x.grow(x.a.WriteDirect) }},
	{name: "the buffer cannot be read", b: once(disk.OpRead), run: func(x *scene) error {
		n, err := x.a.WriteDirect(x.t, core.Buffer{Map: x.mb, Len: core.PageSize}, 0)
		return all(isEIO(err), moved(n, 0))
	}},
}

// grow stores behind the end of file A, makes it longer by a write, and looks
// for what was stored.
func (x *scene) grow(write func(*core.Task, core.Buffer, int64) (int, error)) error {
	err := all(isNil(x.a.Truncate(x.t, 512)), isNil(x.ma.Store(x.t, 1024, 1)))
	_, wrote := write(x.t, page(), core.PageSize)
	word, load := x.ma.Load(x.t, 1024)
	if word != 0 {
		return errors.New("what was behind the end is in the file")
	}
	return all(err, isNil(wrote), isNil(load))
}

func isNil(err error) error {
	if err != nil {
		return fmt.Errorf("failed: %w", err)
	}
	return nil
}

func isEIO(err error) error {
	if !errors.Is(err, core.ErrIO) {
		return fmt.Errorf("EIO is not told: %v", err)
	}
	return nil
}

func moved(n, want int) error {
	if n != want {
		return fmt.Errorf("%d bytes moved, not %d", n, want)
	}
	return nil
}

// uncached is an error if the first page of file A is in the cache.
func (x *scene) uncached() error {
	if x.a.Inspect(0).Cached {
		return errors.New("a page is left in the cache")
	}
	return nil
}

// all is the first error.
func all(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// failures tries the cases.
func (h *hunt) failures() *Catch {
	for _, p := range coherence.All() {
		for i := range failureCases {
			f := &failureCases[i]
			if f.only != nil && !f.only(p) {
				continue
			}
			h.notice("faults", p.Name, nil)
			h.runs++
			if err := f.play(p); err != nil {
				return &Catch{By: "faults", Engine: p.Name, Kind: fmt.Sprintf("%s: %v", f.name, err), Runs: h.runs}
			}
		}
	}
	return nil
}

// play runs a case under a scheduler, so that one who waits for himself is seen
// to, and looks for what is left behind.
func (f *failure) play(p *core.Policy) error {
	g := sched.NewDeterm(sched.Config{Picker: only{}, MaxSteps: 10_000})
	x := &scene{}
	var fs *core.FileSystem
	if p.FileSystem != nil {
		fs = p.FileSystem()
	}
	x.a = core.NewAddressSpace(p, disk.NewFaulty(disk.NewMemoryAt(0, scenePages*core.PageSize), f.a...), memory(f.install), core.Options{FileSystem: fs})
	x.b = core.NewAddressSpace(p, disk.NewFaulty(disk.NewMemoryAt(1, scenePages*core.PageSize), f.b...), mmu.NewSoft(), core.Options{FileSystem: fs})
	var err error
	g.Go("alone", func(t *sched.Thread) {
		x.t = core.NewTask(t)
		err = all(x.begin(), f.run(x))
	})
	ended := g.Wait()
	return all(ended, err, x.left())
}

func (x *scene) begin() (err error) {
	x.ma, err = x.a.Map(x.t, 0, scenePages*core.PageSize)
	if err == nil {
		x.mb, err = x.b.Map(x.t, 0, scenePages*core.PageSize)
	}
	return err
}

// left is an error if the task has kept something.
func (x *scene) left() error {
	if held := x.t.Held(); len(held) > 0 {
		return fmt.Errorf("keeps %v (%v)", held[0].Object, held[0].Mode)
	}
	for _, m := range []*core.AddressSpace{x.a, x.b} {
		if what := m.Leaked(); what != "" {
			return errors.New("leaks " + what)
		}
	}
	return nil
}

// only picks the one that there is.
type only struct{}

func (only) Pick(runnable []*sched.Thread, _ *sched.Thread, _ sched.Loc, _ sched.Kind) *sched.Thread {
	return runnable[0]
}

// memory is page tables in software, in which no translation can be installed
// if err is set.
func memory(err error) mmu.Memory {
	if err == nil {
		return mmu.NewSoft()
	}
	return refusing{mmu.NewSoft(), err}
}

type refusing struct {
	*mmu.Soft
	err error
}

// NewVMA implements mmu.Memory.
func (m refusing) NewVMA(t *sched.Thread, first, n int64, h mmu.Handler) (mmu.VMA, error) {
	v, err := m.Soft.NewVMA(t, first, n, h)
	return refusingVMA{v, m.err}, err
}

type refusingVMA struct {
	mmu.VMA
	err error
}

// Install implements mmu.VMA.
func (v refusingVMA) Install(int64, *mmu.Frame, bool) error { return v.err }
