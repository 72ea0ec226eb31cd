package core

import "cohbench/core/sched"

// RWSemLock is an RWSem as a PagecacheLock: adders read, blockers write. So
// there is one blocker at a time, and a queued blocker keeps new adders out:
// who adds must not add again.
type RWSemLock struct{ RWSem }

// Add takes the semaphore for reading.
func (l *RWSemLock) Add(t *sched.Thread) error { return l.downRead(t, sched.Add) }

// TryAdd fails at once if there is a blocker, or anybody waits.
func (l *RWSemLock) TryAdd(t *sched.Thread) bool { return l.TryDownRead(t) }

// Unadd releases one adder.
func (l *RWSemLock) Unadd(t *sched.Thread) { l.UpRead(t) }

// Block takes the semaphore for writing.
func (l *RWSemLock) Block(t *sched.Thread) error { return l.downWrite(t, sched.Block) }

// TryBlock fails at once if anybody holds the semaphore or waits.
func (l *RWSemLock) TryBlock(t *sched.Thread) bool { return l.TryDownWrite(t) }

// Unblock releases the blocker.
func (l *RWSemLock) Unblock(t *sched.Thread) { l.UpWrite(t) }
