package locktest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync/atomic"

	"cohbench/core"
	"cohbench/core/sched"
)

var errExclusion = errors.New("an adder and a blocker hold the lock at once")

// section is what the lock guards.
type section struct {
	s        *Suite
	l        core.PagecacheLock
	adders   atomic.Int64
	blockers atomic.Int64
	broken   atomic.Pointer[string]
	ops      atomic.Int64 // progress

	// seen is written by adders, each its own word, and read by blockers: only
	// the lock orders the two. Empty if the race detector must not see that.
	seen []int
}

func (s *Suite) section(threads int) *section {
	x := &section{s: s, l: s.New()}
	if !s.atomics {
		x.seen = make([]int, threads)
	}
	return x
}

func (x *section) fail(text string) { x.broken.CompareAndSwap(nil, &text) }

func (x *section) err() error {
	if p := x.broken.Load(); p != nil {
		return errors.New(*p)
	}
	return nil
}

// op takes the lock in a random way, looks around and releases it. It
// reports false if the wait was cancelled.
func (x *section) op(t *sched.Thread, rng *rand.Rand) bool {
	add, try := rng.IntN(2) == 0, rng.IntN(4) == 0
	got, err := x.take(t, add, try)
	if err != nil {
		return false
	}
	if got && add {
		x.added(t)
		x.l.Unadd(t)
	} else if got {
		x.blocked(t)
		x.l.Unblock(t)
	}
	x.ops.Add(1)
	return true
}

func (x *section) take(t *sched.Thread, add, try bool) (bool, error) {
	switch {
	case add && try:
		return x.l.TryAdd(t), nil
	case add:
		err := x.l.Add(t)
		return err == nil, err
	case try:
		return x.l.TryBlock(t), nil
	}
	err := x.l.Block(t)
	return err == nil, err
}

// linger stays in the section for a while.
func linger(t *sched.Thread) {
	t.Yield(sched.LocAny, sched.KindRead)
	if !t.Deterministic() {
		runtime.Gosched()
	}
}

func (x *section) added(t *sched.Thread) {
	x.adders.Add(1)
	if len(x.seen) > 0 {
		x.seen[t.ID]++
	}
	linger(t)
	if n := x.blockers.Load(); n != 0 {
		x.fail(fmt.Sprintf("%v: %d blockers beside an adder", errExclusion, n))
	}
	x.adders.Add(-1)
}

func (x *section) blocked(t *sched.Thread) {
	n := x.blockers.Add(1)
	sum := 0
	for _, k := range x.seen {
		sum += k
	}
	linger(t)
	again := 0
	for _, k := range x.seen {
		again += k
	}
	switch {
	case x.adders.Load() != 0 || sum != again:
		x.fail(fmt.Sprintf("%v: %d adders beside a blocker", errExclusion, x.adders.Load()))
	case n > 1 && !x.s.ManyBlock:
		x.fail("two blockers hold the lock at once")
	}
	x.blockers.Add(-1)
}
