package sched

import (
	"errors"
	"fmt"
	"iter"
	"runtime/debug"
	"slices"
)

// ErrSteps is the cause for which a deterministic group is cancelled when it
// has not ended within its steps: a livelock, or too small a bound.
var ErrSteps = errors.New("out of steps")

// PanicError is a panic in a thread of a deterministic group.
type PanicError struct {
	Thread *Thread
	Value  any
	Stack  []byte // of the thread; it is gone once its coroutine has ended
}

func (e *PanicError) Error() string { return fmt.Sprintf("panic in %s: %v", e.Thread.Name, e.Value) }

// Config describes a deterministic run.
type Config struct {
	Picker    Picker // required
	MaxSteps  int64  // yield points before the group is cancelled; default 1<<20
	NsPerStep int64  // what Now advances by at each; default 1
}

// Determ is the deterministic Controller: the threads are coroutines, one of
// them runs at a time, on the goroutine that calls Wait, and at every yield
// point the picker chooses who goes on. Nothing can run and somebody has not
// ended: that is a deadlock, for which the group is cancelled, so that
// everybody unwinds. The same choices give the same run.
type Determ struct {
	cfg      Config
	group    *Group
	runnable []*Thread // by ID
	tasks    []*task
	live     int     // tasks that have not ended
	next     *Thread // whom Wait resumes
	steps    int64
	stopping bool
}

// task is the coroutine of a thread.
type task struct {
	resume func() (struct{}, bool)
	stop   func()
	yield  func(struct{}) bool
	ended  bool
}

// stopped is the panic that unwinds a coroutine which is not wanted any more.
type stopped struct{}

// NewDeterm makes a deterministic group; its threads start when Wait is
// called. Threads of Group.Thread, which the caller runs itself, work before
// and after; they cannot wait for anybody.
func NewDeterm(cfg Config) *Group {
	if cfg.MaxSteps == 0 {
		cfg.MaxSteps = 1 << 20
	}
	if cfg.NsPerStep == 0 {
		cfg.NsPerStep = 1
	}
	d := &Determ{cfg: cfg}
	d.group = NewControlledGroup(d)
	return d.group
}

// Go implements Controller.
func (d *Determ) Go(t *Thread, fn func(t *Thread)) {
	k := &task{}
	t.task = k
	k.resume, k.stop = iter.Pull(func(yield func(struct{}) bool) {
		k.yield = yield
		defer d.end(t)
		fn(t)
	})
	d.tasks = append(d.tasks, k)
	d.live++
	d.Ready(t)
}

// end runs last in a coroutine, however its function ended.
func (d *Determ) end(t *Thread) {
	switch r := recover(); r {
	case nil, stopped{}:
	default:
		d.group.Cancel(&PanicError{t, r, debug.Stack()})
	}
	t.task.ended = true
	d.live--
	d.drop(t)
}

// Wait implements Controller.
func (d *Determ) Wait() {
	defer d.stop()
	for d.live > 0 && !d.stopping {
		if d.next == nil {
			d.next = d.force()
		}
		t := d.next
		d.next = nil
		t.task.resume()
	}
}

// force picks somebody when the thread that ran cannot go on.
func (d *Determ) force() *Thread {
	if len(d.runnable) == 0 {
		d.group.Cancel(d.deadlock())
	}
	return d.pick(nil, LocLocal, KindNone)
}

func (d *Determ) pick(current *Thread, loc Loc, kind Kind) *Thread {
	return d.cfg.Picker.Pick(d.runnable, current, loc, kind)
}

// deadlock reports everybody who is parked.
func (d *Determ) deadlock() *Deadlock {
	s := d.group.sleepers()
	s.waits()
	return s.report()
}

// stop unwinds the coroutines that have not ended, so that none is left.
func (d *Determ) stop() {
	d.stopping = true
	for _, k := range d.tasks {
		k.stop()
	}
	d.tasks, d.runnable = nil, nil
	d.stopping = false
}

// Yield implements Controller. It decides in place, and switches only when
// another thread is chosen.
func (d *Determ) Yield(t *Thread, loc Loc, kind Kind) {
	d.steps++
	if t.task == nil {
		return
	}
	if d.steps > d.cfg.MaxSteps || d.stopping {
		d.overrun()
	}
	t.pending, t.pendingOf = loc, kind
	if next := d.pick(t, loc, kind); next != t {
		d.next = next
		d.leave(t)
	}
}

// overrun cancels the group, and if that does not end it, gives it up.
func (d *Determ) overrun() {
	d.group.Cancel(ErrSteps)
	if d.steps > 2*d.cfg.MaxSteps || d.stopping {
		d.stopping = true
		panic(stopped{})
	}
}

// leave gives control back to Wait until t is resumed.
func (d *Determ) leave(t *Thread) {
	if d.stopping || !t.task.yield(struct{}{}) {
		panic(stopped{})
	}
}

// Park implements Controller.
func (d *Determ) Park(t *Thread) {
	if t.task == nil {
		// Nobody else runs before this thread returns.
		d.group.Cancel(d.deadlock())
		return
	}
	d.drop(t)
	t.pending, t.pendingOf = LocLocal, KindNone
	d.leave(t)
}

// Ready implements Controller.
func (d *Determ) Ready(t *Thread) {
	if t.task == nil {
		return
	}
	if i, found := d.find(t); !found {
		d.runnable = slices.Insert(d.runnable, i, t)
	}
}

func (d *Determ) drop(t *Thread) {
	if i, found := d.find(t); found {
		d.runnable = slices.Delete(d.runnable, i, i+1)
	}
}

func (d *Determ) find(t *Thread) (int, bool) {
	for i, r := range d.runnable {
		if r.ID >= t.ID {
			return i, r == t
		}
	}
	return len(d.runnable), false
}

// Now implements Controller: steps, as nanoseconds of Config.NsPerStep.
func (d *Determ) Now() int64 { return d.steps * d.cfg.NsPerStep }
