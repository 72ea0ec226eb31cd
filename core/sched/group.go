package sched

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
)

// ErrCanceled is what every wait of a cancelled group returns, by errors.Is.
var ErrCanceled = errors.New("canceled")

// CanceledError is the error of a wait that was cancelled. It Is ErrCanceled
// and wraps the cause.
type CanceledError struct{ Cause error }

func (e *CanceledError) Error() string        { return fmt.Sprintf("canceled: %v", e.Cause) }
func (e *CanceledError) Unwrap() error        { return e.Cause }
func (e *CanceledError) Is(target error) bool { return target == ErrCanceled }

// Controller decides who runs next. Its methods are called by the thread
// that runs.
type Controller interface {
	// Yield picks who goes on; it returns when t is picked.
	Yield(t *Thread, loc Loc, kind Kind)
	// Park returns once Ready(t) has been called and t is picked. Ready is
	// called at most once for each Park, never before it.
	Park(t *Thread)
	Ready(t *Thread)
	// Touch notes that the step which t is in touches loc as well.
	Touch(t *Thread, loc Loc, kind Kind)
	// Progress notes that t has begun something new.
	Progress(t *Thread)
	// Now is the controller's own time.
	Now() int64
	// Go adds a thread that runs fn.
	Go(t *Thread, fn func(t *Thread))
	// Wait runs the threads until they have ended.
	Wait()
}

// Group is threads that run together: one case.
type Group struct {
	ctl    Controller
	cancel atomic.Pointer[CanceledError]
	wg     sync.WaitGroup

	mu      sync.Mutex
	threads []*Thread
}

// NewGroup makes a group of real threads.
func NewGroup() *Group { return &Group{} }

// NewControlledGroup makes a group whose threads run as ctl decides.
func NewControlledGroup(ctl Controller) *Group { return &Group{ctl: ctl} }

// Thread makes a thread for a goroutine that the caller runs itself.
func (g *Group) Thread(name string) *Thread {
	g.mu.Lock()
	defer g.mu.Unlock()
	n := len(g.threads)
	if n < cap(g.threads) && g.threads[:n+1][n] != nil {
		g.threads = g.threads[:n+1] // one of a case before
		g.threads[n].Name = name
		return g.threads[n]
	}
	t := &Thread{ID: n, Name: name, ctl: g.ctl, group: g}
	if g.ctl == nil {
		t.sema = make(chan struct{}, 1)
	}
	g.threads = append(g.threads, t)
	return t
}

// reset empties the group; what Thread makes next are the threads that it had.
func (g *Group) reset() {
	for _, t := range g.threads {
		t.reset()
	}
	g.threads = g.threads[:0]
	g.cancel.Store(nil)
}

// discard calls fn with each thread there is, those kept by reset included.
func (g *Group) discard(fn func(t *Thread)) {
	for _, t := range g.threads[:cap(g.threads)] {
		if t != nil {
			fn(t)
		}
	}
}

// Go runs fn on a thread of its own: at once with real threads, and from Wait
// with a controller.
func (g *Group) Go(name string, fn func(t *Thread)) {
	t := g.Thread(name)
	if g.ctl != nil {
		g.ctl.Go(t, fn)
		return
	}
	g.wg.Go(func() { fn(t) })
}

// Wait returns when all threads started by Go have ended, and the cause if
// the group was cancelled.
func (g *Group) Wait() error {
	if g.ctl != nil {
		g.ctl.Wait()
	} else {
		g.wg.Wait()
	}
	return g.Err()
}

// Err is the cause once the group has been cancelled, as a *CanceledError.
func (g *Group) Err() error {
	if c := g.cancel.Load(); c != nil {
		return c
	}
	return nil
}

// Threads is the threads of the group, by ID.
func (g *Group) Threads() []*Thread {
	g.mu.Lock()
	defer g.mu.Unlock()
	return append([]*Thread(nil), g.threads...)
}

// Cancel makes every wait of the group's threads, now and later, return
// cause. The first cause stays.
func (g *Group) Cancel(cause error) {
	if cause == nil {
		cause = ErrCanceled
	}
	g.cancel.CompareAndSwap(nil, &CanceledError{cause})
	for _, t := range g.Threads() {
		// A thread that is not asleep yet looks at g.cancel after it is.
		if t.move(canceled, asleep) == asleep {
			t.ready()
		}
	}
}
