package core

import (
	"sync/atomic"

	"cohbench/core/sched"
)

// The count of an RWSem has the kernel's layout:
//
//	bit 0    a writer holds it
//	bit 1    there are waiters
//	bit 2    handoff: the first waiter is next, nobody may steal
//	bits 8-  number of readers, those about to back out included
const (
	rwsemWriter  = 1 << 0
	rwsemWaiters = 1 << 1
	rwsemHandoff = 1 << 2

	rwsemReaderShift = 8
	rwsemReader      = 1 << rwsemReaderShift
	rwsemReaders     = ^(rwsemReader - 1)

	rwsemLocked    = rwsemWriter | rwsemReaders
	rwsemNoReaders = rwsemWriter | rwsemWaiters | rwsemHandoff // a new reader meets one: slow path
)

const (
	rwsemWaitTimeout = 4_000_000 // ns in the queue after which a waiter asks for the handoff
	rwsemMaxWakeup   = 256       // readers woken at once
)

// wakeType is whom a wake-up may go to.
type wakeType uint8

const (
	wakeAny       wakeType = iota // whoever is first
	wakeReaders                   // readers, if one is first
	wakeReadOwned                 // the same, by somebody who holds it for reading
)

// RWSem is a reader-writer semaphore that behaves as the kernel's
// (kernel/locking/rwsem.c, Linux 6.x): a queued writer keeps new readers out; a release
// wakes the writer at the head of the queue, or, if a reader is there, all
// queued readers (at most 256), those behind writers included; anybody may
// steal a free lock from a woken writer until the first waiter has waited
// 4 ms and the lock is handed to it. A reader that comes first when no writer
// holds the lock steals it past the queue, and brings the queued readers in
// if one heads it. The zero value is unlocked.
//
// It differs in three ways. There is no optimistic spinning: it pays where a
// holder is about to leave, and those who hold this lock sleep in IO; the
// TwoStateLock, with which it is compared, does not spin either. Nobody has a
// real-time priority. And no owner is kept, which the kernel needs in order to spin: "very
// likely owned by readers" is here that there are other readers and no writer.
type RWSem struct {
	_     [cacheLine]byte
	count atomic.Int64
	_     [cacheLine - 8]byte

	wait sched.WaitList
	obj  sched.Object
	// How often it was taken for reading and for writing while somebody waited.
	reads, writes atomic.Int64
}

// Object is the semaphore in the wait-for graph.
func (s *RWSem) Object() *sched.Object { return &s.obj }

// yield is a yield point about the semaphore.
func (s *RWSem) yield(t *sched.Thread, kind sched.Kind) {
	if t.Deterministic() {
		t.Yield(s.obj.Loc(), kind)
	}
}

// DownRead takes the semaphore for reading. It fails only with the cause for
// which the thread's group was cancelled.
func (s *RWSem) DownRead(t *sched.Thread) error { return s.downRead(t, sched.Shared) }

// TryDownRead fails at once if there is a writer, or anybody waits.
func (s *RWSem) TryDownRead(t *sched.Thread) bool {
	s.yield(t, sched.KindLock)
	for {
		c := s.count.Load()
		if c&rwsemNoReaders != 0 {
			return false
		}
		if s.count.CompareAndSwap(c, c+rwsemReader) {
			return true
		}
	}
}

// UpRead releases one reader.
func (s *RWSem) UpRead(t *sched.Thread) {
	s.yield(t, sched.KindUnlock)
	if c := s.count.Add(-rwsemReader); c&(rwsemLocked|rwsemWaiters) == rwsemWaiters {
		s.wake(t, wakeAny)
	}
}

// DownWrite takes the semaphore for writing. It fails as DownRead does.
func (s *RWSem) DownWrite(t *sched.Thread) error { return s.downWrite(t, sched.Exclusive) }

// TryDownWrite fails at once if anybody holds the semaphore or waits.
func (s *RWSem) TryDownWrite(t *sched.Thread) bool {
	s.yield(t, sched.KindLock)
	return s.count.CompareAndSwap(0, rwsemWriter)
}

// UpWrite releases the writer.
func (s *RWSem) UpWrite(t *sched.Thread) {
	s.yield(t, sched.KindUnlock)
	if c := s.count.Add(-rwsemWriter); c&rwsemWaiters != 0 {
		s.wake(t, wakeAny)
	}
}

