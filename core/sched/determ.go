package sched

import (
	"errors"
	"slices"
)

// ErrSteps is the cause for which a deterministic group is cancelled when it
// has not ended within its steps, although it is no Livelock.
var ErrSteps = errors.New("out of steps")

// ErrAbandoned is the cause for which it is cancelled when its picker picked
// nobody.
var ErrAbandoned = errors.New("abandoned")

var abandoned = &CanceledError{ErrAbandoned}

// Config describes a deterministic run.
type Config struct {
	Picker    Picker // required
	MaxSteps  int64  // yield points before the group is cancelled; default 1<<20
	NsPerStep int64  // what Now advances by at each; default 1
	// Patience is how many rounds in which everybody who runs has spun, and
	// nobody got on, make a Livelock; default 32.
	Patience int
	Record   bool // keep a Trace
}

// Determ is the deterministic Controller: the threads are coroutines, one of
// them runs at a time, on the goroutine that calls Wait, and at every yield
// point the picker chooses who goes on. Nothing can run and somebody has not
// ended: that is a deadlock, for which the group is cancelled, so that
// everybody unwinds. The same choices give the same run.
//
// It runs one case after another: Reset, Group.Go, Group.Wait, Reset, and so
// on; the threads and their coroutines are kept, so that a case makes nothing
// anew. Close ends the coroutines. The zero value is ready for Reset.
type Determ struct {
	cfg      Config
	group    *Group
	runnable []*Thread // whom the picker may pick, by ID
	aside    []*Thread // those who spin and let others go first
	tasks    []*task   // of this case
	live     int       // tasks that have not ended
	next     *Thread   // whom Wait resumes
	steps    int64
	limit    int64 // of steps; less than 0: everybody is to unwind
	rounds   int   // since somebody got on
	epoch    int   // number of times that somebody got on
	trace    []Step
	watcher  Watcher
	over     bool // the end is known: everybody unwinds, in no particular order
	once     bool // Wait closes
}

// NewDeterm makes a deterministic group for one case; its threads start when
// Wait is called. Threads of Group.Thread, which the caller runs itself, work
// before and after; they cannot wait for anybody.
func NewDeterm(cfg Config) *Group {
	d := &Determ{once: true}
	return d.Reset(cfg)
}

// Reset forgets the last case and returns the group, without threads, for the
// next one. It is the same group each time, and its threads are the same in
// the order of their creation.
func (d *Determ) Reset(cfg Config) *Group {
	if cfg.MaxSteps == 0 {
		cfg.MaxSteps = 1 << 20
	}
	if cfg.NsPerStep == 0 {
		cfg.NsPerStep = 1
	}
	if cfg.Patience == 0 {
		cfg.Patience = 32
	}
	d.cfg, d.limit = cfg, cfg.MaxSteps
	d.watcher, _ = cfg.Picker.(Watcher)
	d.steps, d.rounds, d.epoch, d.live, d.next, d.over = 0, 0, 0, 0, nil, false
	d.runnable, d.aside, d.tasks, d.trace = d.runnable[:0], d.aside[:0], d.tasks[:0], d.trace[:0]
	if d.group == nil {
		d.group = NewControlledGroup(d)
	}
	d.group.reset()
	return d.group
}

// Close ends the coroutines. Preconditions: no case is under way.
func (d *Determ) Close() {
	if d.group == nil {
		return
	}
	d.group.discard(func(t *Thread) {
		if t.idle != nil {
			t.idle.stop()
			t.idle = nil
		}
	})
}

// Steps is how many yield points the case has passed so far.
func (d *Determ) Steps() int64 { return d.steps }

// Go implements Controller.
func (d *Determ) Go(t *Thread, fn func(t *Thread)) {
	t.begin(fn)
	d.tasks = append(d.tasks, t.task)
	d.live++
	d.Ready(t)
}

// Wait implements Controller.
func (d *Determ) Wait() {
	defer d.stop()
	for d.live > 0 && d.limit >= 0 {
		t := d.next
		if t == nil {
			t = d.force()
		}
		if d.next = nil; t != nil {
			t.task.resume()
		}
	}
}

