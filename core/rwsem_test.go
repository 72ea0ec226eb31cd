package core

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"cohbench/core/sched"
)

// script runs threads one after the other: each starts when those before it
// have ended or wait, so that the order of the queue is known.
type script struct {
	*testing.T
	s   RWSem
	g   *sched.Group
	log []string
}

// inOrder runs the thread with the lowest ID, and lets nobody be preempted
// but by a spin.
type inOrder struct{}

func (inOrder) Pick(runnable []*sched.Thread, current *sched.Thread, _ sched.Loc, kind sched.Kind) *sched.Thread {
	if current == nil {
		return runnable[0]
	}
	if kind == sched.KindSpin {
		i := slices.Index(runnable, current)
		return runnable[(i+1)%len(runnable)]
	}
	return current
}

func newScript(t *testing.T, nsPerStep int64) *script {
	return &script{T: t, g: sched.NewDeterm(sched.Config{Picker: inOrder{}, NsPerStep: nsPerStep})}
}

func (x *script) say(t *sched.Thread, what string) { x.log = append(x.log, t.Name+" "+what) }

// reader and writer add a thread that takes the semaphore, says so, and
// releases it when until has become true.
func (x *script) reader(name string, until func() bool) {
	x.g.Go(name, func(t *sched.Thread) {
		x.in(t, x.s.DownRead(t), until)
		x.s.UpRead(t)
	})
}

func (x *script) writer(name string, until func() bool) {
	x.g.Go(name, func(t *sched.Thread) {
		x.in(t, x.s.DownWrite(t), until)
		x.s.UpWrite(t)
	})
}

func (x *script) in(t *sched.Thread, err error, until func() bool) {
	if err != nil {
		x.Error(err)
	}
	x.say(t, "in")
	for until != nil && !until() && t.Spin(sched.LocAny) == nil {
	}
	x.say(t, "out")
}

func (x *script) queued(n int) func() bool {
	return func() bool {
		k := 0
		for t := x.s.wait.First(); t != nil; t = x.s.wait.Next(t) {
			k++
		}
		return k >= n
	}
}

func (x *script) run(want ...string) {
	x.Helper()
	if err := x.g.Wait(); err != nil {
		x.Error(err)
	}
	if !slices.Equal(x.log, want) {
		x.Errorf("got  %q\nwant %q", x.log, want)
	}
	if c := x.s.count.Load(); c != 0 || x.s.wait.First() != nil {
		x.Errorf("count is %#x at the end", c)
	}
}

// A queued writer keeps new readers out, although the lock is held by readers.
func TestRWSemQueuedWriterBlocksReaders(t *testing.T) {
	x := newScript(t, 1)
	x.reader("r0", x.queued(2))
	x.writer("w", nil)
	x.reader("r1", nil)
	x.run("r0 in", "r0 out", "w in", "w out", "r1 in", "r1 out")
}

// The last reader wakes the head alone, if it is a writer; a writer wakes all
// queued readers, those behind another writer too.
func TestRWSemWakesReadersPastWriter(t *testing.T) {
	x := newScript(t, 1)
	in := 0
	both := func() bool { in++; return in > 2 }
	x.writer("w0", x.queued(3))
	x.reader("r0", both)
	x.writer("w1", nil)
	x.reader("r1", both)
	x.run("w0 in", "w0 out", "r0 in", "r1 in", "r0 out", "r1 out", "w1 in", "w1 out")
	for i, want := range []int64{0, 0, 2, 0} { // both readers went ahead of w1, and of nobody else
		w := x.g.Threads()[i].Waits
		if got := w[sched.Shared].Bypasses + w[sched.Exclusive].Bypasses; got != want {
			t.Errorf("%s was bypassed %d times, want %d", x.g.Threads()[i].Name, got, want)
		}
	}
}

