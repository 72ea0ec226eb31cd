package workloads

import (
	"context"
	"errors"
	"fmt"

	"cohbench/core/sched"
	"cohbench/workloads/oracle"
)

// close closes the files, unless somebody is still stuck in them.
func (x *execution) close() error {
	if x.stalled != nil {
		return nil
	}
	canceled := x.g.Err() != nil
	err := x.do(context.Background(), x.closeFiles)
	if canceled {
		return nil // it failed because everything does after a cancel
	}
	return err
}

// restCounts is what the oracle has found up to some round.
type restCounts struct{ lost, stale, staleReads, exposures int64 }

// countRound notes whether the round that has just been checked lost
// something, read something stale, or was told of an error by a Sync.
func (x *execution) countRound() {
	c := x.counts()
	now := restCounts{
		lost:  c.Lost + c.Incoherent,
		stale: c.Stale + c.Inverted + c.Flipped + c.Torn + c.Nowhere,

		staleReads: c.StaleEvents,
		exposures:  x.exposures(),
	}
	lost := now.lost > x.atRest.lost
	if lost {
		x.out.LossRounds++
	}
	if x.shared.syncFailed.Load() {
		x.out.EIORounds++
		if !lost {
			x.out.QuietEIO++
		}
	}
	if now.stale > x.atRest.stale {
		x.out.StaleRounds++
	}
	x.out.PerRound = append(x.out.PerRound, Round{
		Exposures: now.exposures - x.atRest.exposures, StaleReads: now.staleReads - x.atRest.staleReads, Lost: lost,
	})
	x.atRest = now
}

// exposures is those of all tasks so far. Only between rounds.
func (x *execution) exposures() (n int64) {
	for _, c := range x.tasks {
		n += c.Task.Stats.Exposures
	}
	return n
}

// counts is all that all readers counted so far. Only between rounds.
func (x *execution) counts() oracle.Counts {
	var sum oracle.Counts
	for _, r := range x.readers() {
		sum.Merge(&r.Counts)
	}
	return sum
}

// readers is all readers there are: none without an oracle, fewer if the files
// could not be opened.
func (x *execution) readers() []*oracle.Reader {
	var rs []*oracle.Reader
	for _, f := range x.files {
		if f.r != nil {
			rs = append(rs, f.r)
		}
	}
	for _, c := range x.tasks {
		for _, t := range c.files {
			if t.r != nil {
				rs = append(rs, t.r)
			}
		}
		rs = append(rs, c.pipeline.readers()...)
	}
	return rs
}

// maxViolations is how many findings an outcome keeps.
const maxViolations = 16

func (x *execution) collectOracle() {
	for _, r := range x.readers() {
		room := maxViolations - len(x.out.Violations)
		x.out.Violations = append(x.out.Violations, r.Violations[:min(room, len(r.Violations))]...)
	}
	x.out.Oracle = x.counts()
}

// collect adds up what tasks and readers counted.
func (x *execution) collect() {
	if x.stalled != nil {
		return // some tasks may still be counting
	}
	o := x.out
	for _, c := range x.tasks {
		o.Stats.Merge(&c.Task.Stats)
		o.Wake.Merge(&c.Task.Wake)
		for m := range c.Task.Waits {
			o.Waits[m].Merge(&c.Task.Waits[m])
		}
		for op := range c.stats {
			x.collectOp(c, Op(op))
		}
		x.collectBlockTime(c)
	}
	x.collectFairness()
	x.collectOracle()
	o.Stats.Fallbacks += x.fell.n
	if x.fell.unknown != nil {
		o.Uncounted = x.fell.unknown.Error()
	}
	o.CPU, o.System = x.used.cpu, x.used.system
	o.Perf = x.used.perf
	o.CtxSwitches, o.Voluntary = x.used.switches, x.used.voluntary
	o.MinorFaults, o.MajorFaults, o.GCs = x.used.minor, x.used.major, x.used.gcs
	o.Starved = x.starved()
}

func (x *execution) collectOp(t *Context, op Op) {
	s := &t.stats[op]
	open := t.loop != nil && t.loop.op == op
	if !s.used() && !open {
		return
	}
	c := x.out.Classes[op.String()]
	if c == nil {
		c = newClass()
		x.out.Classes[op.String()] = c
	}
	s.mergeInto(c)
	if open {
		t.loop.mergeInto(c, s)
	}
}

func (x *execution) collectBlockTime(t *Context) {
	if t.blocked == nil {
		return
	}
	if x.out.BlockTime == nil {
		x.out.BlockTime = newHist()
	}
	merge(x.out.BlockTime, t.blocked)
}

// collectFairness sets Jain's index of each class. All tasks of a role count
// of which one does such operations: who came through never is no less in the
// competition than the others.
func (x *execution) collectFairness() {
	for op := range numOps {
		class := x.out.Classes[op.String()]
		if class == nil {
			continue
		}
		does := map[int]bool{}
		for _, c := range x.tasks {
			does[c.role] = does[c.role] || c.stats[op].used()
		}
		var ops []int64
		for _, c := range x.tasks {
			if does[c.role] {
				ops = append(ops, c.stats[op].ops)
			}
		}
		class.Jain = jain(ops)
	}
}

// jain is Jain's fairness index: the square of the sum over n times the sum of
// the squares. Nobody having anything is as fair as can be.
func jain(shares []int64) float64 {
	var sum, squares float64
	for _, s := range shares {
		sum += float64(s)
		squares += float64(s) * float64(s)
	}
	if squares == 0 {
		return 1
	}
	return sum * sum / (float64(len(shares)) * squares)
}

// conclude sets the status. Nothing that went wrong hides a deadlock.
func (x *execution) conclude(err error) {
	o := x.out
	var dead *sched.Deadlock
	switch {
	case errors.As(err, &dead):
		o.Status, o.Deadlock = StatusDeadlock, dead
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		o.Status = StatusInterrupted
	case errors.Is(err, errors.ErrUnsupported):
		o.Status = StatusUnsupported
	case err != nil:
		o.Status = StatusError
	case len(o.Starved) > 0:
		o.Status = StatusStarved
		o.Detail = starvedText(o.Starved)
		if x.c.Engine.MMU() == kernelMMU {
			o.Detail += "; whether for a lock, the device or a processor, the kernel does not say"
		}
	default:
		o.Status = StatusOK
	}
	if err != nil {
		o.Detail = err.Error()
	}
}

// kernelMMU is the MMU of engines whose locks are the kernel's own, where no
// wait-for graph tells what a task waits for.
const kernelMMU = "kernel"

func starvedText(s []Starvation) string {
	longest := s[0]
	for _, o := range s[1:] {
		if o.For > longest.For {
			longest = o
		}
	}
	return fmt.Sprintf("%d direct writers starved; the longest wait: %s, %v", len(s), longest.Task, longest.For.Round(1e6))
}
