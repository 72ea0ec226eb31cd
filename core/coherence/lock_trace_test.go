package coherence_test

import (
	"slices"
	"testing"
	"time"

	"cohbench/core"
	"cohbench/core/coherence"
	"cohbench/core/locktest"
	"cohbench/core/sched"
)

// A traced lock is as good a lock as the one inside.
func TestTracedLocksConform(t *testing.T) {
	for _, p := range []*core.Policy{coherence.AddLock, coherence.InvalidateLock} {
		t.Run(p.Name, func(t *testing.T) {
			tr := coherence.NewLockTrace(100)
			two := p == coherence.AddLock
			s := locktest.Suite{New: tr.Policy(p).Lock, ManyBlock: two, AddsReenter: two, Schedules: 50, Rounds: 5}
			s.Run(t)
			if events, dropped := tr.Events(); len(events) != 100 || dropped == 0 {
				t.Errorf("%d events kept and %d dropped", len(events), dropped)
			}
		})
	}
}

// The steps of a wait come in their order, with the names of the tasks.
func TestLockTrace(t *testing.T) {
	tr := coherence.NewLockTrace(16)
	l := tr.Policy(coherence.AddLock).Lock()
	l.Object().Name = "the lock"
	g := sched.NewGroup()
	faulter, writer := g.Thread("faulter"), g.Thread("writer")
	done := make(chan error)
	if err := l.Add(faulter); err != nil {
		t.Fatal(err)
	}
	if l.TryBlock(writer) {
		t.Fatal("blocked beside an adder")
	}
	go func() { done <- l.Block(writer) }()
	for { // until it waits
		if events, _ := tr.Events(); len(events) == 2 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	l.Unadd(faulter)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	l.Unblock(writer)
	events, dropped := tr.Events()
	var got []string
	for i, e := range events {
		got = append(got, e.Task+" "+string(e.Step))
		if e.Lock.Name != "the lock" || i > 0 && e.Ns < events[i-1].Ns {
			t.Errorf("event %d: %+v", i, e)
		}
	}
	want := []string{"faulter add", "writer wait-block", "faulter unadd", "writer block", "writer unblock"}
	if !slices.Equal(got, want) || dropped != 0 {
		t.Errorf("%q, and %d dropped", got, dropped)
	}
}

func TestLockTraceSkips(t *testing.T) {
	tr := coherence.NewLockTrace(16)
	tr.Skip = time.Hour
	l := tr.Policy(coherence.AddLock).Lock()
	th := sched.NewGroup().Thread("t")
	if !l.TryAdd(th) {
		t.Fatal("a free lock")
	}
	l.Unadd(th)
	if events, dropped := tr.Events(); len(events) != 0 || dropped != 0 {
		t.Errorf("%d events within the first hour", len(events))
	}
	if p := tr.Policy(coherence.None); p.Lock != nil && coherence.None.Lock == nil {
		t.Error("a policy without a lock has got one")
	}
}
