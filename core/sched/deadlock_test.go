package sched

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// ring makes n threads, each holding one mutex and wanting the next. The
// last one wants the first only if closed.
func ring(g *Group, n int, closed bool) (all []*mutex, start func()) {
	ms := newMutexes(n)
	var first sync.WaitGroup
	first.Add(n)
	for i := range n {
		g.Go(fmt.Sprint("t", i), func(th *Thread) {
			th.Op("step 1")
			if ms[i].lock(th) != nil {
				return
			}
			defer ms[i].unlock(th)
			first.Done()
			first.Wait()
			if next := (i + 1) % n; next != 0 || closed {
				th.Op("step 2")
				if ms[next].lock(th) == nil {
					ms[next].unlock(th)
				}
				return
			}
			for th.Err() == nil {
				th.Spin(LocLocal)
			}
		})
	}
	return ms, first.Wait
}

func TestDeadlockRing(t *testing.T) {
	noLeak(t)
	for n := 1; n <= 4; n++ {
		g := NewGroup()
		ms, started := ring(g, n, true)
		started()
		var d *Deadlock
		eventually(t, "deadlock is found", func() bool { d = g.Deadlock(); return d != nil && len(d.Blocked) == n })
		for i, b := range d.Blocked {
			next := (i + 1) % n
			want := fmt.Sprintf("t%d (step 2) holds exclusive of mutex %d wants exclusive of mutex %d, waits for t%d", i, i+1, next+1, next)
			if b.String() != want {
				t.Errorf("got  %s\nwant %s", b, want)
			}
		}
		if lines := strings.Count(d.String(), "\n"); lines != n {
			t.Errorf("report has %d lines:\n%s", lines, d)
		}
		g.Cancel(d)
		var got *Deadlock
		if err := g.Wait(); !errors.As(err, &got) || got != d || g.Deadlock() != d {
			t.Errorf("Wait: %v", err)
		}
		for _, m := range ms {
			if !m.wait.Empty() || m.held.Load() {
				t.Error("a mutex is still in use")
			}
		}
	}
}

// One thread of the chain runs: everybody else asleep is no deadlock.
func TestNoDeadlockWhileHolderRuns(t *testing.T) {
	noLeak(t)
	g := NewGroup()
	_, started := ring(g, 4, false)
	started()
	for _, th := range g.Threads()[:3] {
		eventually(t, "sleep", th.isAsleep)
	}
	for range 1000 {
		if d := g.Deadlock(); d != nil {
			t.Fatal(d.String())
		}
	}
	g.Cancel(nil)
	g.Wait()
}

// Nobody's list says who holds the object: perhaps an IO that completes later.
func TestNoDeadlockWithUnknownHolder(t *testing.T) {
	noLeak(t)
	g := NewGroup()
	m := newMutexes(1)[0]
	m.held.Store(true)
	g.Go("waiter", func(th *Thread) { m.lock(th) })
	eventually(t, "sleep", g.Threads()[0].isAsleep)
	if d := g.Deadlock(); d != nil {
		t.Fatal(d.String())
	}
	g.Cancel(nil)
	g.Wait()
}

// A reader that reads again behind a queued writer waits for the writer, and
// the writer for it. A second reader that holds nothing waits for them too.
func TestDeadlockBehindHead(t *testing.T) {
	noLeak(t)
	for _, headConflicts := range []bool{true, false} {
		g := NewGroup()
		var l WaitList
		o := &Object{Name: "rwsem", ID: 1}
		wait := func(th *Thread, want Mode) {
			l.Lock(th)
			l.Push(th, want, 0)
			l.Unlock(th)
			if err := l.Sleep(th, o, want); err == nil {
				t.Error("woken")
			}
			l.Lock(th)
			l.Remove(th)
			l.Unlock(th)
		}
		queue := func(name string, want Mode, holds bool) {
			n := len(g.Threads())
			g.Go(name, func(th *Thread) {
				if holds {
					th.Hold(o, Shared)
				}
				wait(th, want)
			})
			eventually(t, "sleep", g.Threads()[n].isAsleep)
		}
		if headConflicts {
			queue("writer", Exclusive, false)
		} else {
			queue("reader 0", Shared, false)
		}
		queue("reader 1", Shared, true)
		queue("reader 2", Shared, false)
		d := g.Deadlock()
		if headConflicts != (d != nil) || d != nil && len(d.Blocked) != 3 {
			t.Errorf("head conflicts: %v\n%v", headConflicts, d)
		}
		g.Cancel(nil)
		g.Wait()
		if !l.Empty() {
			t.Error("list is not empty")
		}
	}
}

