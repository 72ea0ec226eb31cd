package sched

import "sync"

// SpinLock guards the few instructions of a queue or list manipulation. It is
// never held over a yield point, so under a controller, where one thread runs
// at a time, it does nothing. The zero value is unlocked.
//
// It is a mutex underneath: a goroutine may lose its processor in the middle,
// and pure spinning would then burn the time of the one spun for.
type SpinLock struct{ mu sync.Mutex }

// Lock takes the lock on behalf of t.
func (l *SpinLock) Lock(t *Thread) {
	if t.ctl == nil {
		l.mu.Lock()
	}
}

// Unlock releases it.
func (l *SpinLock) Unlock(t *Thread) {
	if t.ctl == nil {
		l.mu.Unlock()
	}
}
