package exec

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"

	"cohbench/core"
	"cohbench/core/disk"
	"cohbench/core/sched"
	"cohbench/fuzz/prog"
)

// Live runs programs on real threads, on any engine: the running kernel as well
// as a model. No schedule can be chosen, nor seen: a run is a try. Options of a
// program are those of the model's exploration and do not count here. What never
// returns hangs the run, but for what Watch finds.
type Live struct {
	Engine core.Engine
	// Backings are the files, as many as programs have. What is in them is lost.
	Backings []core.Backing
	// Director, if there is one, has a say in when operations begin.
	Director Director
	// Watch, if there is one, is called beside each run, and returns when over is
	// closed. It may cancel the group, with a *sched.Deadlock as the cause or, for
	// what gets nowhere, any other.
	Watch func(g *sched.Group, over <-chan struct{})

	files files
	plan  plan
	judge judge
	res   Result
}

// A Director is told of the operations of live runs, by the threads that perform
// them.
type Director interface {
	// Begin returns when the operation may begin, with the memory that it is to
	// use: mem, or for a write some that holds the same.
	Begin(o OpRef, mem []byte) []byte
	// End is called when the operation has returned.
	End(o OpRef)
}

// Run runs p once, with all tasks released at the same moment, and judges what
// happened as a Runner does. The result is valid until the next run.
func (v *Live) Run(p *prog.Program) *Result {
	v.res = Result{Findings: v.res.Findings[:0], Regs: v.res.Regs[:0], plan: &v.plan}
	if p != v.plan.p {
		v.plan.fine = true
		v.plan.load(p)
	}
	v.plan.clear()
	g := sched.NewGroup()
	t := core.NewTask(g.Thread("main"))
	stop := v.watch(g)
	err := v.open(g, t)
	if err == nil {
		v.race(g)
		err = errors.Join(g.Wait(), v.files.look(&v.plan, t, &v.res))
	}
	stop()
	err = errors.Join(err, v.close(t))
	switch cause := g.Err(); {
	case cause != nil: // then everything fails
		v.cut(cause)
	case err != nil:
		v.res.Err = fmt.Errorf("run %s on %s: %w", p.Name, v.Engine.Name(), err)
	default:
		v.judge.judge(&v.plan, &v.res, true)
	}
	return &v.res
}

// watch begins to watch.
func (v *Live) watch(g *sched.Group) (stop func()) {
	if v.Watch == nil {
		return func() {}
	}
	over, ended := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		v.Watch(g, over)
	}()
	return func() { close(over); <-ended }
}

// cut is the result of a run that was cancelled.
func (v *Live) cut(cause error) {
	v.res.Found = prog.Livelock
	if errors.As(cause, &v.res.Deadlock) {
		v.res.Found = prog.Deadlock
	}
	v.res.Findings = v.res.Findings[:0]
	v.res.holds = v.res.wanted(v.plan.p)
}

// race runs the tasks.
func (v *Live) race(g *sched.Group) {
	var ready sync.WaitGroup
	start := make(chan struct{})
	for i := range v.plan.p.Tasks {
		ready.Add(1)
		g.Go(v.plan.p.Tasks[i].Name, func(th *sched.Thread) {
			t := core.NewTask(th)
			ready.Done()
			<-start
			v.perform(t, i)
		})
	}
	ready.Wait()
	close(start)
}

// perform performs the operations of task i.
func (v *Live) perform(t *core.Task, i int) {
	if v.Director == nil {
		v.files.run(t, v.plan.tasks[i], v.plan.p.Tasks)
		return
	}
	for k := range v.plan.tasks[i] {
		v.direct(t, OpRef{i, k})
	}
}

// direct performs one operation when the director wants it.
func (v *Live) direct(t *core.Task, o OpRef) {
	s := v.plan.tasks[o.Task][o.Op : o.Op+1]
	mem := s[0].mem
	s[0].mem = v.Director.Begin(o, mem)
	defer v.Director.End(o)
	defer func() { s[0].mem = mem }()
	v.files.run(t, s, v.plan.p.Tasks)
}