// force picks somebody when the thread that ran cannot go on.
func (d *Determ) force() *Thread {
	if len(d.aside) > 0 {
		d.readmit(nil)
	}
	if len(d.runnable) == 0 {
		d.cancel(d.deadlock())
	}
	return d.pick(nil, LocLocal, KindNone)
}

// cancel ends the case for a reason of its own.
func (d *Determ) cancel(cause error) {
	d.over = true
	d.group.Cancel(cause)
}

// pick asks the picker, and keeps its choice in the trace.
func (d *Determ) pick(current *Thread, loc Loc, kind Kind) *Thread {
	if d.over {
		return usual(d.runnable, current)
	}
	t := d.cfg.Picker.Pick(d.runnable, current, loc, kind)
	if t == nil {
		d.group.cancel.CompareAndSwap(nil, abandoned)
		d.limit = -1
	} else if d.cfg.Record {
		d.trace = append(d.trace, Step{t.pending, int32(t.ID), t.pendingOf, false})
	}
	return t
}

// deadlock reports everybody who is parked.
func (d *Determ) deadlock() *Deadlock {
	s := d.group.sleepers()
	s.waits()
	return s.report()
}

// stop unwinds the coroutines that have not ended.
func (d *Determ) stop() {
	d.limit = -1
	for i := 0; i < len(d.tasks); i++ {
		d.tasks[i].unwind()
	}
	d.tasks, d.runnable, d.aside = d.tasks[:0], d.runnable[:0], d.aside[:0]
	d.limit = d.cfg.MaxSteps
	if d.once {
		d.Close()
	}
}

// Yield implements Controller. It decides in place, and switches only when
// another thread is chosen.
func (d *Determ) Yield(t *Thread, loc Loc, kind Kind) {
	d.steps++
	if t.task == nil {
		return
	}
	if d.steps > d.limit {
		d.overrun()
	}
	t.pending, t.pendingOf = loc, kind
	current := t
	if kind == KindSpin || len(d.aside) > 0 {
		current = d.stepped(t, kind)
	}
	if next := d.pick(current, loc, kind); next != t {
		d.next = next
		d.leave(t)
	}
}

// overrun cancels the group, and if that does not end it, gives it up.
func (d *Determ) overrun() {
	if d.limit >= 0 {
		d.cancel(ErrSteps)
	}
	if d.limit < 0 || d.steps > 2*d.limit {
		d.limit = -1
		panic(stopped{})
	}
}

// leave gives control back to Wait until t is resumed.
func (d *Determ) leave(t *Thread) {
	if !t.task.yield(struct{}{}) || d.limit < 0 {
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
	if d.limit < 0 {
		panic(stopped{})
	}
	t.pending, t.pendingOf = t.pub.wants.Object.Loc(), KindLock // looks at it when it is woken
	d.runnable = remove(d.runnable, t)
	d.leave(t)
}

// Ready implements Controller.
func (d *Determ) Ready(t *Thread) {
	if t.task != nil {
		d.runnable = insert(d.runnable, t)
	}
}

// Touch implements Controller.
func (d *Determ) Touch(t *Thread, loc Loc, kind Kind) {
	if d.cfg.Record && t.task != nil && !d.over {
		d.trace = append(d.trace, Step{loc, int32(t.ID), kind, true})
	}
	if d.watcher != nil && t.task != nil && !d.over {
		d.watcher.Touch(t, loc, kind)
	}
}

// Now implements Controller: steps, as nanoseconds of Config.NsPerStep.
func (d *Determ) Now() int64 { return d.steps * d.cfg.NsPerStep }

// insert puts t into a list sorted by ID, if it is not there.
func insert(list []*Thread, t *Thread) []*Thread {
	i := search(list, t)
	if i < len(list) && list[i] == t {
		return list
	}
	return slices.Insert(list, i, t)
}

func remove(list []*Thread, t *Thread) []*Thread {
	if i := search(list, t); i < len(list) && list[i] == t {
		return slices.Delete(list, i, i+1)
	}
	return list
}

// search returns where t stands or would stand.
func search(list []*Thread, t *Thread) int {
	i := 0
	for i < len(list) && list[i].ID < t.ID {
		i++
	}
	return i
}
