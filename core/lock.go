package core

import (
	"sync/atomic"

	"cohbench/core/sched"
)

// PagecacheLock is what a policy puts between those who add pages to the
// cache and those who keep pages out of it. Many adders may hold it at once;
// whether many blockers may is the lock's affair. Nobody owns it: it may be
// released by another thread than took it.
//
// Locks do not keep the thread's list of holds (sched.Thread.Hold): whoever
// takes them does.
type PagecacheLock interface {
	// Add waits until there is no blocker, or for the thread's group to be
	// cancelled, whose cause it then returns. TryAdd does not wait.
	Add(t *sched.Thread) error
	TryAdd(t *sched.Thread) bool
	Unadd(t *sched.Thread)
	// Block waits until there is no adder. TryBlock does not wait.
	Block(t *sched.Thread) error
	TryBlock(t *sched.Thread) bool
	Unblock(t *sched.Thread)
	// Object is the lock in the wait-for graph. Its owner may name it
	// before the lock is shared.
	Object() *sched.Object
}

// Lock counts are small: 64 bits neither over- nor underflow.
const (
	adder   = -1
	blocker = +1
)

// cacheLine separates words that different cores write. Some machines fetch
// lines in pairs.
const cacheLine = 128

// TwoStateLock is a shared lock with two sides: many adders or many blockers,
// never both (bcachefs: two_state_shared_lock, fs/bcachefs/two_state_shared_lock.h).
// A side that is taken stays open to more of the same, waiting or not, so a
// thread may take the same side again, and a waiter may starve: it gets in
// only if it runs while the lock is free or on its side. The zero value is
// free.
//
// Like the kernel's it does not spin: those who hold it sleep in IO.
type TwoStateLock struct {
	_ [cacheLine]byte
	// v is the number of blockers, or minus the number of adders.
	v atomic.Int64
	_ [cacheLine - 8]byte

	wait sched.WaitQueue
	obj  sched.Object
}

// Object is the lock in the wait-for graph.
func (l *TwoStateLock) Object() *sched.Object { return &l.obj }

// Add takes the lock as one of its adders.
func (l *TwoStateLock) Add(t *sched.Thread) error {
	if v := l.v.Load(); v <= 0 && !t.Deterministic() && l.v.CompareAndSwap(v, v+adder) {
		return nil
	}
	return l.lock(t, adder, sched.Add)
}

// TryAdd fails at once if there is a blocker.
func (l *TwoStateLock) TryAdd(t *sched.Thread) bool {
	t.Yield(l.obj.Loc(), sched.KindLock)
	return l.try(adder)
}

// Unadd lets the blockers race for the lock if this was the last adder.
func (l *TwoStateLock) Unadd(t *sched.Thread) {
	if t.Deterministic() || l.v.Add(-adder) == 0 && !l.wait.Empty() {
		l.unlock(t, adder)
	}
}

// Block takes the lock as one of its blockers.
func (l *TwoStateLock) Block(t *sched.Thread) error {
	if v := l.v.Load(); v >= 0 && !t.Deterministic() && l.v.CompareAndSwap(v, v+blocker) {
		return nil
	}
	return l.lock(t, blocker, sched.Block)
}

// TryBlock fails at once if there is an adder.
func (l *TwoStateLock) TryBlock(t *sched.Thread) bool {
	t.Yield(l.obj.Loc(), sched.KindLock)
	return l.try(blocker)
}

// Unblock lets the adders race for the lock if this was the last blocker.
func (l *TwoStateLock) Unblock(t *sched.Thread) {
	if t.Deterministic() || l.v.Add(-blocker) == 0 && !l.wait.Empty() {
		l.unlock(t, blocker)
	}
}

// try takes a side, unless the other one is taken.
func (l *TwoStateLock) try(side int64) bool {
	for {
		v := l.v.Load()
		if v*side < 0 {
			return false
		}
		if l.v.CompareAndSwap(v, v+side) {
			return true
		}
	}
}

func (l *TwoStateLock) lock(t *sched.Thread, side int64, mode sched.Mode) error {
	loc := l.obj.Loc()
	t.Yield(loc, sched.KindLock)
	if l.try(side) {
		return nil
	}
	for {
		l.wait.Prepare(t)
		t.Yield(loc, sched.KindLock)
		if l.try(side) {
			l.wait.Finish(t)
			return nil
		}
		t.Yield(loc, sched.KindLock)
		if err := l.wait.Sleep(t, &l.obj, mode); err != nil {
			l.wait.Finish(t)
			return err
		}
	}
}

// unlock wakes everybody, of both sides, if the lock is free now. With real
// threads the caller has already let go of it.
func (l *TwoStateLock) unlock(t *sched.Thread, side int64) {
	if t.Deterministic() {
		t.Yield(l.obj.Loc(), sched.KindUnlock)
		if l.v.Add(-side) != 0 {
			return
		}
		t.Yield(l.obj.Loc(), sched.KindUnlock)
	}
	l.wait.WakeAll(t)
}
