package core

import "sync/atomic"

// bypasses counts how often the other side of a lock was taken during one wait
// for it, which slow paths tell each other: a free or shared lock that nobody
// waits for counts nothing.
type bypasses struct {
	taken *atomic.Int64 // how often the other side was taken while somebody waited
	last  int64         // its value at the last look
	n     int64
	woken bool // has slept and come back
}

// countBypasses begins with what is counted now.
func countBypasses(taken *atomic.Int64) bypasses {
	return bypasses{taken: taken, last: taken.Load()}
}

// look counts those since the last look, and returns how many they were.
func (b *bypasses) look() int64 {
	now := b.taken.Load()
	k := now - b.last
	b.last = now
	b.n += k
	return k
}

// lost is look for a waiter who finds the lock taken. One who was woken, for
// the lock was free, knows that somebody was faster, even if that was on the
// fast path, which counts nothing.
func (b *bypasses) lost() {
	if b.look() == 0 && b.woken {
		b.n++
	}
	b.woken = true
}