// DowngradeWrite makes the writer a reader, with nobody in between.
func (s *RWSem) DowngradeWrite(t *sched.Thread) {
	s.yield(t, sched.KindUnlock)
	if c := s.count.Add(rwsemReader - rwsemWriter); c&rwsemWaiters != 0 {
		s.wake(t, wakeReadOwned)
	}
}

// downRead counts the wait as one for mode.
func (s *RWSem) downRead(t *sched.Thread, mode sched.Mode) error {
	s.yield(t, sched.KindLock)
	c := s.count.Add(rwsemReader)
	if c&rwsemNoReaders == 0 {
		return nil
	}
	s.yield(t, sched.KindLock)
	if c>>rwsemReaderShift == 1 && c&(rwsemWriter|rwsemHandoff) == 0 {
		// The first reader steals. Without "first" a stream of readers
		// would starve a writer that sleeps.
		if c&rwsemWaiters != 0 {
			s.reads.Add(1)
			s.wake(t, wakeReadOwned)
		}
		return nil
	}
	return s.queueReader(t, mode)
}

// queueReader takes back the reader counted in vain and waits to be granted.
func (s *RWSem) queueReader(t *sched.Thread, mode sched.Mode) error {
	l, adjust, b := &s.wait, int64(-rwsemReader), countBypasses(&s.writes)
	l.Lock(t)
	if l.First() == nil {
		if s.count.Load()&rwsemWriter == 0 {
			// The writer has left; we are counted, so it is ours.
			l.Unlock(t)
			return nil
		}
		adjust += rwsemWaiters
	}
	l.Push(t, sched.Shared, t.Now()+rwsemWaitTimeout)
	var w sched.WakeList
	s.wakeIfFree(t, s.count.Add(adjust), &w)
	l.Unlock(t)
	w.Wake(t)

	s.yield(t, sched.KindLock)
	err := l.Sleep(t, &s.obj, sched.Shared)
	if err != nil {
		s.yield(t, sched.KindLock)
		if !s.leave(t) {
			err = nil // granted meanwhile
		}
	}
	t.Waits[mode].Bypassed(b.look())
	l.Done(t, mode)
	return err
}

// downWrite counts the wait as one for mode.
func (s *RWSem) downWrite(t *sched.Thread, mode sched.Mode) error {
	s.yield(t, sched.KindLock)
	if s.count.CompareAndSwap(0, rwsemWriter) {
		return nil
	}
	s.yield(t, sched.KindLock)
	l, b := &s.wait, countBypasses(&s.reads)
	s.queueWriter(t)
	for {
		l.Lock(t)
		l.Rearm(t)
		got := s.tryWriteQueued(t)
		l.Unlock(t)
		if got {
			t.Waits[mode].Bypassed(b.look())
			l.Done(t, mode)
			return nil
		}
		s.yield(t, sched.KindLock)
		if err := l.Sleep(t, &s.obj, sched.Exclusive); err != nil {
			s.leave(t)
			l.Done(t, mode)
			return err
		}
		s.yield(t, sched.KindLock)
	}
}

// queueWriter appends t to the waiters. Those before it may be readers who can
// go ahead.
func (s *RWSem) queueWriter(t *sched.Thread) {
	l := &s.wait
	var w sched.WakeList
	l.Lock(t)
	first := l.First() == nil
	l.Push(t, sched.Exclusive, t.Now()+rwsemWaitTimeout)
	if first {
		s.count.Or(rwsemWaiters)
	} else {
		s.wakeIfFree(t, s.count.Load(), &w)
	}
	l.Unlock(t)
	w.Wake(t)
}

// tryWriteQueued takes the semaphore for a queued writer, and takes it out of
// the queue, or asks for the handoff if it has waited long enough
// (rwsem_try_write_lock).
//
// Preconditions: s.wait is locked.
func (s *RWSem) tryWriteQueued(t *sched.Thread) bool {
	l := &s.wait
	first := l.First()
	for {
		c := s.count.Load()
		handoff := c&rwsemHandoff != 0
		if handoff && t != first && l.Favored(first) {
			return false
		}
		if c&rwsemLocked != 0 {
			if handoff || t.Now() <= l.Deadline(t) {
				return false
			}
			if s.count.CompareAndSwap(c, c|rwsemHandoff) {
				l.Favor(t)
				return false
			}
			continue
		}
		next := c&^rwsemHandoff | rwsemWriter
		if t == first && l.Next(t) == nil {
			next &^= rwsemWaiters
		}
		if s.count.CompareAndSwap(c, next) {
			s.writes.Add(1)
			l.Remove(t)
			return true
		}
	}
}