// A writer at the head of a list does not wait for itself.
func TestNoDeadlockAtHead(t *testing.T) {
	noLeak(t)
	g := NewGroup()
	var l WaitList
	g.Go("writer", func(th *Thread) {
		l.Lock(th)
		l.Push(th, Exclusive, 0)
		l.Unlock(th)
		l.Sleep(th, &Object{}, Exclusive)
	})
	eventually(t, "sleep", g.Threads()[0].isAsleep)
	if d := g.Deadlock(); d != nil {
		t.Error(d.String())
	}
	g.Cancel(nil)
	g.Wait()
}

// What a sample says of threads that have been awake since counts for nothing.
func TestStaleSample(t *testing.T) {
	noLeak(t)
	g := NewGroup()
	_, started := ring(g, 3, true)
	started()
	for _, th := range g.Threads() {
		eventually(t, "sleep", th.isAsleep)
	}
	old, fresh := g.sleepers(), g.sleepers()
	old.waits()
	fresh.waits()
	if fresh.confirm() == nil {
		t.Error("a deadlock is not seen")
	}
	g.Cancel(nil)
	g.Wait()
	if d := old.confirm(); d != nil {
		t.Errorf("a deadlock that is over is seen: %v", d)
	}
}

// Threads that take mutexes in order never deadlock, whatever the watcher
// sees of them.
func TestNoFalseAlarm(t *testing.T) {
	noLeak(t)
	g := NewGroup()
	ms := newMutexes(5)
	for i := range 6 {
		g.Go(fmt.Sprint(i), func(th *Thread) {
			rng := random(uint64(i))
			for range 2000 {
				var got []*mutex
				for _, m := range ms {
					if rng.IntN(2) == 0 && m.lock(th) == nil {
						got = append(got, m)
					}
				}
				for _, m := range got {
					m.unlock(th)
				}
			}
		})
	}
	var done atomic.Bool
	var looks int
	var watcher sync.WaitGroup
	watcher.Go(func() {
		for ; !done.Load(); looks++ {
			if d := g.Deadlock(); d != nil {
				t.Errorf("false alarm after %d looks: %s", looks, d.String())
				g.Cancel(d)
				return
			}
		}
	})
	g.Wait()
	done.Store(true)
	watcher.Wait()
	if looks < 10 {
		t.Errorf("looked %d times only", looks)
	}
}

// Threads that take two mutexes in random order do deadlock, and every one is
// found and can be cancelled.
func TestEveryDeadlockIsFound(t *testing.T) {
	noLeak(t)
	found := 0
	for seed := range uint64(30) {
		g := NewGroup()
		ms := newMutexes(3)
		for i := range 4 {
			g.Go(fmt.Sprint(i), func(th *Thread) {
				rng := random(seed*10 + uint64(i))
				for range 3000 {
					a := rng.IntN(3)
					b := (a + 1 + rng.IntN(2)) % 3
					if ms[a].lock(th) != nil {
						return
					}
					runtime.Gosched() // or one processor alone would see none
					err := ms[b].lock(th)
					if err == nil {
						ms[b].unlock(th)
					}
					ms[a].unlock(th)
					if err != nil {
						return
					}
				}
			})
		}
		var ended atomic.Bool
		go func() { g.Wait(); ended.Store(true) }()
		eventually(t, "end or deadlock", func() bool {
			if d := g.Deadlock(); d != nil {
				found++
				g.Cancel(d)
				return true
			}
			return ended.Load()
		})
		g.Wait()
	}
	if found == 0 {
		t.Error("no deadlock in 30 rounds: the test tests nothing")
	}
}
