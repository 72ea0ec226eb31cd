package live

import (
	"errors"
	"time"

	"cohbench/core/sched"
)

// How long a run is looked at.
const (
	lookEvery = 5 * time.Millisecond
	// hangAfter is when a run hangs that is no deadlock, and then how long it may
	// take to come back after it was told to.
	hangAfter = 30 * time.Second
)

// errHang is a run that does not end although no deadlock is seen: a lost
// wake-up, tasks that retry for ever, or a hang of the kernel.
var errHang = errors.New("nothing moves, and the wait-for graph has no cycle")

// watch looks at a run until it is over, and cancels one that will never end.
// The kernel's waits cannot be cancelled.
func (c *Campaign) watch(g *sched.Group, over <-chan struct{}) {
	for waited := time.Duration(0); ; waited += lookEvery {
		select {
		case <-over:
			return
		case <-c.cfg.After(lookEvery):
		}
		if d := g.Deadlock(); d != nil {
			g.Cancel(d)
			return
		}
		if waited >= hangAfter {
			g.Cancel(errHang)
			return
		}
	}
}

// ErrStuck is a run that does not come back. Its threads are left to the end of
// the process.
var ErrStuck = errors.New("does not end: a hang of the kernel, or of the engine")

// guarded runs fn, and gives it up if it takes too long.
func (c *Campaign) guarded(fn func() error) error {
	done := make(chan error, 1)
	go func() { done <- fn() }()
	select {
	case err := <-done:
		return err
	case <-c.cfg.After(2 * hangAfter):
		return ErrStuck
	}
}
