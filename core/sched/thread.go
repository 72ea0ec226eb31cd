package sched

import (
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// MaxHolds is how many holds a thread's list keeps. Further ones are counted
// but unknown to the wait-for graph, which may then miss a deadlock.
const MaxHolds = 16

// WaitStats counts the waits for objects in one mode. A wait lasts from the
// first sleep until the object is had or the thread gives up.
type WaitStats struct {
	N     int64 // waits
	Ns    int64 // time waited, nanoseconds
	MaxNs int64 // the longest

	// Acquisitions of another mode while the thread waited, as far as the lock
	// counts them, and the most in one wait.
	Bypasses    int64
	MaxBypasses int64
}

func (s *WaitStats) add(ns int64) {
	s.N++
	s.Ns += ns
	s.MaxNs = max(s.MaxNs, ns)
}

// Merge adds o to s.
func (s *WaitStats) Merge(o *WaitStats) {
	s.N += o.N
	s.Ns += o.Ns
	s.MaxNs = max(s.MaxNs, o.MaxNs)
	s.Bypasses += o.Bypasses
	s.MaxBypasses = max(s.MaxBypasses, o.MaxBypasses)
}

// Bypassed adds the n acquisitions that went ahead of one wait.
func (s *WaitStats) Bypassed(n int64) {
	s.Bypasses += n
	s.MaxBypasses = max(s.MaxBypasses, n)
}

// WakeStats counts the wake-ups which a thread gave.
type WakeStats struct {
	Calls   int64 // times it woke somebody
	Woken   int64 // threads woken
	MaxHerd int64 // most threads woken at once
}

func (s *WakeStats) add(n int) {
	s.Calls++
	s.Woken += int64(n)
	s.MaxHerd = max(s.MaxHerd, int64(n))
}

// Merge adds o to s.
func (s *WakeStats) Merge(o *WakeStats) {
	s.Calls += o.Calls
	s.Woken += o.Woken
	s.MaxHerd = max(s.MaxHerd, o.MaxHerd)
}

// Thread is one flow of control. Its methods are for the one goroutine that
// runs it; the fields are for it, and for others once it has ended.
type Thread struct {
	ID   int // from 0, in the order of creation in its group
	Name string

	Waits [NumModes]WaitStats // by wanted mode
	Wake  WakeStats

	ctl   Controller // nil: real threads
	group *Group
	op    string

	held  [MaxHolds]Hold
	nheld int // may exceed MaxHolds

	waitFrom  int64 // when the current wait began, plus one; 0: none
	wanted    Mode  // in a WaitQueue
	spins     int   // in a row; with Determ: since spinEpoch
	lastSpin  int64
	spinEpoch int
	pending   Loc
	pendingOf Kind
	task      *task // with Determ, of a thread that Go started
	idle      *task // its coroutine, kept from one case to the next

	// state is generation<<stateBits | one of the states below. The thread
	// itself moves it forward; others only mark it woken or canceled.
	state atomic.Uint64
	sema  chan struct{} // one token for each asleep -> woken or canceled
	node  waitNode      // guarded by the lock of the list it is in

	pubMu sync.Mutex
	pub   publication
}

// States of a thread. Whoever moves it out of asleep owes it one token.
const (
	running  = iota // in no queue
	queued          // in a queue and awake: checks its condition
	asleep          // in a queue, waits for a token
	woken           // was queued or asleep, and has been woken
	canceled        // was asleep, and its group has been cancelled

	stateBits = 3
	stateMask = 1<<stateBits - 1
)

// Yield tells the controller that the thread is about to do something to loc.
// With real threads it is a nil check.
func (t *Thread) Yield(loc Loc, kind Kind) {
	if t.ctl != nil {
		t.ctl.Yield(t, loc, kind)
	}
}

// Touch tells the controller that the step which the thread is in touches loc
// as well, besides what the Yield before announced. It is no yield point.
func (t *Thread) Touch(loc Loc, kind Kind) {
	if t.ctl != nil {
		t.ctl.Touch(t, loc, kind)
	}
}

// Deterministic reports whether a controller decides who runs. Fast paths ask
// it so that every step of a lock is a yield point.
func (t *Thread) Deterministic() bool { return t.ctl != nil }

// Pending is what the thread does when it runs next: the arguments of the
// Yield in which it waits. For pickers.
func (t *Thread) Pending() (Loc, Kind) { return t.pending, t.pendingOf }

// Sleeps is what the thread sleeps for, or false if it does not. For pickers.
func (t *Thread) Sleeps() (Hold, bool) {
	if t.state.Load()&stateMask != asleep {
		return Hold{}, false
	}
	return t.pub.wants, true
}

// How a waiting loop backs off with real threads.
const (
	spinYields   = 64
	spinSleepMin = 20 * time.Microsecond
	spinSleepMax = time.Millisecond
)

// Spin is the yield point of a waiting loop: of one that looks again at what
// others must change. With real threads it yields the processor, and sleeps
// for a while after many calls in a row. It returns the cause once the group
// is cancelled.
func (t *Thread) Spin(loc Loc) error {
	switch {
	case t.ctl != nil:
		t.ctl.Yield(t, loc, KindSpin)
	case t.spins < spinYields:
		t.spins++
		runtime.Gosched()
	default:
		t.backOff()
	}
	return t.Err()
}

// backOff sleeps, twice as long each time, or starts anew if the last call
// was so long ago that this must be another loop.
func (t *Thread) backOff() {
	if now() > t.lastSpin+2*int64(spinSleepMax) && t.lastSpin != 0 {
		t.spins, t.lastSpin = 0, 0
		return
	}
	d := spinSleepMin << min(t.spins-spinYields, 10)
	t.spins++
	time.Sleep(min(d, spinSleepMax))
	t.lastSpin = now()
}

var epoch = time.Now()

// now is the one clock of package core and what lies below it.
func now() int64 { return int64(time.Since(epoch)) }

// Now is monotonic time in nanoseconds; with a controller, its own count.
func (t *Thread) Now() int64 {
	if t.ctl != nil {
		return t.ctl.Now()
	}
	return now()
}

// Err is the cause, once the thread's group has been cancelled.
func (t *Thread) Err() error {
	if c := t.group.cancel.Load(); c != nil {
		return c
	}
	return nil
}

// Group is the group that made the thread.
func (t *Thread) Group() *Group { return t.group }

// Op says what the thread is doing from now on, for reports. Whoever comes to
// something new has got on, which ends what looked like a livelock.
func (t *Thread) Op(text string) {
	t.op = text
	if t.ctl != nil {
		t.ctl.Progress(t)
	}
}

// reset makes the thread, which has ended, as good as new.
func (t *Thread) reset() {
	t.Waits, t.Wake = [NumModes]WaitStats{}, WakeStats{}
	t.op, t.nheld, t.waitFrom, t.task = "", 0, 0, nil
	t.spins, t.spinEpoch = 0, 0
	t.pending, t.pendingOf = LocLocal, KindNone
	t.state.Store(running)
	t.node = waitNode{}
	t.pub.list, t.pub.nheld = nil, 0
}

// Hold notes that the thread holds o. The list is the thread's own: a hold
// that somebody else will release must be taken off it first, or Deadlock
// would take this thread for the one to wait for.
func (t *Thread) Hold(o *Object, m Mode) {
	if uint(t.nheld) < MaxHolds {
		t.held[t.nheld] = Hold{o, m}
	}
	t.nheld++
}

// Release takes the latest such hold off the list.
func (t *Thread) Release(o *Object, m Mode) {
	if top := t.nheld - 1; uint(top) < MaxHolds && t.held[top] == (Hold{o, m}) {
		t.nheld = top
	} else {
		t.release(o, m)
	}
}

// release handles what is not on top.
//
//go:noinline
func (t *Thread) release(o *Object, m Mode) {
	h, n := Hold{o, m}, min(t.nheld, MaxHolds)
	i := t.find(h, n)
	if i < 0 {
		i = t.find(overflow, n)
	}
	if i < 0 && t.nheld <= MaxHolds {
		panic("sched: release of what is not held")
	}
	if i >= 0 {
		copy(t.held[i:n], t.held[i+1:n])
		if t.nheld > MaxHolds {
			t.held[n-1] = overflow
		}
	}
	t.nheld--
}

// find looks for h among the first n holds, from the latest.
func (t *Thread) find(h Hold, n int) int {
	for i := n - 1; i >= 0; i-- {
		if t.held[i] == h {
			return i
		}
	}
	return -1
}

// overflow stands for a hold that did not fit. Nobody can want its object.
var overflow = Hold{&Object{Name: "unknown"}, Drain}

// Held is what the thread holds, oldest first, as far as it is known.
func (t *Thread) Held() []Hold {
	return append([]Hold(nil), t.held[:min(t.nheld, MaxHolds)]...)
}

// park sleeps until the token of an asleep -> woken or canceled arrives.
func (t *Thread) park() {
	if t.ctl != nil {
		t.ctl.Park(t)
		return
	}
	<-t.sema
}

// ready gives the token.
func (t *Thread) ready() {
	if t.ctl != nil {
		t.ctl.Ready(t)
		return
	}
	t.sema <- struct{}{}
}

// move changes the state from one of two to another and reports what it was,
// or running if it was neither.
func (t *Thread) move(to uint64, from ...uint64) uint64 {
	for {
		s := t.state.Load()
		is, ok := s&stateMask, false
		for _, f := range from {
			ok = ok || is == f
		}
		if !ok {
			return running
		}
		if t.state.CompareAndSwap(s, s&^stateMask|to) {
			return is
		}
	}
}