// leave takes a cancelled waiter out of the queue, and lets those behind it
// go ahead. It reports false if t is not in the queue any more: a reader to
// whom the semaphore was granted.
func (s *RWSem) leave(t *sched.Thread) bool {
	l := &s.wait
	var w sched.WakeList
	l.Lock(t)
	queued := l.Contains(t)
	if queued {
		first := l.First() == t
		l.Remove(t)
		if l.First() == nil {
			s.count.And(^int64(rwsemWaiters | rwsemHandoff))
		} else if first {
			s.mark(t, wakeAny, &w)
		}
	}
	l.Unlock(t)
	w.Wake(t)
	return queued
}

// wake lets waiters go ahead after a release or a downgrade.
func (s *RWSem) wake(t *sched.Thread, typ wakeType) {
	s.yield(t, sched.KindUnlock)
	var w sched.WakeList
	s.wait.Lock(t)
	if s.wait.First() != nil {
		s.mark(t, typ, &w)
	}
	s.wait.Unlock(t)
	w.Wake(t)
}

// wakeIfFree lets waiters go ahead if whoever held the semaphore left before
// the caller had queued (rwsem_cond_wake_waiter).
//
// Preconditions: s.wait is locked and not empty.
func (s *RWSem) wakeIfFree(t *sched.Thread, count int64, w *sched.WakeList) {
	switch {
	case count&rwsemWriter != 0:
	case count&rwsemReaders != 0:
		s.mark(t, wakeReaders, w)
	default:
		s.mark(t, wakeAny, w)
	}
}

// mark collects those who may go ahead: the writer at the head, who still has
// to take the semaphore, or the queued readers, to whom it is granted here
// (rwsem_mark_wake).
//
// Preconditions: s.wait is locked and not empty.
func (s *RWSem) mark(t *sched.Thread, typ wakeType, w *sched.WakeList) {
	head := s.wait.First()
	if s.wait.Wants(head) == sched.Exclusive {
		if typ == wakeAny {
			s.wait.Nudge(head, w)
		}
		return
	}
	if typ != wakeReadOwned && !s.reserve(t, head) {
		return
	}
	n, others := s.countReaders()
	adjust := int64(n * rwsemReader)
	if typ != wakeReadOwned {
		adjust -= rwsemReader // that of reserve
	}
	if !others {
		adjust -= rwsemWaiters
	}
	// A reader goes ahead: no need to force writers any longer.
	if s.count.Load()&rwsemHandoff != 0 {
		adjust -= rwsemHandoff
	}
	// Counted before granted: who is granted may be awake, and release at once.
	s.count.Add(adjust)
	s.reads.Add(int64(n))
	s.grantReaders(n, w)
}

// countReaders counts the queued readers to be woken, and reports whether
// somebody stays queued.
func (s *RWSem) countReaders() (n int, others bool) {
	for t := s.wait.First(); t != nil; t = s.wait.Next(t) {
		if n == rwsemMaxWakeup {
			return n, true
		}
		if s.wait.Wants(t) == sched.Exclusive {
			others = true
		} else {
			n++
		}
	}
	return n, others
}

// grantReaders takes the first n readers out of the queue.
func (s *RWSem) grantReaders(n int, w *sched.WakeList) {
	for t := s.wait.First(); n > 0; n-- {
		for s.wait.Wants(t) == sched.Exclusive {
			t = s.wait.Next(t)
		}
		next := s.wait.Next(t)
		s.wait.Grant(t, w)
		t = next
	}
}

// reserve counts one reader, to see that no writer has stolen the semaphore.
// One that has must leave it to the head next if that has waited too long.
func (s *RWSem) reserve(t, head *sched.Thread) bool {
	c := s.count.Add(rwsemReader)
	if c&rwsemWriter == 0 {
		return true
	}
	adjust := int64(-rwsemReader)
	if t.Now() > s.wait.Deadline(head) {
		if c&rwsemHandoff == 0 {
			adjust += rwsemHandoff
		}
		s.wait.Favor(head)
	}
	s.count.Add(adjust)
	return false
}
