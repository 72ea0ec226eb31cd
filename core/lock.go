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

// The word of a TwoStateLock is twice the number of blockers, or minus twice
// the number of adders, plus the waiting bit. The kernel's word has no such
// bit; its unlock looks at the wait queue each time. With the bit that look,
// in another cache line, and a call are saved as long as nobody waits.
const (
	waiting = 1
	adder   = -2
	blocker = +2
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
	// A plain integer: the methods of atomic.Int64 would cost Add its inlining.
	v int64
	_ [cacheLine - 8]byte

	wait sched.WaitQueue
	obj  sched.Object
	// How often a side was taken while somebody waited.
	added, blocked atomic.Int64
}

// Object is the lock in the wait-for graph.
func (l *TwoStateLock) Object() *sched.Object { return &l.obj }

// Add takes the lock as one of its adders. It inlines, for a free lock.
func (l *TwoStateLock) Add(t *sched.Thread) error {
	if t.Deterministic() || !atomic.CompareAndSwapInt64(&l.v, 0, adder) {
		return l.add(t)
	}
	return nil
}

// TryAdd fails at once if there is a blocker.
func (l *TwoStateLock) TryAdd(t *sched.Thread) bool {
	t.Yield(l.obj.Loc(), sched.KindLock)
	return l.try(adder)
}

// Unadd lets the blockers race for the lock if this was the last adder.
func (l *TwoStateLock) Unadd(t *sched.Thread) {
	if t.Deterministic() || atomic.AddInt64(&l.v, -adder) == waiting {
		l.unlock(t, adder)
	}
}

// Block takes the lock as one of its blockers.
func (l *TwoStateLock) Block(t *sched.Thread) error {
	if t.Deterministic() || !atomic.CompareAndSwapInt64(&l.v, 0, blocker) {
		return l.block(t)
	}
	return nil
}

// TryBlock fails at once if there is an adder.
func (l *TwoStateLock) TryBlock(t *sched.Thread) bool {
	t.Yield(l.obj.Loc(), sched.KindLock)
	return l.try(blocker)
}

// Unblock lets the adders race for the lock if this was the last blocker.
func (l *TwoStateLock) Unblock(t *sched.Thread) {
	if t.Deterministic() || atomic.AddInt64(&l.v, -blocker) == waiting {
		l.unlock(t, blocker)
	}
}

// Out of line, or Add and Block would not inline.
//
//go:noinline
func (l *TwoStateLock) add(t *sched.Thread) error { return l.lock(t, adder, sched.Add) }

//go:noinline
func (l *TwoStateLock) block(t *sched.Thread) error { return l.lock(t, blocker, sched.Block) }

// try takes a side, unless the other one is taken.
func (l *TwoStateLock) try(side int64) bool {
	for {
		v := atomic.LoadInt64(&l.v)
		if v>>1*side < 0 {
			return false
		}
		if atomic.CompareAndSwapInt64(&l.v, v, v+side) {
			if v&waiting != 0 {
				l.taken(side).Add(1)
			}
			return true
		}
	}
}

// taken counts how often a side was taken while somebody waited.
func (l *TwoStateLock) taken(side int64) *atomic.Int64 {
	if side == adder {
		return &l.added
	}
	return &l.blocked
}

func (l *TwoStateLock) lock(t *sched.Thread, side int64, mode sched.Mode) error {
	t.Yield(l.obj.Loc(), sched.KindLock)
	if l.try(side) {
		return nil
	}
	b := countBypasses(l.taken(-side))
	for {
		l.wait.Prepare(t)
		// After Prepare: unlock clears the bit first and wakes then.
		atomic.OrInt64(&l.v, waiting)
		t.Yield(l.obj.Loc(), sched.KindLock)
		if l.try(side) {
			l.wait.Finish(t)
			b.look()
			t.Waits[mode].Bypassed(b.n)
			return nil
		}
		b.lost()
		t.Yield(l.obj.Loc(), sched.KindLock)
		if err := l.wait.Sleep(t, &l.obj, mode); err != nil {
			l.wait.Finish(t)
			return err
		}
		t.Yield(l.obj.Loc(), sched.KindLock)
	}
}

// unlock wakes everybody, of both sides, if the lock is free and somebody may
// wait. With real threads its caller has seen that it is.
func (l *TwoStateLock) unlock(t *sched.Thread, side int64) {
	if t.Deterministic() {
		t.Yield(l.obj.Loc(), sched.KindUnlock)
		if atomic.AddInt64(&l.v, -side) != waiting {
			return
		}
		t.Yield(l.obj.Loc(), sched.KindUnlock)
	}
	atomic.AndInt64(&l.v, ^int64(waiting))
	t.Yield(l.obj.Loc(), sched.KindUnlock)
	l.wait.WakeAll(t)
}
