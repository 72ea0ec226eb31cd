package coherence

import (
	"sync/atomic"
	"time"

	"cohbench/core"
	"cohbench/core/sched"
)

// A LockTrace records what tasks do with the pagecache locks of a policy, from
// Skip after the first of it on, until it is full. It costs a clock and an
// atomic increment for each step, so nothing is to be measured beside it.
//
// The events may be read when no task is left.
type LockTrace struct {
	Skip time.Duration

	first  atomic.Int64 // when the first step was, in ns, plus one; 0: not yet
	n      atomic.Int64
	events []LockEvent
}

// A LockEvent is one step.
type LockEvent struct {
	Ns   int64 // since the first step
	Task string
	Lock *sched.Object
	Step LockStep
}

// A LockStep is what a task does with a lock.
type LockStep string

// Steps. A task that waits is next seen when it has the lock, or gives up.
const (
	WaitAdd   LockStep = "wait-add"
	WaitBlock LockStep = "wait-block"
	Added     LockStep = "add"
	Blocked   LockStep = "block"
	Unadded   LockStep = "unadd"
	Unblocked LockStep = "unblock"
	GaveUp    LockStep = "gave-up" // the case was cancelled
)

// NewLockTrace returns a trace with room for n events.
func NewLockTrace(n int) *LockTrace { return &LockTrace{events: make([]LockEvent, n)} }

// Policy is p with its locks traced; p itself if it has none.
func (tr *LockTrace) Policy(p *core.Policy) *core.Policy {
	if p.Lock == nil {
		return p
	}
	traced := *p
	traced.Lock = func() core.PagecacheLock { return &tracedLock{p.Lock(), tr} }
	return &traced
}

// Events is what was recorded, in about the order of time, and how many events
// found no room.
func (tr *LockTrace) Events() (events []LockEvent, dropped int64) {
	n := tr.n.Load()
	kept := min(n, int64(len(tr.events)))
	return tr.events[:kept], n - kept
}

func (tr *LockTrace) add(t *sched.Thread, l core.PagecacheLock, step LockStep) {
	now := t.Now()
	tr.first.CompareAndSwap(0, now+1)
	ns := now + 1 - tr.first.Load()
	if ns < int64(tr.Skip) {
		return
	}
	if i := tr.n.Add(1) - 1; i < int64(len(tr.events)) {
		tr.events[i] = LockEvent{ns, t.Name, l.Object(), step}
	}
}

// tracedLock is a lock that says what is done with it.
type tracedLock struct {
	core.PagecacheLock
	trace *LockTrace
}

// Add implements core.PagecacheLock.
func (l *tracedLock) Add(t *sched.Thread) error {
	return l.take(t, l.PagecacheLock.TryAdd, l.PagecacheLock.Add, WaitAdd, Added)
}

// Block implements core.PagecacheLock.
func (l *tracedLock) Block(t *sched.Thread) error {
	return l.take(t, l.PagecacheLock.TryBlock, l.PagecacheLock.Block, WaitBlock, Blocked)
}

// take is with a try before it, so that a wait is seen to begin.
func (l *tracedLock) take(t *sched.Thread, try func(*sched.Thread) bool, wait func(*sched.Thread) error, waits, has LockStep) error {
	if !try(t) {
		l.trace.add(t, l, waits)
		if err := wait(t); err != nil {
			l.trace.add(t, l, GaveUp)
			return err
		}
	}
	l.trace.add(t, l, has)
	return nil
}

// TryAdd implements core.PagecacheLock.
func (l *tracedLock) TryAdd(t *sched.Thread) bool {
	ok := l.PagecacheLock.TryAdd(t)
	if ok {
		l.trace.add(t, l, Added)
	}
	return ok
}

// TryBlock implements core.PagecacheLock.
func (l *tracedLock) TryBlock(t *sched.Thread) bool {
	ok := l.PagecacheLock.TryBlock(t)
	if ok {
		l.trace.add(t, l, Blocked)
	}
	return ok
}

// Unadd implements core.PagecacheLock. The step is recorded first: behind the
// release it could come after the next task's.
func (l *tracedLock) Unadd(t *sched.Thread) {
	l.trace.add(t, l, Unadded)
	l.PagecacheLock.Unadd(t)
}

// Unblock implements core.PagecacheLock.
func (l *tracedLock) Unblock(t *sched.Thread) {
	l.trace.add(t, l, Unblocked)
	l.PagecacheLock.Unblock(t)
}
