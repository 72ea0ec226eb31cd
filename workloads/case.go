package workloads

import (
	"context"
	"sync"
	"time"

	"cohbench/core"
	"cohbench/core/perf"
)

// A Case is one engine under one workload. Its zero fields have defaults,
// except Engine, Backing and Workload; without Oracle nothing is checked.
type Case struct {
	Engine   core.Engine
	Backing  []core.Backing // at least Workload.Files, each at least Params.Size long
	Workload *Workload
	Params   Params // Params{}: the workload's defaults

	Duration time.Duration // measured time of all rounds together; 0: 1 s
	Warmup   time.Duration // an unmeasured round before; 0: a tenth of Duration, at most 100 ms
	Steady   *SteadyRule   // more unmeasured rounds, until it is kept; nil: none
	Seed     uint64
	Counters *perf.Counters // of the processor, read at the edges of the windows; nil: none

	// Lock, if set, is held over every operation: a control under which every
	// engine must be coherent.
	Lock *sync.RWMutex
	// Oracle turns on the stamps and all checks.
	Oracle bool

	// StarveAfter is how long a direct writer may be without a completion;
	// 0: the longer of 1 s and 100 times SoloP99.
	StarveAfter time.Duration
	SoloP99     time.Duration // of a direct write with nobody beside it
	// Timeout ends a case in which nothing moves although the wait-for graph
	// has no cycle; 0: 30 s.
	Timeout time.Duration

	// Procs is GOMAXPROCS during the case; 0: see DefaultProcs.
	Procs int
	// LockThreads gives every task an OS thread of its own.
	LockThreads bool
}

// Run runs the case. The error is for a case that cannot be run as asked, a
// file that is too short for instance; what happens in a case is its Outcome.
// When ctx ends, the case ends early: StatusInterrupted.
func (c *Case) Run(ctx context.Context) (*Outcome, error) {
	x, err := newExecution(c)
	if err != nil {
		return nil, err
	}
	return x.run(ctx), nil
}