// At most 256 readers are woken at once; the rest when those have left.
func TestRWSemWakesSomeReaders(t *testing.T) {
	const atOnce, readers = 256, 256 + 10
	x := newScript(t, 1)
	x.writer("w", x.queued(readers))
	most := 0
	for i := range readers {
		x.g.Go(fmt.Sprint(i), func(t *sched.Thread) {
			if err := x.s.DownRead(t); err != nil {
				x.Error(err)
			}
			most = max(most, int(x.s.count.Load()>>rwsemReaderShift))
			x.s.UpRead(t)
		})
	}
	x.run("w in", "w out")
	if most != atOnce {
		t.Errorf("%d readers at once, want %d", most, atOnce)
	}
}

// A writer that has the lock made free for it may lose it to another one; but
// not once it has waited 4 ms and asked for the handoff.
func TestRWSemHandoff(t *testing.T) {
	for _, late := range []bool{false, true} {
		nsPerStep := int64(1)
		if late {
			nsPerStep = rwsemWaitTimeout
		}
		x := newScript(t, nsPerStep)
		released, stolen := false, true
		x.g.Go("holder", func(t *sched.Thread) {
			if err := x.s.DownWrite(t); err != nil {
				x.Error(err)
			}
			for !x.queued(1)() {
				t.Spin(sched.LocAny)
			}
			// Again and again: the waiter wakes, finds the lock stolen, and
			// asks for the handoff if it is late.
			for range 3 {
				x.s.UpWrite(t)
				stolen = x.s.TryDownWrite(t) || x.s.count.CompareAndSwap(rwsemWaiters, rwsemWaiters|rwsemWriter)
				if !stolen {
					break
				}
				t.Spin(sched.LocAny)
			}
			if x.s.count.Load()&rwsemHandoff != 0 && x.s.TryDownRead(t) {
				x.Error("a reader stole the lock in spite of the handoff")
			}
			if stolen {
				x.s.UpWrite(t)
			}
			released = true
		})
		x.writer("waiter", nil)
		x.run("waiter in", "waiter out")
		if !released || stolen == late {
			t.Errorf("late %v: stolen %v", late, stolen)
		}
	}
}

// A downgrade lets the readers at the head in, and keeps writers out.
func TestRWSemDowngrade(t *testing.T) {
	x := newScript(t, 1)
	x.g.Go("d", func(t *sched.Thread) {
		if err := x.s.DownWrite(t); err != nil {
			x.Error(err)
		}
		for !x.queued(2)() {
			t.Spin(sched.LocAny)
		}
		x.s.DowngradeWrite(t)
		x.say(t, "downgraded")
		for len(x.log) < 3 {
			t.Spin(sched.LocAny)
		}
		x.s.UpRead(t)
	})
	x.reader("r", nil)
	x.writer("w", nil)
	x.run("d downgraded", "r in", "r out", "w in", "w out")
}

// The first reader steals a lock that a woken writer has not taken yet, and
// brings queued readers in only if one is at the head.
func TestRWSemFirstReaderSteals(t *testing.T) {
	th := sched.NewGroup().Thread("r")
	for _, c := range []struct {
		count int64
		steal bool
	}{
		{rwsemWaiters, true},
		{rwsemWaiters | rwsemReader, false},
		{rwsemWaiters | rwsemHandoff, false},
		{rwsemWaiters | rwsemWriter, false},
	} {
		var s RWSem
		other := th.Group().Thread("w")
		s.wait.Push(other, sched.Exclusive, 0)
		s.count.Store(c.count)
		th.Group().Cancel(errors.New("do not wait"))
		err := s.DownRead(th)
		if got := err == nil; got != c.steal {
			t.Errorf("count %#x: stolen %v, want %v", c.count, got, c.steal)
		}
		want := c.count
		if c.steal {
			want += rwsemReader
		}
		if got := s.count.Load(); got != want {
			t.Errorf("count %#x: is %#x afterwards, want %#x", c.count, got, want)
		}
	}
}

