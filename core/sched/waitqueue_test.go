package sched

import (
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
)

// A wake-up between Prepare and Sleep is not lost, and a thread that has been
// woken is in no queue.
func TestWakeBeforeSleep(t *testing.T) {
	g := NewGroup()
	a, b := g.Thread("a"), g.Thread("b")
	var q WaitQueue
	q.Prepare(a)
	q.Prepare(a)
	if q.Empty() {
		t.Fatal("queue is empty after Prepare")
	}
	q.WakeAll(b)
	if err := q.Sleep(a, &Object{}, Exclusive); err != nil {
		t.Fatal(err)
	}
	q.Finish(a)
	if !q.Empty() || b.Wake != (WakeStats{1, 1, 1}) || a.Waits[Exclusive].N != 0 {
		t.Fatalf("empty %v, wake %+v, waits %+v", q.Empty(), b.Wake, a.Waits)
	}
}

func TestHerd(t *testing.T) {
	noLeak(t)
	for _, most := range []int{1, 8} {
		g := NewGroup()
		var q WaitQueue
		var woken atomic.Int64
		for i := range 8 {
			g.Go(fmt.Sprint(i), func(th *Thread) {
				q.Prepare(th)
				if err := q.Sleep(th, &Object{}, Shared); err != nil {
					t.Error(err)
				}
				q.Finish(th)
				woken.Add(1)
				if th.Waits[Shared].N != 1 || th.Waits[Shared].MaxNs != th.Waits[Shared].Ns {
					t.Errorf("waits %+v", th.Waits[Shared])
				}
			})
		}
		for _, th := range g.Threads() {
			eventually(t, "sleep", th.isAsleep)
		}
		by := g.Thread("waker")
		if most == 1 {
			for i := range 8 {
				q.WakeOne(by)
				eventually(t, "one more wakes", func() bool { return woken.Load() == int64(i+1) })
			}
		} else {
			q.WakeAll(by)
		}
		g.Wait()
		if by.Wake.Woken != 8 || by.Wake.MaxHerd != int64(most) {
			t.Errorf("most %d: %+v", most, by.Wake)
		}
	}
}

// A thousand hand-overs under each kind of thread: a lost wake-up hangs one
// and is a deadlock of the other.
func TestMutex(t *testing.T) {
	noLeak(t)
	program := func(g *Group) error {
		m := newMutexes(1)[0]
		n := 0
		for i := range 4 {
			g.Go(fmt.Sprint(i), func(th *Thread) {
				for range 250 {
					if err := m.lock(th); err != nil {
						return
					}
					n++
					m.unlock(th)
				}
			})
		}
		if err := g.Wait(); err != nil {
			return err
		}
		if n != 1000 || !m.wait.Empty() {
			return fmt.Errorf("counted %d, queue empty %v", n, m.wait.Empty())
		}
		return nil
	}
	if err := program(NewGroup()); err != nil {
		t.Error("real threads:", err)
	}
	for seed := range uint64(20) {
		if err := program(NewDeterm(Config{Picker: Random{random(seed)}})); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
	}
	if err := program(NewDeterm(Config{Picker: &RoundRobin{}})); err != nil {
		t.Error("round robin:", err)
	}
}

func TestCancel(t *testing.T) {
	noLeak(t)
	cause := errors.New("enough")
	for _, before := range []bool{true, false} {
		g := NewGroup()
		m := newMutexes(1)[0]
		owner := g.Thread("owner")
		if err := m.lock(owner); err != nil {
			t.Fatal(err)
		}
		if before {
			g.Cancel(cause)
		}
		for i := range 8 {
			g.Go(fmt.Sprint(i), func(th *Thread) {
				if err := m.lock(th); !errors.Is(err, cause) || !errors.Is(err, ErrCanceled) {
					t.Errorf("lock: %v", err)
				}
			})
		}
		if !before {
			for _, th := range g.Threads()[1:] {
				eventually(t, "sleep", th.isAsleep)
			}
			g.Cancel(cause)
			g.Cancel(errors.New("too late"))
		}
		if err := g.Wait(); !errors.Is(err, cause) {
			t.Errorf("Wait: %v", err)
		}
		if !m.wait.Empty() {
			t.Error("a cancelled thread is still queued")
		}
		m.unlock(owner)
		if err := m.lock(NewGroup().Thread("later")); err != nil {
			t.Error(err)
		}
	}
}

// Threads of two groups hand a mutex on by WakeOne while one of the groups is
// cancelled: a wake-up that went to a cancelled thread would be lost.
func TestCancelKeepsWakeups(t *testing.T) {
	noLeak(t)
	for range 200 {
		stay, leave := NewGroup(), NewGroup()
		m := newMutexes(1)[0]
		body := func(th *Thread) {
			for range 20 {
				if m.lock(th) != nil {
					return
				}
				m.unlock(th)
			}
		}
		for i := range 4 {
			stay.Go(fmt.Sprint(i), body)
			leave.Go(fmt.Sprint(i), body)
		}
		leave.Cancel(nil)
		leave.Wait()
		if err := stay.Wait(); err != nil || !m.wait.Empty() {
			t.Fatal(err, m.wait.Empty())
		}
	}
}

// wakesAtYield is a controller under which somebody else runs at each yield.
type wakesAtYield struct {
	Controller
	run func()
}

func (c wakesAtYield) Yield(*Thread, Loc, Kind) { c.run() }

// A wake-up that comes after a Sleep has seen the cancellation, and before it
// has left the queue, is not swallowed.
func TestCancelledSleepKeepsWakeup(t *testing.T) {
	for _, wakes := range []bool{true, false} {
		var q WaitQueue
		other := NewGroup().Thread("other")
		g := NewControlledGroup(wakesAtYield{run: func() {
			if wakes {
				q.WakeOne(other)
			}
		}})
		th := g.Thread("cancelled")
		q.Prepare(th)
		g.Cancel(nil)
		err := q.Sleep(th, &Object{}, Exclusive)
		if wakes != (err == nil) || !q.Empty() {
			t.Errorf("wakes %v: %v, queue empty %v", wakes, err, q.Empty())
		}
	}
}

// A cancellation that meets a thread on its way to sleep keeps it awake.
func TestCancelMeetsSleep(t *testing.T) {
	noLeak(t)
	m := newMutexes(1)[0]
	m.held.Store(true)
	for i := range 5000 {
		g := NewGroup()
		var ready atomic.Bool
		g.Go("waits", func(th *Thread) {
			ready.Store(true)
			m.lock(th)
		})
		for !ready.Load() {
			runtime.Gosched()
		}
		for range i % 100 {
			ready.Load()
		}
		g.Cancel(nil)
		g.Wait()
	}
}

// cancelsAtNow is a controller under which a Sleep is cancelled after it has
// looked for that, and before it is asleep: when it asks for the time.
type cancelsAtNow struct {
	Controller
	cancel func()
	parked *bool
}

func (c cancelsAtNow) Now() int64               { c.cancel(); return 0 }
func (c cancelsAtNow) Yield(*Thread, Loc, Kind) {}
func (c cancelsAtNow) Park(*Thread)             { *c.parked = true }

func TestCancelJustBeforeSleep(t *testing.T) {
	var q WaitQueue
	var g *Group
	parked := false
	g = NewControlledGroup(cancelsAtNow{cancel: func() { g.Cancel(nil) }, parked: &parked})
	th := g.Thread("cancelled")
	q.Prepare(th)
	if err := q.Sleep(th, &Object{}, Exclusive); err == nil || parked || !q.Empty() {
		t.Errorf("%v, parked %v, queue empty %v", err, parked, q.Empty())
	}
}
