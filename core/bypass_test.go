package core

import (
	"sync/atomic"
	"testing"

	"cohbench/core/sched"
)

// While one waits for a side, three acquisitions of the other are three
// bypasses; those before and after are none.
func TestBypassesAreCounted(t *testing.T) {
	const want = 3
	two := new(TwoStateLock)
	for _, tt := range []struct {
		name    string
		mode    sched.Mode
		hold    func(t *sched.Thread) error
		release func(t *sched.Thread)
		// again is one acquisition of the held side, past the waiter.
		again func(t *sched.Thread)
		wait  func(t *sched.Thread) error
		leave func(t *sched.Thread)
	}{
		{"blocker of a TwoStateLock", sched.Block,
			two.Add, two.Unadd, func(t *sched.Thread) { two.Add(t); two.Unadd(t) }, two.Block, two.Unblock},
		{"adder of a TwoStateLock", sched.Add,
			two.Block, two.Unblock, func(t *sched.Thread) { two.TryBlock(t); two.Unblock(t) }, two.Add, two.Unadd},
	} {
		g := sched.NewGroup()
		holder, other, waiter := g.Thread("holder"), g.Thread("other"), g.Thread("waiter")
		tt.hold(holder)
		tt.again(other)
		done := make(chan error)
		go func() { done <- tt.wait(waiter) }()
		waitFor(t, func() bool { return atomic.LoadInt64(&two.v)&waiting != 0 })
		for range want {
			tt.again(other)
		}
		tt.release(holder)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		tt.leave(waiter)
		if w := waiter.Waits[tt.mode]; w.Bypasses != want || w.MaxBypasses != want {
			t.Errorf("%s: %d bypasses, %d at most, want %d", tt.name, w.Bypasses, w.MaxBypasses, want)
		}
		for _, who := range []*sched.Thread{holder, other} {
			if w := who.Waits[sched.Add]; w.Bypasses != 0 {
				t.Errorf("%s: %s, who did not wait, was bypassed", tt.name, who.Name)
			}
		}
	}
}
