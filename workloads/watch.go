package workloads

import (
	"context"
	"errors"
	"fmt"
	"time"
)

const (
	// watchEvery is how often the wait-for graph and the writers are looked at.
	watchEvery = 20 * time.Millisecond
	// cancelGrace is how long cancelled tasks may take to come back.
	cancelGrace = 10 * time.Second
)

// errHang is that nothing moves although the wait-for graph has no cycle: a
// lost wake-up, or tasks which retry for ever.
var errHang = errors.New("nothing moves, and the wait-for graph has no cycle")

// do runs one step of the harness beside the watcher.
func (x *execution) do(ctx context.Context, step func() error) error {
	done := make(chan struct{}, 1)
	var stepErr error
	go func() {
		stepErr = step()
		done <- struct{}{}
	}()
	if err := x.await(ctx, done, 1); err != nil {
		return err
	}
	return stepErr
}

// await waits for n tokens of done. When the wait-for graph shows a deadlock,
// the timeout passes without a token or a step of the harness, or ctx ends, the
// group is cancelled; the tokens are then waited for in any case.
func (x *execution) await(ctx context.Context, done <-chan struct{}, n int) error {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	limit := time.NewTimer(x.timeout())
	defer limit.Stop()
	var cause error
	moved := x.moved.Load()
	for n > 0 && cause == nil {
		select {
		case <-done:
			n--
			limit.Reset(x.timeout())
		case <-tick.C:
			cause = x.deadlock()
		case <-limit.C:
			if m := x.moved.Load(); m != moved {
				moved = m
				limit.Reset(x.timeout())
				continue
			}
			cause = fmt.Errorf("after %v: %w", x.timeout(), errHang)
		case <-ctx.Done():
			cause = ctx.Err()
		}
	}
	if cause == nil {
		return nil
	}
	return x.cancel(cause, done, n)
}

// deadlock is the deadlock of the case, as an error.
func (x *execution) deadlock() error {
	if d := x.g.Deadlock(); d != nil {
		return d
	}
	return nil
}

// cancel cancels all waits and takes the n tokens that are still to come.
func (x *execution) cancel(cause error, done <-chan struct{}, n int) error {
	x.shared.stop.Store(true)
	x.g.Cancel(cause)
	limit := time.After(cancelGrace)
	for ; n > 0; n-- {
		select {
		case <-done:
		case <-limit:
			x.stalled = fmt.Errorf("%d goroutines did not come back within %v of the cancellation", n, cancelGrace)
			return errors.Join(cause, x.stalled)
		}
	}
	return cause
}

// hold lets the round run for its length, and longer while it is undecided
// whether a direct writer starves.
func (x *execution) hold(ctx context.Context, length time.Duration) error {
	tick := time.NewTimer(0)
	<-tick.C
	begin := time.Now()
	last := begin
	for {
		left := length - time.Since(begin)
		if left <= 0 {
			if !x.starving() {
				return nil
			}
			left = watchEvery
		}
		tick.Reset(min(left, watchEvery))
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		looked := time.Now()
		x.lookAtWriters(looked.Sub(last))
		last = looked
		if err := x.deadlock(); err != nil {
			return err
		}
	}
}

// lookAtWriters adds the time d since the last look to the writers whose write
// is still the same as then. A look that came late counts as one that came in
// time: where the watcher did not get to run, the writers may not have either,
// and a machine that is short of processors starves nobody in particular.
func (x *execution) lookAtWriters(d time.Duration) {
	d = min(d, watchEvery)
	for _, c := range x.tasks {
		writes := c.writes.Load()
		if writes != c.seen || writes%2 == 0 {
			c.seen, c.idle = writes, 0
			continue
		}
		c.idle += d
		c.longest = max(c.longest, c.idle)
	}
}

// starving says that some writer may be starving but has not yet been without
// a completion for long enough.
func (x *execution) starving() bool {
	limit := x.starveAfter()
	for _, c := range x.tasks {
		if c.idle > limit/8 && c.longest < limit {
			return true
		}
	}
	return false
}

// starved is the writers that were without a completion for too long.
func (x *execution) starved() []Starvation {
	var s []Starvation
	for _, c := range x.tasks {
		if c.longest >= x.starveAfter() {
			s = append(s, Starvation{c.name, c.longest})
		}
	}
	return s
}