// Whoever comes to a lock that has just been released, before its releaser
// has come to wake a reader at the head of the queue, lets that reader in.
func TestRWSemComerLetsReaderIn(t *testing.T) {
	for name, come := range map[string]func(s *RWSem, t *sched.Thread) error{
		"reader": (*RWSem).DownRead,
		"writer": (*RWSem).DownWrite,
	} {
		var s RWSem
		g := sched.NewGroup()
		queued, comer := g.Thread("queued"), g.Thread("comer")
		s.wait.Push(queued, sched.Shared, 0)
		s.count.Store(rwsemWaiters)
		g.Cancel(errors.New("do not wait"))
		want := int64(rwsemReader)
		if come(&s, comer) == nil {
			want += rwsemReader
		}
		if got := s.count.Load(); got != want || s.wait.Contains(queued) {
			t.Errorf("%s: count is %#x, want %#x", name, got, want)
		}
	}
}

// A writer that comes to a free lock leaves it to the head of the queue, if
// that one asked for the handoff.
func TestRWSemComerHonorsHandoff(t *testing.T) {
	for _, asked := range []bool{true, false} {
		var s RWSem
		g := sched.NewGroup()
		head, comer := g.Thread("head"), g.Thread("comer")
		s.wait.Push(head, sched.Exclusive, 0)
		if asked {
			s.wait.Favor(head)
		}
		s.count.Store(rwsemWaiters | rwsemHandoff)
		g.Cancel(errors.New("do not wait"))
		if err := s.DownWrite(comer); (err == nil) == asked {
			t.Errorf("asked %v: %v", asked, err)
		}
	}
}

// A reader at the head that finds the lock stolen by a writer asks for the
// handoff, if it has waited long enough.
func TestRWSemReaderAsksForHandoff(t *testing.T) {
	for _, late := range []bool{true, false} {
		var s RWSem
		var w sched.WakeList
		g := sched.NewGroup()
		head, waker := g.Thread("head"), g.Thread("waker")
		deadline := waker.Now() - 1
		if !late {
			deadline += 1e12
		}
		s.wait.Push(head, sched.Shared, deadline)
		s.count.Store(rwsemWaiters | rwsemWriter)
		s.mark(waker, wakeAny, &w)
		want := int64(rwsemWaiters | rwsemWriter)
		if late {
			want |= rwsemHandoff
		}
		if got := s.count.Load(); got != want || s.wait.Favored(head) != late || !s.wait.Contains(head) {
			t.Errorf("late %v: count %#x, want %#x", late, got, want)
		}
	}
}

// A cancelled writer at the head lets the readers behind it in.
func TestRWSemCancelledHeadLetsReadersIn(t *testing.T) {
	g, gone := sched.NewGroup(), sched.NewGroup()
	var s RWSem
	holder := g.Thread("holder")
	if err := s.DownRead(holder); err != nil {
		t.Fatal(err)
	}
	gone.Go("writer", func(t *sched.Thread) { s.DownWrite(t) })
	waitFor(t, func() bool { return s.count.Load()&rwsemWaiters != 0 })
	got := make(chan error)
	g.Go("reader", func(t *sched.Thread) { got <- s.DownRead(t); s.UpRead(t) })
	waitFor(t, func() bool {
		s.wait.Lock(holder)
		defer s.wait.Unlock(holder)
		return s.wait.First() != nil && s.wait.Next(s.wait.First()) != nil
	})
	gone.Cancel(nil)
	if err := <-got; err != nil {
		t.Error(err)
	}
	g.Wait()
	gone.Wait()
	s.UpRead(holder)
	if c := s.count.Load(); c != 0 {
		t.Errorf("count is %#x", c)
	}
}

// waitFor waits for a condition that other goroutines are about to make true.
func waitFor(t *testing.T, ok func() bool) {
	t.Helper()
	th := sched.NewGroup().Thread("waits")
	for from := th.Now(); !ok(); th.Spin(sched.LocAny) {
		if th.Now()-from > 10e9 {
			t.Fatal("never happened")
		}
	}
}