// open opens the files, gives them their contents and maps them.
func (v *Live) open(g *sched.Group, t *core.Task) error {
	p := v.plan.p
	if t, i, ok := p.UnmapsShared(); ok {
		return &core.UnsupportedError{Feature: "unmapping what another thread uses (" + v.plan.opName(OpRef{t, i}) + ")",
			Why: "on real threads the address may belong to something else by then"}
	}
	if len(p.Files) > len(v.Backings) {
		return fmt.Errorf("%d files: there are backings for %d", len(p.Files), len(v.Backings))
	}
	v.files.open, v.files.maps = v.files.open[:0], nil
	v.files.tick.Store(0)
	for i := range p.Files {
		f, err := v.Engine.Open(g, v.Backings[i])
		if err != nil {
			return err
		}
		v.files.open = append(v.files.open, f)
		if err := v.contents(t, i); err != nil {
			return fmt.Errorf("prepare file %s: %w", p.Files[i].Name, err)
		}
	}
	for mm := range p.Tasks {
		slots, err := v.mapAll(t, mm)
		if err != nil {
			return err
		}
		v.files.maps = append(v.files.maps, slots)
	}
	return nil
}

// mapAll maps what an address space uses, and nothing else: an engine may have
// no mappings.
func (v *Live) mapAll(t *core.Task, mm int) ([]*mapping, error) {
	var slots []*mapping
	for f := range v.plan.p.Files {
		slot := &mapping{span: v.plan.span[f]}
		slots = append(slots, slot)
		if !v.plan.uses(mm, f) {
			continue
		}
		m, err := v.files.open[f].Map(t, 0, slot.span)
		if err != nil {
			return nil, fmt.Errorf("map file %s: %w", v.plan.p.Files[f].Name, err)
		}
		slot.now.Store(&m)
	}
	return slots, nil
}

// contents makes file i what the program wants it to be before the tasks begin.
func (v *Live) contents(t *core.Task, i int) error {
	f, p := v.files.open[i], &v.plan.p.Files[i]
	if err := errors.Join(f.Truncate(t, 0), f.Truncate(t, p.Size)); err != nil {
		return err
	}
	for page := range p.Pages() {
		if p.InHole(page) {
			continue
		}
		if err := v.page(t, i, page, func(c *cell) uint64 { return c.older }); err != nil {
			return err
		}
	}
	if err := errors.Join(f.Sync(t), f.Evict(t, 0, p.Size)); err != nil {
		return err
	}
	for _, page := range p.Resident {
		if _, err := f.ReadAt(t, core.Buffer{Mem: disk.Block(cellSize)}, page*prog.PageSize); err != nil {
			return err
		}
	}
	for _, page := range p.Dirty {
		if err := v.page(t, i, page, func(c *cell) uint64 { return c.init }); err != nil {
			return err
		}
	}
	return nil
}

// page writes one page of file i through the cache.
func (v *Live) page(t *core.Task, i int, page int64, word func(*cell) uint64) error {
	off := page * prog.PageSize
	mem := disk.Block(int(min(prog.PageSize, v.plan.p.Files[i].Size-off)))
	cells := v.plan.cellsOf(i, off, int64(len(mem)))
	for k := range cells {
		binary.NativeEndian.PutUint64(mem[cells[k].cell*cellSize-off:], word(&cells[k]))
	}
	_, err := v.files.open[i].WriteAt(t, core.Buffer{Mem: mem}, off)
	return err
}

// close removes the mappings and closes the files. Errors that mean something
// have been found by then.
func (v *Live) close(t *core.Task) error {
	var all error
	for _, slots := range v.files.maps {
		for _, slot := range slots {
			if m := slot.now.Swap(nil); m != nil {
				all = errors.Join(all, (*m).Unmap(t))
			}
		}
	}
	for _, f := range v.files.open {
		all = errors.Join(all, f.Close(t))
	}
	v.files.open, v.files.maps = v.files.open[:0], nil
	return all
}
