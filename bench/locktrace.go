package bench

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"time"

	"cohbench/bench/result"
	"cohbench/core"
	"cohbench/core/coherence"
)

// How long a case is watched, and how much of it is kept: enough to see several
// waits of the kernel's rwsem, which hands over after 4 ms.
const (
	traceDuration = 150 * time.Millisecond
	traceSkip     = 40 * time.Millisecond // the warm-up and the first faults
	traceEvents   = 12_000
)

// TraceLocks runs each case of the plan whose engine has a pagecache lock once
// more, briefly and in no record, and hands keep what its tasks did with the
// lock. Cases that Resume was told of are left out. A case that the end of ctx cuts short ends it without an error.
func (r *Runner) TraceLocks(ctx context.Context, keep func(*result.Trace) error) error {
	for i, g := range r.groups {
		for _, c := range r.Plan.contenders() {
			m, ok := c.engine.(*core.Model)
			if !ok || c.pair != 0 || m.Policy.Lock == nil {
				continue
			}
			s := slot{c, g, r.Plan.Reps, caseSeed(r.Plan.Seed, r.Plan.Reps, i)}
			if r.wasTraced(s) {
				continue
			}
			tr, err := r.traceLocks(ctx, s, m)
			if errors.Is(err, errInterrupted) {
				return nil
			}
			if err == nil { // also if there is nothing in it: it need not be watched again
				err = keep(tr)
			}
			if err != nil {
				return fmt.Errorf("trace the locks of %s on %s: %w", m.Name(), g.workload.Name, err)
			}
		}
	}
	return nil
}

// wasTraced reports whether there is a trace of s already.
func (r *Runner) wasTraced(s slot) bool {
	want := r.emptyTrace(s)
	return slices.ContainsFunc(r.traced, func(tr result.Trace) bool {
		tr.Schema, tr.Dropped, tr.Events = 0, 0, nil
		return reflect.DeepEqual(tr, want)
	})
}

// emptyTrace is what is known of a trace before anything is watched.
func (r *Runner) emptyTrace(s slot) result.Trace {
	id := r.identity(s)
	return result.Trace{Engine: id.Engine, Workload: id.Workload, Threads: id.Threads, MMU: id.MMU, Block: id.Block, Size: id.Size, Set: id.Set}
}

func (r *Runner) traceLocks(ctx context.Context, s slot, m *core.Model) (*result.Trace, error) {
	recorder := coherence.NewLockTrace(traceEvents)
	recorder.Skip = traceSkip
	traced := *m
	traced.Policy = recorder.Policy(m.Policy)
	s.engine = &traced
	if _, err := r.runCase(ctx, s, traceDuration); err != nil {
		return nil, err
	}
	tr := r.emptyTrace(s)
	events, dropped := recorder.Events()
	tr.Dropped = dropped
	for _, e := range events {
		lock := e.Lock.Name
		if e.Lock.Owner != nil {
			lock += " of " + e.Lock.Owner.String()
		}
		tr.Events = append(tr.Events, result.LockEvent{Ns: e.Ns, Task: e.Task, Lock: lock, Step: string(e.Step)})
	}
	return &tr, nil
}
